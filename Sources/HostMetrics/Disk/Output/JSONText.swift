/// Writes JSON (RFC 8259) as it is asked to: keys in the order in which they come, so that output is stable.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    /// Whether a comma is due before the next value, for each open array or object.
    private var needsComma: [Bool] = []

    mutating func object(_ content: (inout JSONText) -> Void) { nest("{", "}", content) }
    mutating func array(_ content: (inout JSONText) -> Void) { nest("[", "]", content) }

    mutating func key(_ name: String, _ value: (inout JSONText) -> Void) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma.append(false)
        value(&self)
        needsComma.removeLast()
    }

    mutating func key(_ name: String, _ value: String?) { key(name) { $0.string(value) } }
    mutating func key(_ name: String, _ value: Bool) { key(name) { $0.raw(value ? "true" : "false") } }
    mutating func key(_ name: String, _ value: (some BinaryInteger)?) {
        key(name) { $0.raw(value.map { "\($0)" } ?? "null") }
    }
    mutating func key(_ name: String, _ value: Double?) { key(name) { $0.number(value) } }

    mutating func string(_ value: String?) {
        guard let value else { return raw("null") }
        separate()
        quote(value)
    }

    /// JSON has no infinity and no NaN: they become null.
    mutating func number(_ value: Double?) {
        raw(value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null")
    }

    private mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func separate() {
        guard let last = needsComma.indices.last else { return }
        if needsComma[last] { bytes.append(UInt8(ascii: ",")) }
        needsComma[last] = true
    }

    private mutating func nest(_ open: Unicode.Scalar, _ end: Unicode.Scalar, _ content: (inout JSONText) -> Void) {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma.append(false)
        content(&self)
        needsComma.removeLast()
        bytes.append(UInt8(ascii: end))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
