package import Base
package import ObjectStore
package import Settings

/// What the `logsync` component is configured by:
///
///     logsync:
///       rules: /etc/logsyncd/rules
///       state: /var/lib/apus/logs
package struct LogSyncSettings: SettingsGroup {
    package var rules = "/etc/logsyncd/rules"
    package var state = "/var/lib/apus/logs"
    package var interval = Duration.seconds(10)
    package var upload: StoreSettings?
    package var limits = LogLimitSettings()

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("rules", \.rules, .path, "The folder of rule files; it is looked at on each interval."),
            SettingsField("state", \.state, .path, "The folder of the journal; one process has it at a time."),
            SettingsField(
                "interval", \.interval, .duration(in: .seconds(1) ... .seconds(3600)),
                "Time between two looks at the logs, which is how far a log can grow beyond its size."),
            SettingsField(
                "upload", \.upload, .group(),
                "Where generations of rules without an upload of their own are stored; left out: beside their logs."),
            SettingsField("limits", \.limits, .group(), "What all rules together may use of the host."),
        ]
    }
}

package struct LogLimitSettings: SettingsGroup {
    package var generations = 2
    package var parts = 1
    package var bandwidth: ByteCount?
    package var cpuShare = 1.0
    package var nice = 10
    package var idleIO = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "generations", \.generations, .integer(in: 1...64), "Generations that are sealed and sent at a time."),
            SettingsField(
                "parts", \.parts, .integer(in: 1...64), "Parts of one of them that are on their way at a time."),
            SettingsField(
                "bandwidth", \.bandwidth, .byteCount(in: .kibibytes(16)...ByteCount(.max)),
                "Bytes a second of all uploads together; left out: no bound."),
            SettingsField(
                "cpuShare", \.cpuShare, .ratio(in: 0.01...1), "Which share of its processor each thread may use."),
            SettingsField("nice", \.nice, .integer(in: 0...19), "How much the threads give way to others."),
            SettingsField("idleIO", \.idleIO, .bool, "Whether the disk serves everybody else first."),
        ]
    }
}
