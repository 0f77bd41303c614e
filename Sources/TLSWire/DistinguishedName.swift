/// A distinguished name (RFC 5280 section 4.1.2.4) as text (RFC 4514): relative names from last to first, joined by
/// commas.
enum DistinguishedName {
    /// Attribute types with a short name, by the content of their object identifier.
    private static let names: [[UInt8]: String] = [
        [0x55, 4, 3]: "CN", [0x55, 4, 5]: "serialNumber", [0x55, 4, 6]: "C", [0x55, 4, 7]: "L", [0x55, 4, 8]: "ST",
        [0x55, 4, 9]: "STREET", [0x55, 4, 10]: "O", [0x55, 4, 11]: "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 1]: "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25]: "DC",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1]: "emailAddress",
    ]

    /// The text of `content`, and its last common name.
    static func text(_ content: ArraySlice<UInt8>) -> (text: String, commonName: String?) {
        var sets = DERReader(content)
        var parts: [String] = []
        var commonName: String?
        while var set = sets.nextReader() {
            var pieces: [String] = []
            while var pair = set.nextReader() {
                guard let type = pair.next(), let value = pair.next() else { continue }
                let name = names[Array(type)] ?? identifier(type)
                let text = String(decoding: value, as: UTF8.self)
                if name == "CN" { commonName = text }
                pieces.append("\(name)=\(escaped(text))")
            }
            parts.append(pieces.joined(separator: "+"))
        }
        return (parts.reversed().joined(separator: ","), commonName)
    }

    /// RFC 4514 section 2.4; control characters go as `\0A`, so that the text fits into a log line and a header field.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case ",", "+", "\"", "\\", "<", ">", ";", "=": result += "\\\(scalar)"
            case " " where result.isEmpty, "#" where result.isEmpty: result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                result += "\\" + [UInt8(scalar.value)].hexadecimal
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// An object identifier in dotted form (X.690 section 8.19).
    private static func identifier(_ bytes: ArraySlice<UInt8>) -> String {
        guard let first = bytes.first else { return "" }
        var parts = ["\(first / 40)", "\(first % 40)"]
        var value: UInt64 = 0
        for byte in bytes.dropFirst() {
            value = value << 7 | UInt64(byte & 0x7F)
            if byte < 0x80 {
                parts.append("\(value)")
                value = 0
            }
        }
        return parts.joined(separator: ".")
    }
}
