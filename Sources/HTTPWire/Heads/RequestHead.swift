/// The room HTTPWire reads and frames HTTP/1.1 messages (RFC 9110, RFC 9112) as values over bytes that lie elsewhere: no
/// I/O, no strings, no clock. What always holds: nothing is taken that two recipients could frame or route differently; the
/// answer does not depend on how the bytes arrive; no byte beyond those given is read.
///
/// This is the head of a request (RFC 9112 sections 2, 3, 5 and 6), as slices of its bytes. A head is read in one pass when
/// it comes whole: eight or sixteen bytes a step, known names by their length and at most three words. The
/// only allocation is the array of fields, which the next `parse` on the same value uses again (keep no copy of it, or it is
/// allocated anew). A browser's head of 8 fields and 428 bytes takes 0.23 µs (Tests/peers/gateway/wire_bench.sh).
/// When `parse` answers other than `.complete` the properties mean nothing.
package struct RequestHead: Sendable {
    package private(set) var method = Method.other
    package private(set) var methodText = Slice.none
    package private(set) var target = Slice.none
    package private(set) var form = TargetForm.origin
    /// Of the absolute form; in the case that the client wrote it.
    package private(set) var scheme = Slice.none
    /// Without the query. Empty in the authority form, and in the absolute form when the client wrote none: then it means
    /// `/`, or `*` for OPTIONS (RFC 9112 section 3.2.4).
    package private(set) var path = Slice.none
    /// Without `?`.
    package private(set) var query = Slice.none
    package private(set) var hasQuery = false
    /// Of the target when it has one, else the value of Host; empty in HTTP/1.0 without Host. It is valid.
    package private(set) var authority = Slice.none
    /// The authority without its port; an IPv6 address keeps its brackets.
    package private(set) var host = Slice.none
    package private(set) var port: UInt16?
    /// 0 or 1: later ones are spoken as 1.
    package private(set) var minorVersion: UInt8 = 1
    package private(set) var framing = BodyFraming.none
    package private(set) var isPersistent = false
    /// The client waits for 100 before it sends its body.
    package private(set) var expectsContinue = false
    /// The value of Upgrade when Connection lists `upgrade` in HTTP/1.1, else empty.
    package private(set) var upgrade = Slice.none
    /// `TE: trailers`.
    package private(set) var acceptsTrailers = false
    package private(set) var fields: [Field] = []
    /// Bytes of the head with its final empty line, and with the empty line that it may begin with.
    package private(set) var length = 0
    private var present: UInt64 = 0

    package init() {}

    /// `bytes` begins at the first byte of the message. `scanned` is 0 for a new message; where the first line that is not
    /// complete begins is kept there, and lines before it are not looked at again until the head is complete: a slow
    /// client costs each line once, and the line that it is in once more for each arrival. Refuses as early as the bytes
    /// allow, and the same however they arrive.
    package mutating func parse(
        _ bytes: UnsafeRawBufferPointer, scanned: inout Int, limits: HeadLimits
    ) -> HeadProgress {
        guard let base = bytes.baseAddress else { return .incomplete }
        let end = min(bytes.count, limits.bytes)
        var reader = HeadReader(base, end: end, position: scanned)
        do throws(Stop) {
            if scanned > 0 {
                _ = try reader.fields(into: &fields, limits)
                reader = HeadReader(base, end: end, position: 0)
            }
            try read(&reader, limits)
            scanned = 0
            return .complete(count: length)
        } catch {
            return reader.stopped(error, received: bytes.count, limits, &scanned)
        }
    }

    @inline(__always)
    private mutating func read(_ reader: inout HeadReader, _ limits: HeadLimits) throws(Stop) {
        let line = try reader.requestLine(limits)
        (method, methodText, target) = (line.method, line.methodText, line.target)
        minorVersion = line.minorVersion
        let parts = try Target(reader.base, line.target, line.method)
        let facts = try reader.fields(into: &fields, limits)
        length = reader.position
        present = facts.present
        try route(parts, facts, reader.base)
        try frame(facts, reader.base)
        try facts.markNamed(&fields, reader.base)
        isPersistent = facts.isPersistent(minorVersion: minorVersion)
        upgrade = facts.announcedUpgrade(minorVersion: minorVersion)
        acceptsTrailers = facts.acceptsTrailers
    }

    /// Host must be there once and be valid, even when the target overrides it (RFC 9112 section 3.2).
    @inline(__always)
    private mutating func route(_ parts: Target, _ facts: FieldFacts, _ base: UnsafeRawPointer) throws(Stop) {
        (form, scheme, path, query, hasQuery) = (parts.form, parts.scheme, parts.path, parts.query, parts.hasQuery)
        guard facts.hosts <= 1 else { throw .refused(.repeatedHost) }
        var named: Authority?
        if facts.hosts == 1 {
            named = Authority(base, facts.host)
            guard named != nil else { throw .refused(.invalidHost) }
        } else if minorVersion > 0 {
            throw .refused(.missingHost)
        }
        authority = parts.authority == nil ? facts.host : parts.authorityText
        host = (parts.authority ?? named)?.host ?? .none
        port = (parts.authority ?? named)?.port
    }

    @inline(__always)
    private mutating func frame(_ facts: FieldFacts, _ base: UnsafeRawPointer) throws(Stop) {
        if try facts.isChunked(base, minorVersion: minorVersion) {
            framing = .chunked
        } else {
            guard facts.lengths <= 1 else { throw .refused(.repeatedContentLength) }
            framing = facts.lengths == 1 ? .length(facts.length) : .none
        }
        // A client must not send content with TRACE (RFC 9110 section 9.3.8).
        let hasBody = framing == .chunked || facts.length > 0
        guard method != .trace || !hasBody else { throw .refused(.bodyNotAllowed) }
        expectsContinue = try facts.expectsContinue(base, minorVersion: minorVersion) && hasBody
        if minorVersion == 0 && facts.expectations > 0 { dropExpectations() }
    }

    /// The next hop speaks 1.1 and would heed them.
    private mutating func dropExpectations() {
        for index in fields.indices where fields[index].known == .expect { fields[index].isHopByHop = true }
    }
}

extension RequestHead {
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
