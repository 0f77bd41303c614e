/// The words of an expression, with the places at which they begin.
struct ExpressionToken: Equatable {
    enum Kind: Equatable {
        case name(String)
        case text(String)
        case integer(Int)
        case number(Double)
        case symbol(String)
        case end
    }

    let kind: Kind
    /// Bytes from the start of the template's text.
    let offset: Int
}

/// Cuts the bytes of an expression into tokens. Two-letter symbols come before those that begin them.
struct ExpressionLexer {
    private static let symbols = [
        "==", "!=", "<=", ">=", "//", "**", "<", ">", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", ",",
        ":",
        ".", "|", "=",
    ]

    private let bytes: ArraySlice<UInt8>
    private let base: Int
    private var place: Int

    /// - Parameter base: What is added to an index of `bytes` for its place in the template.
    init(_ bytes: ArraySlice<UInt8>, base: Int = 0) {
        self.bytes = bytes
        self.base = base
        place = bytes.startIndex
    }

    mutating func tokens() throws(TemplateFault) -> [ExpressionToken] {
        var tokens: [ExpressionToken] = []
        while let token = try next() { tokens.append(token) }
        tokens.append(ExpressionToken(kind: .end, offset: bytes.endIndex + base))
        return tokens
    }

    private mutating func next() throws(TemplateFault) -> ExpressionToken? {
        while place < bytes.endIndex, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        guard place < bytes.endIndex else { return nil }
        let start = place
        let byte = bytes[place]
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
            return ExpressionToken(kind: .text(try quoted(byte)), offset: start + base)
        }
        if ExpressionLexer.isDigit(byte) { return ExpressionToken(kind: try number(), offset: start + base) }
        if ExpressionLexer.isLetter(byte) {
            while place < bytes.endIndex,
                ExpressionLexer.isLetter(bytes[place]) || ExpressionLexer.isDigit(bytes[place])
            {
                place += 1
            }
            return ExpressionToken(
                kind: .name(String(decoding: bytes[start..<place], as: UTF8.self)), offset: start + base)
        }
        for symbol in ExpressionLexer.symbols where bytes[place...].starts(with: symbol.utf8) {
            place += symbol.utf8.count
            return ExpressionToken(kind: .symbol(symbol), offset: start + base)
        }
        throw TemplateFault(.syntax, "a character that has no meaning here", at: start + base)
    }

    private mutating func quoted(_ quote: UInt8) throws(TemplateFault) -> String {
        let start = place
        place += 1
        var text: [UInt8] = []
        while place < bytes.endIndex, bytes[place] != quote {
            var byte = bytes[place]
            if byte == UInt8(ascii: "\\"), place + 1 < bytes.endIndex {
                place += 1
                byte = bytes[place]
                switch byte {
                case UInt8(ascii: "n"): byte = 0x0A
                case UInt8(ascii: "t"): byte = 0x09
                case UInt8(ascii: "r"): byte = 0x0D
                case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): break
                // As Python does: a backslash that escapes nothing stands for itself.
                default: text.append(UInt8(ascii: "\\"))
                }
            }
            text.append(byte)
            place += 1
        }
        guard place < bytes.endIndex else { throw TemplateFault(.syntax, "the text is not closed", at: start + base) }
        place += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func number() throws(TemplateFault) -> ExpressionToken.Kind {
        let start = place
        var isWhole = true
        while place < bytes.endIndex {
            let byte = bytes[place]
            let isPoint =
                byte == UInt8(ascii: ".") && isWhole && place + 1 < bytes.endIndex
                && ExpressionLexer.isDigit(bytes[place + 1])
            guard ExpressionLexer.isDigit(byte) || isPoint else { break }
            if isPoint { isWhole = false }
            place += 1
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        if !isWhole, let value = Double(text), value.isFinite { return .number(value) }
        throw TemplateFault(.syntax, "the number is out of range", at: start + base)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80
    }
}
