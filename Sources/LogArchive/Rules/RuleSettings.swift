package import ObjectStore
package import Settings

/// One rule, one file of the rule folder:
///
///     paths: ["/var/log/nginx/*.log"]
///     rotate: { keep: 14, size: "100M" }
///     compress: { algorithm: zstd, level: 15 }
///     encrypt: { method: aes-256-gcm, key_id: "kms://prod/log-enc" }
///     upload: { target: "s3://my-bucket/logs/", region: "cn-hangzhou" }
package struct RuleSettings: SettingsGroup {
    package var paths: [String] = []
    package var exclude: [String] = []
    package var tags: [String: String] = [:]
    package var missingOK = true
    package var rotate = RotateSettings()
    package var hooks = HookSettings()
    package var compress: CompressSettings?
    package var encrypt: EncryptSettings?
    package var upload: StoreSettings?
    package var backlog = BacklogSettings()

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "paths", \.paths, .oneOrMany(of: .path, count: 1...1000), "The logs, as absolute paths or globs.",
                required: true),
            SettingsField(
                "exclude", \.exclude, .oneOrMany(of: .path, count: 0...1000), "Globs of logs that are left alone."),
            SettingsField(
                "tags", \.tags, .dictionary(of: .nonEmptyString, count: 0...20),
                "Names and values that the archive keeps with each generation."),
            SettingsField("missingOK", \.missingOK, .bool, "Whether it is right that no file matches a path."),
            SettingsField("rotate", \.rotate, .group(), "When a log is rotated, how, and how much of it is kept here."),
            SettingsField("hooks", \.hooks, .group(), "Commands around a rotation."),
            SettingsField("compress", \.compress, .group(), "How generations are compressed; left out: not."),
            SettingsField("encrypt", \.encrypt, .group(), "How generations are encrypted; left out: not."),
            SettingsField(
                "upload", \.upload, .group(), "Where generations are stored; left out: beside the log."),
            SettingsField(
                "backlog", \.backlog, .group(), "Bounds of what waits on this host for its upload, and what then."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        for (index, path) in paths.enumerated() where !path.hasPrefix("/") {
            complaints.error(at: "paths[\(index)]", "must be an absolute path: a rule has no working folder")
        }
        for (index, path) in exclude.enumerated() where !path.hasPrefix("/") && !path.hasPrefix("*") {
            complaints.error(at: "exclude[\(index)]", "must be an absolute path, or begin with *")
        }
        if rotate.delayCompress, compress == nil || compress?.algorithm == CompressSettings.Algorithm.none {
            complaints.warning(at: "rotate.delayCompress", "means nothing without compress")
        }
    }
}
