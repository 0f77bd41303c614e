/// `host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2): a name, an IPv4 address or `[` IPv6 address `]`.
struct Authority {
    /// Without the port; an IPv6 address keeps its brackets.
    var host: Slice
    /// Nil when there is none, or nothing behind the colon.
    var port: UInt16?

    /// Nil when the text is no authority: empty, with user information, with an empty label, or with a port above 65535.
    init?(_ base: UnsafeRawPointer, _ text: Slice) {
        guard !text.isEmpty else { return nil }
        let bracketed = base.load(fromByteOffset: text.start, as: UInt8.self) == 0x5B
        let stop = bracketed ? Authority.endOfAddress(base, text) : Authority.endOfName(base, text)
        guard let stop else { return nil }
        host = Slice(from: text.start, to: stop)
        guard stop < text.end else { return }
        guard base.load(fromByteOffset: stop, as: UInt8.self) == ByteClass.colon else { return nil }
        guard text.end &- stop <= 6 else { return nil }
        var number = 0
        for position in (stop &+ 1)..<text.end {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            guard ByteClass.isDigit(byte) else { return nil }
            number = number &* 10 &+ Int(byte &- 0x30)
        }
        guard number <= 65_535 else { return nil }
        if stop &+ 1 < text.end { port = UInt16(number) }
    }

    /// The end of a registered name of at most 255 bytes without empty labels, but for one dot at its end.
    private static func endOfName(_ base: UnsafeRawPointer, _ text: Slice) -> Int? {
        var position = text.start
        var previous: UInt8 = ByteClass.dot
        while position < text.end {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            guard ByteClass.isHost(byte) else { break }
            guard byte != ByteClass.dot || previous != ByteClass.dot else { return nil }
            previous = byte
            position &+= 1
        }
        return position > text.start && position &- text.start <= 255 ? position : nil
    }

    private static func endOfAddress(_ base: UnsafeRawPointer, _ text: Slice) -> Int? {
        let close = ByteScan.first(0x5D, base, from: text.start, to: text.end)
        guard close < text.end else { return nil }
        let inside = UnsafeRawBufferPointer(start: base + text.start + 1, count: close &- text.start &- 1)
        return IPv6Text.isAddress(inside) ? close &+ 1 : nil
    }
}
