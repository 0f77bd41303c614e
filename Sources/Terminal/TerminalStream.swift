package import Base
import Glibc

/// Standard output or standard error, with what is known of it: a terminal or not, its width, whether it gets colours.
package struct TerminalStream: Sendable {
    package static let output = TerminalStream(descriptor: STDOUT_FILENO)
    package static let error = TerminalStream(descriptor: STDERR_FILENO)

    package let descriptor: Int32
    package let isTerminal: Bool
    package let usesColor: Bool
    /// Whether a line can be drawn again in its place.
    package let canRedraw: Bool
    package let glyphs: Glyphs

    package init(descriptor: Int32, environment: (String) -> String? = TerminalStream.environment) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        usesColor = ColorPolicy.usesColor(isTerminal: isTerminal, environment: environment)
        canRedraw = isTerminal && ColorPolicy.understandsEscapes(environment: environment)
        glyphs = Glyphs.forLocale(environment: environment)
    }

    /// The terminal's columns now: what the kernel says, else `COLUMNS`, else 80. Nil where it is no terminal.
    package var width: Int? {
        guard isTerminal else { return nil }
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return TerminalStream.environment("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
    }

    /// Writes all of the text at once.
    ///
    /// - Throws: `ApusError` `write-failed`; a reader that went away (EPIPE) is the usual one.
    package func write(_ text: String) throws(ApusError) {
        try Files.writeAll(
            Array(text.utf8), to: descriptor, name: descriptor == 1 ? "standard output" : "standard error")
    }

    package func writeLine(_ text: String) throws(ApusError) {
        try write(text + "\n")
    }

    package static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
