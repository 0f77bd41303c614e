/// A request target taken apart (RFC 9112 section 3.2).
struct Target {
    var form = TargetForm.origin
    var scheme = Slice.none
    var authority: Authority?
    var authorityText = Slice.none
    var path = Slice.none
    var query = Slice.none
    var hasQuery = false

    init(_ base: UnsafeRawPointer, _ text: Slice, _ method: Method) throws(Stop) {
        let first = base.load(fromByteOffset: text.start, as: UInt8.self)
        if first == ByteClass.slash {
            guard method != .connect else { throw .refused(.targetDoesNotFitMethod) }
            setPath(base, from: text.start, to: text.end)
        } else if method == .connect {
            try setAuthority(base, text)
        } else if first == 0x2A && text.count == 1 {
            guard method == .options else { throw .refused(.targetDoesNotFitMethod) }
            form = .asterisk
            path = text
        } else {
            try setAbsolute(base, text)
        }
    }

    @inline(__always)
    private mutating func setPath(_ base: UnsafeRawPointer, from start: Int, to end: Int) {
        let mark = ByteScan.first(ByteClass.questionMark, base, from: start, to: end)
        path = Slice(from: start, to: mark)
        guard mark < end else { return }
        hasQuery = true
        query = Slice(from: mark &+ 1, to: end)
    }

    /// CONNECT names a host and a port, both (RFC 9110 section 9.3.6).
    private mutating func setAuthority(_ base: UnsafeRawPointer, _ text: Slice) throws(Stop) {
        form = .authority
        authority = Authority(base, text)
        authorityText = text
        guard let port = authority?.port, port > 0 else { throw .refused(.targetDoesNotFitMethod) }
    }

    /// `http` and `https` only, with a host and without user information (RFC 9110 section 4.2). The path may be empty.
    private mutating func setAbsolute(_ base: UnsafeRawPointer, _ text: Slice) throws(Stop) {
        form = .absolute
        let colon = ByteScan.first(ByteClass.colon, base, from: text.start, to: text.end)
        scheme = Slice(from: text.start, to: colon)
        guard colon &+ 3 <= text.end, ListItems.equal(base, scheme, "http") || ListItems.equal(base, scheme, "https"),
            base.load(fromByteOffset: colon &+ 1, as: UInt8.self) == ByteClass.slash,
            base.load(fromByteOffset: colon &+ 2, as: UInt8.self) == ByteClass.slash
        else { throw .refused(.invalidTarget) }
        var end = colon &+ 3
        while end < text.end {
            let byte = base.load(fromByteOffset: end, as: UInt8.self)
            if byte == ByteClass.slash || byte == ByteClass.questionMark { break }
            end &+= 1
        }
        authorityText = Slice(from: colon &+ 3, to: end)
        authority = Authority(base, authorityText)
        guard authority != nil else { throw .refused(.invalidTarget) }
        setPath(base, from: end, to: text.end)
    }
}
