/// `method SP request-target SP HTTP-version CRLF` (RFC 9112 section 3), with exactly one space between the parts.
struct RequestLine {
    var method = Method.other
    var methodText = Slice.none
    var target = Slice.none
    var minorVersion: UInt8 = 1
}

extension HeadReader {
    @inline(__always)
    mutating func requestLine(_ limits: HeadLimits) throws(Stop) -> RequestLine {
        try skipLeadingLineEnd()
        var line = RequestLine()
        line.methodText = try method()
        line.method = Method.lookup(base + line.methodText.start, count: Int(line.methodText.count))
        line.target = try target(maximum: limits.target)
        line.minorVersion = try version(at: position, else: .invalidVersion)
        guard position < end else { throw .needMore }
        let next = byte(position)
        guard next == ByteClass.carriageReturn || next == ByteClass.lineFeed else { throw .refused(.invalidVersion) }
        try lineEnd(at: position)
        return line
    }

    /// One empty line before a request is ignored (RFC 9112 section 2.2).
    @inline(__always)
    private mutating func skipLeadingLineEnd() throws(Stop) {
        guard position < end else { throw .needMore }
        if byte(position) == ByteClass.carriageReturn { try lineEnd(at: position) }
    }

    @inline(__always)
    private mutating func method() throws(Stop) -> Slice {
        let start = position
        let bound = start &+ HeadLimits.methodBytes &+ 1
        let stop = min(end, bound)
        var position = start
        while position < stop, ByteClass.isToken(byte(position)) { position &+= 1 }
        guard position < stop else { throw stop == bound ? .refused(.methodTooLong) : .needMore }
        guard byte(position) == ByteClass.space, position > start else { throw refusedMethod(at: position) }
        self.position = position &+ 1
        return Slice(from: start, to: position)
    }

    /// A TLS record of a handshake begins with 0x16 (RFC 8446 section 5.1).
    private func refusedMethod(at position: Int) -> Stop {
        switch byte(position) {
        case 0x16 where position == 0: .refused(.tlsHello)
        case ByteClass.lineFeed: .refused(.bareLineFeed)
        default: .refused(.invalidMethod)
        }
    }

    @inline(__always)
    private mutating func target(maximum: Int) throws(Stop) -> Slice {
        let start = position
        let bound = start &+ maximum &+ 1
        let window = min(end, bound)
        let stop = ByteScan.endOfTarget(base, from: start, to: window)
        guard stop < window else { throw stop == bound ? .refused(.targetTooLong) : .needMore }
        guard byte(stop) == ByteClass.space, stop > start else { throw refusedTarget(at: stop) }
        position = stop &+ 1
        return Slice(from: start, to: stop)
    }

    private func refusedTarget(at position: Int) -> Stop {
        switch byte(position) {
        case ByteClass.lineFeed: .refused(.bareLineFeed)
        case ByteClass.carriageReturn: .refused(.invalidVersion)  // HTTP/0.9 had requests without a version
        default: .refused(.invalidTarget)
        }
    }

    /// `"HTTP/" DIGIT "." DIGIT`. 1.2 to 1.9 are spoken as 1.1 (RFC 9110 section 2.5), another major version is 505.
    @inline(__always)
    mutating func version(at start: Int, else reason: Refusal.Reason) throws(Stop) -> UInt8 {
        guard start &+ 8 <= end else { throw shortVersion(at: start, reason) }
        let name = base.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        let slash = byte(start &+ 4) == ByteClass.slash
        let (major, point, minor) = (byte(start &+ 5), byte(start &+ 6), byte(start &+ 7))
        guard name == UInt32(littleEndian: 0x5054_5448), slash, point == ByteClass.dot, ByteClass.isDigit(major),
            ByteClass.isDigit(minor)
        else { throw .refused(reason) }
        guard major == 0x31 else { throw .refused(.unsupportedVersion) }
        position = start &+ 8
        return minor == 0x30 ? 0 : 1
    }

    /// Fewer than eight bytes: a line end among them ends the hope for more.
    private func shortVersion(at start: Int, _ reason: Refusal.Reason) -> Stop {
        for index in start..<end where byte(index) < ByteClass.space { return .refused(reason) }
        return .needMore
    }
}
