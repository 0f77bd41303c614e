/// Whether a stream gets colours, decided from the environment and from what the stream is. Ask once per stream:
/// standard output may be a file while standard error is a terminal.
///
/// The order, as no-color.org and bixense.com/clicolors have it: `NO_COLOR` (not empty) forbids; `CLICOLOR_FORCE`
/// (not empty, not `0`) demands; `CLICOLOR=0` forbids; a dumb or unnamed terminal has none; otherwise a terminal has
/// colours.
package enum ColorPolicy {
    package static func usesColor(isTerminal: Bool, environment: (String) -> String?) -> Bool {
        if let value = environment("NO_COLOR"), !value.isEmpty { return false }
        if let value = environment("CLICOLOR_FORCE"), !value.isEmpty, value != "0" { return true }
        if environment("CLICOLOR") == "0" { return false }
        return isTerminal && understandsEscapes(environment: environment)
    }

    /// Whether the terminal that `TERM` names can move its cursor and erase a line.
    package static func understandsEscapes(environment: (String) -> String?) -> Bool {
        guard let terminal = environment("TERM") else { return false }
        return !terminal.isEmpty && terminal != "dumb"
    }
}

/// How a piece of text is meant; the colour follows from it (ECMA-48, select graphic rendition).
package enum TextStyle: Sendable, Hashable {
    case plain
    case heading
    case good
    case warning
    case critical
    case faint

    private var parameters: String {
        switch self {
        case .plain: ""
        case .heading: "1"
        case .good: "32"
        case .warning: "33"
        case .critical: "1;31"
        case .faint: "2"
        }
    }

    /// The text between its escape sequences, or the text alone where colours are off. The text itself must be
    /// `visible` already: see `TerminalText.visible`.
    package func paint(_ text: String, color: Bool) -> String {
        guard color, self != .plain, !text.isEmpty else { return text }
        return "\u{1b}[\(parameters)m\(text)\u{1b}[0m"
    }
}
