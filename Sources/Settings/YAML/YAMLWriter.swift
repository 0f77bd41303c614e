/// Writes rendered values as YAML that this room reads back: block style, two spaces, quotes only where they are
/// needed.
struct YAMLWriter {
    private(set) var text = ""

    /// `pairs` as the top level of a document.
    mutating func write(_ pairs: [(key: String, value: RenderedValue)]) {
        for pair in pairs { writePair(pair, indent: 0) }
    }

    private mutating func writePair(_ pair: (key: String, value: RenderedValue), indent: Int) {
        text += String(repeating: "  ", count: indent) + YAMLWriter.scalar(pair.key) + ":"
        writeAfterIndicator(pair.value, indent: indent)
    }

    /// What follows `key:`: a scalar on the same line, a collection below it.
    private mutating func writeAfterIndicator(_ value: RenderedValue, indent: Int) {
        switch value {
        case .list(let items) where !items.isEmpty:
            text += "\n"
            for item in items { writeItem(item, indent: indent + 1) }
        case .map(let pairs) where !pairs.isEmpty:
            text += "\n"
            for pair in pairs { writePair(pair, indent: indent + 1) }
        default: text += " \(YAMLWriter.inline(value))\n"
        }
    }

    private mutating func writeItem(_ item: RenderedValue, indent: Int) {
        text += String(repeating: "  ", count: indent) + "-"
        guard case .map(let pairs) = item, let first = pairs.first else {
            return writeAfterIndicator(item, indent: indent)
        }
        // The first pair stands beside the dash, where it has the column of the others.
        text += " " + YAMLWriter.scalar(first.key) + ":"
        writeAfterIndicator(first.value, indent: indent + 1)
        for pair in pairs.dropFirst() { writePair(pair, indent: indent + 1) }
    }

    private static func inline(_ value: RenderedValue) -> String {
        switch value {
        case .literal(let literal): literal
        case .text(let text): scalar(ReferenceText.escaped(text))
        case .written(let text): scalar(text)
        case .redacted(let comment): "redacted" + (comment.map { "  # \($0)" } ?? "")
        case .list: "[]"
        case .map: "{}"
        }
    }

    /// `text` plain where every YAML reader takes it for the same text, in double quotes otherwise.
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    private static func isPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, bytes.count <= 200, isWord(first) || first == UInt8(ascii: "/") else {
            return false
        }
        guard YAMLScalar.kind(ofPlain: text) == .text, YAMLScalar.oldBooleans[text.lowercased()] == nil else {
            return false
        }
        guard bytes.last != UInt8(ascii: ":"), !isSexagesimal(bytes) else { return false }
        return bytes.allSatisfy { isWord($0) || "/.:-+@%$".utf8.contains($0) }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    /// YAML 1.1 reads `10:30` and `1_000` as numbers and `2026-11-23` as a date.
    private static func isSexagesimal(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { (0x30...0x39).contains($0) || ":._-+".utf8.contains($0) }
            && bytes.count { $0 == UInt8(ascii: ".") } <= 1
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default: result += Displayed.isSafe(scalar) ? String(Character(scalar)) : escape(scalar)
            }
        }
        return result + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = Displayed.hexadecimal(scalar)
        let width = digits.count <= 4 ? 4 : 8
        return (width == 4 ? "\\u" : "\\U") + String(repeating: "0", count: width - digits.count) + digits
    }
}
