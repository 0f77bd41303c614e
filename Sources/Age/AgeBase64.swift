/// Base64 of RFC 4648, section 4, with one encoding for each value: nothing but the alphabet, padding exactly where it
/// is asked for, and no bit set that decodes to nothing. Whoever cannot decrypt a file must not be able to write it
/// another way.
enum AgeBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    private static let invalid: UInt8 = 0xFF
    /// The six bits of each character.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    static func encode(_ bytes: [UInt8], padded: Bool) -> [UInt8] {
        var text = [UInt8]()
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group = UInt32(0)
            for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
            for index in 0...count { text.append(alphabet[Int(group >> UInt32(18 - 6 * index)) & 0x3F]) }
            if padded { text += repeatElement(padding, count: 3 - count) }
        }
        return text
    }

    /// - Returns: nil for text that is not the one encoding of any bytes.
    static func decode(_ text: ArraySlice<UInt8>, padded: Bool) -> [UInt8]? {
        var characters = text
        if padded {
            guard text.count % 4 == 0 else { return nil }
            for _ in 0..<2 where characters.last == padding { characters.removeLast() }
        }
        guard characters.count % 4 != 1 else { return nil }
        var bytes = [UInt8]()
        bytes.reserveCapacity(characters.count / 4 * 3 + 2)
        var pending = UInt32(0)
        var bits = 0
        for character in characters {
            let value = values[Int(character)]
            guard value != invalid else { return nil }
            pending = pending << 6 | UInt32(value)
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            pending &= (1 << UInt32(bits)) - 1
        }
        return pending == 0 ? bytes : nil
    }
}
