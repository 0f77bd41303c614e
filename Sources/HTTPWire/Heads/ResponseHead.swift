/// The head of an upstream's response (RFC 9112 sections 4, 5 and 6), read as strictly as a request: what two recipients
/// could understand differently is refused, and the client gets 502. See `RequestHead` for what it costs.
package struct ResponseHead: Sendable {
    package private(set) var status = 0
    package private(set) var reason = Slice.none
    /// 0 or 1.
    package private(set) var minorVersion: UInt8 = 1
    package private(set) var framing = BodyFraming.none
    /// As declared, also where it frames nothing (the answer to HEAD, 304).
    package private(set) var contentLength: UInt64?
    /// 1xx but 101: another head follows.
    package private(set) var isInterim = false
    /// The connection can carry another request once the body has been read.
    package private(set) var isPersistent = false
    /// The value of Upgrade when Connection lists `upgrade` in HTTP/1.1, else empty.
    package private(set) var upgrade = Slice.none
    package private(set) var fields: [Field] = []
    /// Bytes of the head with its final empty line.
    package private(set) var length = 0
    private var present: UInt64 = 0

    package init() {}

    /// As `RequestHead.parse`. `method` is that of the request: it decides whether a body follows.
    package mutating func parse(
        _ bytes: UnsafeRawBufferPointer, scanned: inout Int, limits: HeadLimits, answering method: Method
    ) -> HeadProgress {
        guard let base = bytes.baseAddress else { return .incomplete }
        let end = min(bytes.count, limits.bytes)
        var reader = HeadReader(base, end: end, position: scanned)
        do throws(Stop) {
            if scanned > 0 {
                _ = try reader.fields(into: &fields, limits)
                reader = HeadReader(base, end: end, position: 0)
            }
            try read(&reader, limits, method)
            scanned = 0
            return .complete(count: length)
        } catch {
            let progress = reader.stopped(error, received: bytes.count, limits, &scanned)
            guard case .refused(let refusal) = progress else { return progress }
            return .refused(Refusal(status: 502, reason: refusal.reason))
        }
    }

    @inline(__always)
    private mutating func read(_ reader: inout HeadReader, _ limits: HeadLimits, _ method: Method) throws(Stop) {
        let line = try reader.statusLine(maximum: limits.fieldBytes)
        (status, reason, minorVersion) = (line.status, line.reason, line.minorVersion)
        let facts = try reader.fields(into: &fields, limits)
        length = reader.position
        present = facts.present
        isInterim = status < 200 && status != 101
        isPersistent = facts.isPersistent(minorVersion: minorVersion)
        try frame(facts, reader.base, method)
        try facts.markNamed(&fields, reader.base)
        upgrade = facts.announcedUpgrade(minorVersion: minorVersion)
    }

    /// RFC 9112 section 6.3. Equal lengths on several lines are one length; framing fields where no body may be are
    /// refused in 1xx, and after 204 end the connection's reuse: a body could follow all the same.
    @inline(__always)
    private mutating func frame(_ facts: FieldFacts, _ base: UnsafeRawPointer, _ method: Method) throws(Stop) {
        let chunked = try facts.isChunked(base, minorVersion: minorVersion)
        guard !facts.lengthsDiffer else { throw .refused(.repeatedContentLength) }
        contentLength = facts.lengths > 0 ? facts.length : nil
        let announcesBody = chunked || facts.length > 0
        if status < 200 {
            guard !announcesBody else { throw .refused(.bodyNotAllowed) }
            framing = .none
        } else if method == .connect && status < 300 || method == .head || status == 204 || status == 304 {
            framing = .none
            if status == 204 && announcesBody { isPersistent = false }
        } else if chunked {
            framing = .chunked
        } else if facts.lengths > 0 {
            framing = .length(facts.length)
        } else {
            framing = .untilClose
            isPersistent = false
        }
    }
}

extension ResponseHead {
    /// One bit tells whether there is such a field at all.
    package func has(_ known: FieldName) -> Bool { present & known.bit != 0 }

    package func first(_ known: FieldName) -> Field? { has(known) ? fields.first(known) : nil }

    package func count(_ known: FieldName) -> Int { has(known) ? fields.count(known) : 0 }

    /// Compares without regard to case; `bytes` are those of the head.
    package func first(named name: StaticString, in bytes: UnsafeRawBufferPointer) -> Field? {
        fields.first(named: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), in: bytes)
    }

    @_disfavoredOverload
    package func first(named name: String, in bytes: UnsafeRawBufferPointer) -> Field? {
        fields.first(named: name, in: bytes)
    }
}
