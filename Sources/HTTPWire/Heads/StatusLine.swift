/// `HTTP-version SP status-code SP [reason-phrase] CRLF` (RFC 9112 section 4). The space before an empty reason may lack:
/// common servers leave it out.
struct StatusLine {
    var minorVersion: UInt8 = 1
    var status = 0
    var reason = Slice.none
}

extension HeadReader {
    @inline(__always)
    mutating func statusLine(maximum: Int) throws(Stop) -> StatusLine {
        var line = StatusLine()
        line.minorVersion = try version(at: position, else: .invalidStatusLine)
        line.status = try status(at: position)
        guard position < end else { throw .needMore }
        guard byte(position) == ByteClass.space else {
            guard byte(position) < ByteClass.space else { throw .refused(.invalidStatusLine) }
            try lineEnd(at: position)
            return line
        }
        let start = position &+ 1
        let bound = start &+ maximum &+ 1
        let window = min(end, bound)
        let stop = ByteScan.endOfValue(base, from: start, to: window)
        guard stop < window else { throw stop == bound ? .refused(.fieldTooLong) : .needMore }
        try lineEnd(at: stop)
        line.reason = Slice(from: start, to: stop)
        return line
    }

    /// `SP 3DIGIT`, of 100 to 599: others are invalid (RFC 9110 section 15).
    @inline(__always)
    private mutating func status(at start: Int) throws(Stop) -> Int {
        guard start &+ 4 <= end else { throw shortStatus(at: start) }
        guard byte(start) == ByteClass.space else { throw .refused(.invalidStatusLine) }
        var status = 0
        for index in 1...3 {
            let byte = byte(start &+ index)
            guard ByteClass.isDigit(byte) else { throw .refused(.invalidStatusLine) }
            status = status &* 10 &+ Int(byte &- 0x30)
        }
        guard status >= 100, status < 600 else { throw .refused(.invalidStatusLine) }
        position = start &+ 4
        return status
    }

    private func shortStatus(at start: Int) -> Stop {
        for index in start..<end where byte(index) < ByteClass.space { return .refused(.invalidStatusLine) }
        return .needMore
    }
}
