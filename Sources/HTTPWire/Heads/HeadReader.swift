/// Reads the lines of a head from left to right. What it refuses depends on the bytes up to the offending one only, so the
/// answer is the same however the bytes arrive. Reads `base[0..<end]` and never beyond.
struct HeadReader {
    let base: UnsafeRawPointer
    let end: Int
    var position: Int
    /// Where the line that is being read begins.
    private(set) var lineStart: Int

    init(_ base: UnsafeRawPointer, end: Int, position: Int) {
        self.base = base
        self.end = end
        self.position = position
        lineStart = position
    }

    @inline(__always)
    func byte(_ position: Int) -> UInt8 {
        base.load(fromByteOffset: position, as: UInt8.self)
    }

    /// Whether `position` stands at the empty line that ends the fields; moves past it.
    @inline(__always)
    mutating func endOfFields() throws(Stop) -> Bool {
        lineStart = position
        guard position < end else { throw .needMore }
        let byte = byte(position)
        if byte > ByteClass.space { return false }
        if ByteClass.isBlank(byte) { throw .refused(.foldedLine) }
        try lineEnd(at: position)
        return true
    }

    /// Moves past the CRLF at `position`; any other byte there is one that may not stand in a line.
    @inline(__always)
    mutating func lineEnd(at position: Int) throws(Stop) {
        if position &+ 1 < end, base.loadUnaligned(fromByteOffset: position, as: UInt16.self) == HeadReader.lineEnd {
            self.position = position &+ 2
        } else {
            throw wrongLineEnd(at: position)
        }
    }

    /// CR and LF as they lie in memory.
    private static let lineEnd = UInt16(littleEndian: 0x0A0D)

    private func wrongLineEnd(at position: Int) -> Stop {
        guard byte(position) == ByteClass.carriageReturn else {
            return .refused(byte(position) == ByteClass.lineFeed ? .bareLineFeed : .forbiddenByte)
        }
        return position &+ 1 < end ? .refused(.bareCarriageReturn) : .needMore
    }

    /// `field-name ":" OWS field-value OWS CRLF` (RFC 9112 section 5), of at most `maximum` bytes without the CRLF.
    @inline(__always)
    mutating func field(maximum: Int) throws(Stop) -> Field {
        let bound = lineStart &+ maximum &+ 1
        let window = min(end, bound)
        let (name, known) = try fieldName(bound: bound)
        var start = name.end &+ 1
        while start < window, ByteClass.isBlank(byte(start)) { start &+= 1 }
        let stop = ByteScan.endOfValue(base, from: start, to: window)
        guard stop < window else { throw stop == bound ? .refused(.fieldTooLong) : .needMore }
        try lineEnd(at: stop)
        var last = stop
        while last > start, ByteClass.isBlank(byte(last &- 1)) { last &-= 1 }
        return Field(name: name, value: Slice(from: start, to: last), known: known, isHopByHop: known.isHopByHop)
    }

    /// A token that a colon follows at once, so white space before the colon is refused (RFC 9112 section 5.1).
    @inline(__always)
    private mutating func fieldName(bound: Int) throws(Stop) -> (Slice, FieldName) {
        let start = position
        // Known names, which are most, are found without a look at each byte.
        if start &+ 24 <= min(end, bound) {
            let colon = ByteScan.first(ByteClass.colon, base, from: start, to: start &+ 24)
            let known = FieldName.lookup(base + start, count: colon &- start)
            if known != .other { return (Slice(from: start, to: colon), known) }
        }
        let bound = min(bound, start &+ HeadLimits.nameBytes &+ 1)
        let window = min(end, bound)
        var position = start
        while position < window, ByteClass.isToken(byte(position)) { position &+= 1 }
        guard position < window else { throw position == bound ? .refused(.fieldTooLong) : .needMore }
        guard byte(position) == ByteClass.colon, position > start else { throw refusedName(at: position) }
        let name = Slice(from: start, to: position)
        return (name, FieldName.lookup(base + start, count: position &- start))
    }

    /// The first byte of `position` may not follow a name.
    private func refusedName(at position: Int) -> Stop {
        switch byte(position) {
        case ByteClass.lineFeed: .refused(.bareLineFeed)
        default: .refused(.invalidFieldName)
        }
    }
}

extension HeadReader {
    /// What a stop means for a head of which `received` bytes are there. After `.needMore` the next call goes on at the
    /// line that is not complete.
    func stopped(_ stop: Stop, received: Int, _ limits: HeadLimits, _ scanned: inout Int) -> HeadProgress {
        switch stop {
        case .refused(let reason):
            return .refused(Refusal(reason))
        case .needMore:
            guard received < limits.bytes else { return .refused(Refusal(.headTooLong)) }
            scanned = lineStart
            return .incomplete
        }
    }
}
