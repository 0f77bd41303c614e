/// The textual form of an IPv6 address (RFC 3986 section 3.2.2), without a zone: eight groups of one to four hexadecimal
/// digits, of which `::` may once stand for one or more, and an IPv4 address for the last two.
struct IPv6Text {
    private let text: UnsafeRawBufferPointer
    private var position = 0
    private var groups = 0
    private var isCompressed = false

    static func isAddress(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count >= 2, text.count <= 45 else { return false }
        var reader = IPv6Text(text)
        return reader.read()
    }

    private init(_ text: UnsafeRawBufferPointer) { self.text = text }

    private mutating func read() -> Bool {
        if text[0] == ByteClass.colon {
            guard text[1] == ByteClass.colon else { return false }
            (isCompressed, position) = (true, 2)
        }
        while position < text.count {
            let start = position
            while position < text.count, ByteClass.hexValue(text[position]) != nil { position += 1 }
            if position < text.count, text[position] == ByteClass.dot {
                groups += 2
                return IPv6Text.isIPv4(UnsafeRawBufferPointer(rebasing: text[start...])) && isFull
            }
            guard position > start, position - start <= 4 else { return false }
            groups += 1
            guard position == text.count || separator() else { return false }
        }
        return isFull
    }

    /// Moves past `:`, behind which a group follows, or `::`.
    private mutating func separator() -> Bool {
        guard text[position] == ByteClass.colon, position + 1 < text.count else { return false }
        position += 1
        guard text[position] == ByteClass.colon else { return true }
        position += 1
        defer { isCompressed = true }
        return !isCompressed
    }

    private var isFull: Bool { isCompressed ? groups <= 7 : groups == 8 }

    /// Four decimal numbers up to 255 without leading zeros.
    private static func isIPv4(_ text: UnsafeRawBufferPointer) -> Bool {
        let parts = text.split(separator: ByteClass.dot, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(ByteClass.isDigit) else { return false }
                guard part.count == 1 || part.first != 0x30 else { return false }
                return part.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
            }
    }
}
