/// Bech32 as BIP 173 describes it, without its limit of 90 characters: a prefix that names the kind, and bytes with a
/// checksum that finds any four wrong characters. It is the form in which age writes keys.
enum Bech32 {
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let separator = UInt8(ascii: "1")
    private static let checksumLength = 6
    /// Far more than a key of age takes; it bounds the work on what is no key.
    static let maximumLength = 1024

    enum Failure: Error, Hashable, CustomStringConvertible {
        case tooLong
        case mixedCase
        case character
        case noPrefix
        case tooShort
        case checksum
        case padding

        var description: String {
            switch self {
            case .tooLong: "it is too long"
            case .mixedCase: "it mixes upper and lower case"
            case .character: "it has a character that does not belong there"
            case .noPrefix: "it has no prefix"
            case .tooShort: "it is too short"
            case .checksum: "its checksum does not fit"
            case .padding: "it does not end at a whole byte"
            }
        }
    }

    /// In lower case; `prefix` is of lower case ASCII.
    static func encode(prefix: String, _ bytes: [UInt8]) -> String {
        var values = [UInt8]()
        var pending = UInt32(0)
        var bits = 0
        for byte in bytes {
            pending = (pending << 8 | UInt32(byte)) & 0xFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                values.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)) & 0x1F)
            }
        }
        if bits > 0 { values.append(UInt8(truncatingIfNeeded: pending << UInt32(5 - bits)) & 0x1F) }
        let name = Array(prefix.utf8)
        let remainder = polynomial(expanded(name) + values + [UInt8](repeating: 0, count: checksumLength)) ^ 1
        for index in 0..<checksumLength {
            values.append(UInt8(truncatingIfNeeded: remainder >> UInt32(5 * (5 - index))) & 0x1F)
        }
        return String(decoding: name + [separator] + values.map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// - Returns: The prefix in lower case, and the bytes.
    static func decode(_ text: String) throws(Failure) -> (prefix: String, bytes: [UInt8]) {
        let (prefix, values) = try checked(text)
        var bytes = [UInt8]()
        var pending = UInt32(0)
        var bits = 0
        for value in values {
            pending = (pending << 5 | UInt32(value)) & 0xFFF
            bits += 5
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
        }
        guard bits < 5, pending & ((1 << UInt32(bits)) - 1) == 0 else { throw .padding }
        return (prefix, bytes)
    }

    /// The prefix and the groups of five bits between it and the checksum, which fits.
    private static func checked(_ text: String) throws(Failure) -> (prefix: String, values: [UInt8]) {
        var characters = Array(text.utf8)
        guard characters.count <= maximumLength else { throw .tooLong }
        guard characters.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .character }
        let hasUpper = characters.contains { (0x41...0x5A).contains($0) }
        guard !hasUpper || !characters.contains(where: { (0x61...0x7A).contains($0) }) else { throw .mixedCase }
        if hasUpper { characters = characters.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
        guard let end = characters.lastIndex(of: separator), end > 0 else { throw .noPrefix }
        var values = [UInt8]()
        for character in characters[(end + 1)...] {
            guard let value = alphabet.firstIndex(of: character) else { throw .character }
            values.append(UInt8(value))
        }
        guard values.count >= checksumLength else { throw .tooShort }
        let name = Array(characters[..<end])
        guard polynomial(expanded(name) + values) == 1 else { throw .checksum }
        return (String(decoding: name, as: UTF8.self), Array(values.dropLast(checksumLength)))
    }

    private static func expanded(_ prefix: [UInt8]) -> [UInt8] {
        prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 0x1F }
    }

    /// The remainder by the generator of the code, over GF(32).
    private static func polynomial(_ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3]
        var remainder = UInt32(1)
        for value in values {
            let top = remainder >> 25
            remainder = (remainder & 0x1FF_FFFF) << 5 ^ UInt32(value)
            for (index, word) in generator.enumerated() where top >> UInt32(index) & 1 == 1 { remainder ^= word }
        }
        return remainder
    }
}
