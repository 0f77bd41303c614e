import Base

/// One line on standard error that says what is being waited for, drawn again in its place and gone at the end. Where
/// standard error is no terminal, or a dumb one, it stays silent.
package struct ProgressLine: Sendable {
    private let stream: TerminalStream
    private var isShown = false

    package init(stream: TerminalStream = .error) {
        self.stream = stream
    }

    /// Replaces what stands there. Failures are ignored: nobody's result depends on this line.
    package mutating func show(_ text: String) {
        guard stream.canRedraw else { return }
        try? stream.write(ProgressLine.drawing(text, width: stream.width ?? 80, glyphs: stream.glyphs))
        isShown = true
    }

    package mutating func clear() {
        guard isShown else { return }
        try? stream.write(ProgressLine.erasing)
        isShown = false
    }

    /// Back to the first column and erase to the end of the line.
    static let erasing = "\r\u{1b}[K"

    /// The last column stays free: some terminals would move to the next line.
    static func drawing(_ text: String, width: Int, glyphs: Glyphs) -> String {
        let line = TerminalText.visible(text)
        return erasing + TerminalText.fitted(line, columns: max(1, width - 1), ellipsis: glyphs.ellipsis)
    }
}
