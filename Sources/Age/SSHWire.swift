/// The encoding of RFC 4251, section 5, as far as keys and signatures need it: big-endian numbers, and strings that
/// start with their length in four bytes.
struct SSHWireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next `count` bytes; nil where there are fewer.
    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func number() -> UInt32? {
        bytes(4)?.reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func string() -> [UInt8]? {
        number().flatMap { bytes(Int($0)) }
    }

    /// A name, such as that of an algorithm: visible ASCII and never empty, so it may stand in a message.
    mutating func name() -> String? {
        guard let bytes = string(), !bytes.isEmpty, bytes.count <= 256,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A positive mpint of at most `length` bytes, brought to that length.
    mutating func positiveNumber(length: Int) -> [UInt8]? {
        guard let bytes = string(), let first = bytes.first, first < 0x80 else { return nil }
        let digits = first == 0 ? bytes.dropFirst() : bytes[...]
        // One leading zero at most, and only where the number would otherwise look negative.
        guard !digits.isEmpty, digits.count <= length, first != 0 || digits[digits.startIndex] >= 0x80 else {
            return nil
        }
        return [UInt8](repeating: 0, count: length - digits.count) + digits
    }
}

/// The reverse of `SSHWireReader`.
enum SSHWire {
    static func string(_ bytes: [UInt8]) -> [UInt8] {
        let count = UInt32(truncatingIfNeeded: bytes.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * $0)) } + bytes
    }
}
