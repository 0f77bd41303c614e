/// The members of a comma-separated list (RFC 9110 section 5.6.1) without blanks around them; empty ones are skipped,
/// and a comma in a quoted string divides nothing. Bounded by the length of the value.
struct ListMembers {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> UnsafeRawBufferPointer? {
        while position < bytes.count {
            let start = position
            skipMember()
            let member = UnsafeRawBufferPointer(rebasing: bytes[start..<position]).trimmed
            position += 1
            if !member.isEmpty { return member }
        }
        return nil
    }

    private mutating func skipMember() {
        var isQuoted = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: ","), !isQuoted { return }
            position += 1
        }
    }
}
