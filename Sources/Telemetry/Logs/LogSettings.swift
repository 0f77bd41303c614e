package import Logging
package import Settings

/// The key `log` of a configuration file.
package struct LogSettings: SettingsGroup {
    package var level = Logger.Level.info
    package var format = LogFormat.automatic
    package var levels: [String: Logger.Level] = [:]

    package init() {}

    package static var fields: [SettingsField<LogSettings>] {
        [
            SettingsField("level", \.level, .choice(), "The least severe level that is written."),
            SettingsField(
                "format", \.format, .choice(),
                "How a line looks: logfmt or json; automatic is logfmt on a terminal and json elsewhere."),
            SettingsField(
                "levels", \.levels, .dictionary(of: .choice()),
                "Levels by logger label: disk is for that component and for loggers below it (disk.report)."),
        ]
    }

    /// What `LogBackend.configure` takes.
    package var configuration: LogConfiguration {
        LogConfiguration(level: level, overrides: levels, format: format)
    }
}
