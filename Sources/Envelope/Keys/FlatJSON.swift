/// The little JSON (RFC 8259) that `exec:` programs speak: one object of texts, flags and numbers, one level deep. It
/// is no general reader: `Settings` has YAML and `CloudAPI` JSON, and this room is to stay below neither for one line
/// of text.
enum FlatJSON {
    enum Value: Equatable {
        case text(String)
        case flag(Bool)
        /// A number or null: read, and of no use to us.
        case other
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// - Returns: nil for anything but one object of that kind, names once each.
    static func parse(_ bytes: [UInt8]) -> [String: Value]? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var reader = FlatJSONReader(rest: bytes[...])
        guard let object = reader.object() else { return nil }
        reader.skipSpaces()
        return reader.rest.isEmpty ? object : nil
    }
}

private struct FlatJSONReader {
    var rest: ArraySlice<UInt8>

    mutating func skipSpaces() {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    mutating func object() -> [String: FlatJSON.Value]? {
        guard take("{") else { return nil }
        var object: [String: FlatJSON.Value] = [:]
        if take("}") { return object }
        repeat {
            guard let name = text(), object[name] == nil, take(":"), let value = value() else { return nil }
            object[name] = value
        } while take(",")
        return take("}") ? object : nil
    }

    private mutating func value() -> FlatJSON.Value? {
        skipSpaces()
        switch rest.first {
        case UInt8(ascii: "\""): return text().map { .text($0) }
        case UInt8(ascii: "t"): return word("true") ? .flag(true) : nil
        case UInt8(ascii: "f"): return word("false") ? .flag(false) : nil
        case UInt8(ascii: "n"): return word("null") ? .other : nil
        default: return number() ? .other : nil
        }
    }

    /// Skips spaces, then that character.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func word(_ word: String) -> Bool {
        guard rest.starts(with: word.utf8) else { return false }
        rest = rest.dropFirst(word.utf8.count)
        return true
    }

    /// RFC 8259, section 6. A leading zero is let pass: the value is of no use anyway.
    private mutating func number() -> Bool {
        let digits = rest.prefix { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
        }
        guard !digits.isEmpty, Double(String(decoding: digits, as: UTF8.self)) != nil else { return false }
        rest = rest.dropFirst(digits.count)
        return true
    }

    private mutating func text() -> String? {
        guard take("\"") else { return nil }
        var bytes = [UInt8]()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(validating: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                bytes.append(contentsOf: Array(String(scalar).utf8))
            case ..<0x20: return nil
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        switch rest.popFirst() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return escapedScalar()
        default: return nil
        }
    }

    /// `\uXXXX`, or two of them for a scalar beyond the first plane.
    private mutating func escapedScalar() -> Unicode.Scalar? {
        guard let first = codeUnit() else { return nil }
        guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) }
        guard word("\\u"), let second = codeUnit(), (0xDC00...0xDFFF).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func codeUnit() -> UInt32? {
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        rest = rest.dropFirst(4)
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
