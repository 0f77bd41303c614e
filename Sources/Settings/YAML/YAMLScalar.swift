/// The text of a scalar and what YAML 1.2's core schema makes of it (section 10.3): only plain (unquoted) text can be
/// anything but text.
package struct YAMLScalar: Hashable, Sendable {
    package let text: String
    package let isPlain: Bool

    package init(_ text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
    }

    package enum Kind: Hashable, Sendable {
        case null, boolean, integer, number, text

        var name: String {
            switch self {
            case .null: "nothing"
            case .boolean: "a boolean"
            case .integer: "an integer"
            case .number: "a number"
            case .text: "text"
            }
        }
    }

    package var kind: Kind { isPlain ? YAMLScalar.kind(ofPlain: text) : .text }

    static func kind(ofPlain text: String) -> Kind {
        guard text.utf8.count <= 64 else { return .text }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .boolean
        case ".inf", "+.inf", "-.inf", ".Inf", "-.Inf", ".INF", "-.INF", ".nan", ".NaN", ".NAN": return .number
        default: return numericKind(Array(text.utf8))
        }
    }

    private static func numericKind(_ bytes: [UInt8]) -> Kind {
        var rest = bytes[...]
        if rest.starts(with: "0x".utf8) || rest.starts(with: "0o".utf8) {
            let isHexadecimal = rest[1] == UInt8(ascii: "x")
            let digits = rest.dropFirst(2)
            let fits = digits.allSatisfy { isHexadecimal ? isHexadecimalDigit($0) : $0 >= 0x30 && $0 <= 0x37 }
            return !digits.isEmpty && fits ? .integer : .text
        }
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = takeDigits(&rest)
        if rest.isEmpty { return whole > 0 ? .integer : .text }
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = takeDigits(&rest)
        }
        guard whole + fraction > 0 else { return .text }
        if rest.isEmpty { return .number }
        guard rest.removeFirst() | 0x20 == UInt8(ascii: "e") else { return .text }
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
        return takeDigits(&rest) > 0 && rest.isEmpty ? .number : .text
    }

    private static func takeDigits(_ bytes: inout ArraySlice<UInt8>) -> Int {
        let count = bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
        bytes.removeFirst(count)
        return count
    }

    private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    /// Words that YAML 1.1 readers (Python's PyYAML, Ruby) take for booleans and YAML 1.2 takes for text.
    static let oldBooleans: [String: Bool] = [
        "yes": true, "no": false, "on": true, "off": false, "y": true, "n": false,
    ]
}
