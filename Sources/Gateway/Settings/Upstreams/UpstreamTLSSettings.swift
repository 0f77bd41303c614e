package import Settings

/// TLS with the servers of a group.
package struct UpstreamTLSSettings: SettingsGroup {
    package var verify = true
    package var serverName: String?
    package var authorities: [String] = []
    package var certificate: String?
    package var key: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "verify", \.verify, .bool, "Whether the server's certificate and name are verified."),
            SettingsField(
                "serverName", \.serverName, .nonEmptyString,
                "The name for SNI and verification; left out: the host's name in hosts."),
            SettingsField(
                "authorities", \.authorities, .oneOrMany(of: .path, count: 0...100),
                "PEM files with the authorities that are trusted; left out: those of the system."),
            SettingsField(
                "certificate", \.certificate, .path, "A PEM file with the gateway's own certificate and its chain."),
            SettingsField("key", \.key, .path, "A PEM file with its key."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if certificate != nil, key == nil { complaints.error(at: \Self.certificate, "needs key") }
        if key != nil, certificate == nil { complaints.error(at: \Self.key, "needs certificate") }
        guard !verify else { return }
        complaints.warning(at: \Self.verify, "false lets anybody be the server")
        if !authorities.isEmpty { complaints.warning(at: \Self.authorities, "means nothing with verify: false") }
    }
}
