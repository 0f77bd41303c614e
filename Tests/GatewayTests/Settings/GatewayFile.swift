import Gateway
import Settings

/// Reads text as `apus run` reads a file with the section `gateway`.
enum GatewayFile {
    static let schema = SettingsSchema(
        [SettingsSection("gateway", "The gateway.", GatewaySettings.self)] + Resilience4jSettings.sections)

    static func read(_ text: String) -> SettingsResult {
        schema.read(
            Array(text.utf8), file: "f", references: FixedReferences(environment: ["BACKEND": "127.0.0.1:9002"]))
    }

    static func settings(_ text: String) throws -> GatewaySettings {
        try read(text).get().group(GatewaySettings.self) ?? GatewaySettings()
    }

    /// A file with this route alone, its lines indented by `route:`.
    static func route(_ text: String, upstreams: String = "{ app: { hosts: [\"127.0.0.1:9001\"] } }") -> String {
        """
        gateway:
          listen: 127.0.0.1:8080
          upstreams: \(upstreams)
          routes:
            - \(text)

        """
    }
}
