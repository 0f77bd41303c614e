/// The `traceparent` header of W3C trace context, Levels 1 and 2:
///
/// ```text
/// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
/// ver trace-id                        parent-id        flags
/// ```
///
/// Version 00 is exactly 55 bytes; a later version may go on after a `-`, and its first four fields are read as those of
/// version 00. Version ff, upper-case digits and all-zero identifiers are invalid. We always send version 00.
package struct TraceParent: Hashable, Sendable {
    package static let length = 55

    package var traceID: TraceID
    package var spanID: SpanID
    package var flags: TraceFlags

    package init(traceID: TraceID, spanID: SpanID, flags: TraceFlags) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// Reads a field value, with spaces and tabs around it allowed. Allocates nothing.
    package init?(parsing bytes: RawSpan) {
        let range = bytes.trimmed(0..<bytes.byteCount)
        guard range.count >= TraceParent.length else { return nil }
        let start = range.lowerBound
        guard let version = Hex.number(bytes, at: start, digits: 2),
            TraceParent.allowsLength(range.count, version: version, bytes: bytes, start: start),
            bytes.byte(start + 2) == dash, bytes.byte(start + 35) == dash, bytes.byte(start + 52) == dash,
            let high = Hex.number(bytes, at: start + 3, digits: 16),
            let low = Hex.number(bytes, at: start + 19, digits: 16), let traceID = TraceID(high: high, low: low),
            let parent = Hex.number(bytes, at: start + 36, digits: 16), let spanID = SpanID(parent),
            let flags = Hex.number(bytes, at: start + 53, digits: 2)
        else { return nil }
        self.traceID = traceID
        self.spanID = spanID
        self.flags = TraceFlags(rawValue: UInt8(truncatingIfNeeded: flags)).intersection(.known)
    }

    package init?(parsing text: String) {
        guard let parsed = text.withUTF8Bytes({ TraceParent(parsing: $0) }) else { return nil }
        self = parsed
    }

    /// Appends the 55 bytes of the header's value.
    package func append(to text: inout [UInt8]) {
        text.append(UInt8(ascii: "0"))
        text.append(UInt8(ascii: "0"))
        text.append(dash)
        traceID.append(to: &text)
        text.append(dash)
        spanID.append(to: &text)
        text.append(dash)
        Hex.append(UInt64(flags.rawValue), digits: 2, to: &text)
    }

    package var headerValue: String {
        var text = [UInt8]()
        text.reserveCapacity(TraceParent.length)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static func allowsLength(_ length: Int, version: UInt64, bytes: RawSpan, start: Int) -> Bool {
        switch version {
        case 0xFF: false
        case 0: length == TraceParent.length
        default: length == TraceParent.length || bytes.byte(start + TraceParent.length) == dash
        }
    }
}

private let dash = UInt8(ascii: "-")
