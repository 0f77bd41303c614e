import Settings

/// `admin.rollback` of the file.
struct AdminRollbackSettings: SettingsGroup {
    /// The longest that an alert may come after a reload and still be held against it.
    static let longestWindow = Duration.seconds(7 * 86_400)

    var enabled = false
    var window = Duration.seconds(1800)
    var labels: [String: String] = [:]

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("enabled", \.enabled, .bool, "Whether POST /-/rollback is served."),
            SettingsField(
                "window", \.window, .duration(in: .seconds(1)...longestWindow),
                "How long after a reload a firing alert takes it back; a request without a body is not bound by it."),
            SettingsField(
                "labels", \.labels, .dictionary(of: .string, count: 0...50),
                "Labels that an alert must have, each with that value, such as apus_rollback: \"true\"; empty: any alert."
            ),
        ]
    }
}
