/// A place in a logrotate file, with the pieces of its grammar that are words, values and lists of names.
///
/// logrotate reads characters, not lines: `daily missingok` on one line are two directives, and a value goes to the end of
/// its line, `}` included.
struct LogrotateCursor {
    let bytes: [UInt8]
    private(set) var offset = 0
    private(set) var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset >= bytes.count }
    var byte: UInt8? { isAtEnd ? nil : bytes[offset] }

    mutating func advance() {
        guard !isAtEnd else { return }
        if bytes[offset] == LogrotateCursor.newline { line += 1 }
        offset += 1
    }

    static let newline = UInt8(ascii: "\n")

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    mutating func skipBlanks() {
        while let byte, LogrotateCursor.isBlank(byte) { offset += 1 }
    }

    /// To the end of the line, which stays.
    mutating func skipLine() {
        while let byte, byte != LogrotateCursor.newline { offset += 1 }
    }

    /// Letters after blanks; empty where there are none.
    mutating func word() -> String {
        skipBlanks()
        let start = offset
        while let byte, LogrotateCursor.isLetter(byte) { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    /// The rest of the line without the blanks around it.
    mutating func rest() -> String {
        skipBlanks()
        var start = offset
        skipLine()
        var end = offset
        while end > start, LogrotateCursor.isSpace(bytes[end - 1]) { end -= 1 }
        while start < end, LogrotateCursor.isSpace(bytes[start]) { start += 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// The rest of the line after an optional `=`; nil where there is none.
    mutating func value() -> String? {
        skipBlanks()
        if byte == UInt8(ascii: "=") { offset += 1 }
        let text = rest()
        return text.isEmpty ? nil : text
    }

    /// What stands before `{`, which is taken, without lines of comment.
    ///
    /// - Returns: Nil at `}` and at the end of the file.
    mutating func names() -> [UInt8]? {
        var text: [UInt8] = []
        var isAtLineStart = true
        while let byte {
            if isAtLineStart, byte == UInt8(ascii: "#") {
                skipLine()
                continue
            }
            if byte == UInt8(ascii: "}") { return nil }
            advance()
            if byte == UInt8(ascii: "{") { return text }
            isAtLineStart = byte == LogrotateCursor.newline || (isAtLineStart && LogrotateCursor.isSpace(byte))
            text.append(byte)
        }
        return nil
    }

    /// From here to the line that begins with the word `endscript`, which is taken; nil where the file ends before.
    mutating func script() -> String? {
        let start = offset
        if byte == LogrotateCursor.newline { advance() }
        while !isAtEnd {
            let lineStart = offset
            if word() == "endscript" {
                return String(decoding: bytes[start..<max(start, lineStart)], as: UTF8.self)
            }
            skipLine()
            advance()
        }
        return nil
    }
}
