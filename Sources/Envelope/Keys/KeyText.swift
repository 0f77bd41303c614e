import FoundationEssentials

/// Bytes of keys as text.
enum KeyText {
    /// Base64 of RFC 4648, section 4, padded.
    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// - Returns: nil for text that is not the one encoding of any bytes.
    static func bytes(base64 text: String) -> [UInt8]? {
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else { return nil }
        return Array(data)
    }

    /// 32 bytes, in Base64 or as 64 hexadecimal digits.
    static func key(_ text: String) -> [UInt8]? {
        if let bytes = hexadecimal(text), bytes.count == 32 { return bytes }
        return bytes(base64: text).flatMap { $0.count == 32 ? $0 : nil }
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
