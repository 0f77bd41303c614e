import Settings

/// The `admin` section of the file.
struct AdminSettings: SettingsGroup {
    var enabled = true
    var listen = NetworkAddress.tcp(host: "127.0.0.1", port: 9900)
    var reload = false
    var rollback = AdminRollbackSettings()
    var profiling = true
    var hosts: [String] = []

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("enabled", \.enabled, .bool, "Whether the admin endpoint is served at all."),
            SettingsField(
                "listen", \.listen, .socketAddress,
                "Where the console, metrics and health are served: 127.0.0.1:9900, [::1]:9900, or unix:/run/apus/admin.sock."
            ),
            SettingsField(
                "reload", \.reload, .bool,
                "Whether POST /-/reload and the console's button may reload the configuration."),
            SettingsField(
                "rollback", \.rollback, .group(),
                "Whether POST /-/rollback may put back the settings before the last reload: a person, or Alertmanager."),
            SettingsField("profiling", \.profiling, .bool, "Whether /debug/pprof/ is served."),
            SettingsField(
                "hosts", \.hosts, .list(of: .nonEmptyString),
                "Names under which browsers may ask, beside IP addresses, localhost and this host's own name."),
        ]
    }

    func check(_ complaints: inout SettingsChecker) {
        guard enabled, !listen.isLocal else { return }
        if reload {
            complaints.warning(
                at: \Self.reload, "whoever reaches the listening address can reload: prefer 127.0.0.1 or a Unix socket")
        }
        if rollback.enabled {
            complaints.warning(
                at: \Self.rollback.enabled,
                "whoever reaches the listening address can roll back: prefer 127.0.0.1 or a Unix socket")
        }
        if profiling {
            complaints.warning(
                at: \Self.profiling,
                "whoever reaches the listening address can profile: prefer 127.0.0.1 or a Unix socket")
        }
    }
}

extension NetworkAddress {
    var isUnix: Bool {
        if case .unix = self { true } else { false }
    }
}
