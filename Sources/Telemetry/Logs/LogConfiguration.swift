package import Logging

/// How a line is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// logfmt on a terminal, JSON otherwise.
    case automatic
    case logfmt
    case json
}

/// What can be changed while the process runs.
package struct LogConfiguration: Sendable, Equatable {
    package var level: Logger.Level
    /// Levels by label: `apus.disk` is for that logger and for all whose label continues it at a `.`, `-` or `/`. The
    /// longest that fits wins.
    package var overrides: [String: Logger.Level]
    package var format: LogFormat

    package init(
        level: Logger.Level = .info, overrides: [String: Logger.Level] = [:], format: LogFormat = .automatic
    ) {
        self.level = level
        self.overrides = overrides
        self.format = format
    }

    /// The level of the logger with this label.
    package func level(of label: String) -> Logger.Level {
        var best = (length: -1, level: level)
        for (prefix, level) in overrides where prefix.utf8.count > best.length && covers(prefix, label) {
            best = (prefix.utf8.count, level)
        }
        return best.level
    }

    private func covers(_ prefix: String, _ label: String) -> Bool {
        guard label.hasPrefix(prefix) else { return false }
        guard let next = label.utf8.dropFirst(prefix.utf8.count).first else { return true }
        return prefix.isEmpty || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/")].contains(next)
    }
}

/// Whether to colour, by the conventions that programs share: `NO_COLOR` wins, then `CLICOLOR_FORCE`, then `CLICOLOR=0`
/// and `TERM=dumb`; otherwise a terminal is coloured. Empty variables count as unset.
enum LogColour {
    static func isWanted(environment: [String: String], isTerminal: Bool) -> Bool {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if value("NO_COLOR") != nil { return false }
        if let force = value("CLICOLOR_FORCE"), force != "0" { return true }
        return isTerminal && value("CLICOLOR") != "0" && value("TERM") != "dumb"
    }

    /// The start of the colour of a level, as an ANSI escape sequence.
    static func start(_ level: Logger.Level) -> StaticString {
        switch level {
        case .trace, .debug: "\u{1b}[2m"
        case .info: "\u{1b}[32m"
        case .notice: "\u{1b}[36m"
        case .warning: "\u{1b}[33m"
        case .error: "\u{1b}[31m"
        case .critical: "\u{1b}[1;31m"
        }
    }

    static let end: StaticString = "\u{1b}[0m"
}
