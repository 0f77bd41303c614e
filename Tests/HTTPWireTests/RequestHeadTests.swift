import HTTPWire
import Testing

/// The tables of Cases/RequestCases.swift, whole, byte by byte and split at every place: the answer is the same.
@Suite struct RequestHeadTests {
    @Test(arguments: acceptedRequests + refusedRequests + framingRequests + limitedRequests)
    func takesARequestFor(_ row: HeadCase) {
        let reader = WireReader()
        let count = row.input.count
        #expect(reader.request(row.input, Arrival.whole(count), row.limits).text == row.expected)
        #expect(reader.request(row.input, Arrival.bytewise(count), row.limits).text == row.expected)
        for point in row.input.indices {
            let outcome = reader.request(row.input, Arrival.split(count, at: point), row.limits)
            #expect(outcome.text == row.expected, "split at \(point)")
        }
    }

    /// The byte with which a head is refused is the last of the text: not one before it, and no wait for one behind it.
    @Test(arguments: [
        "\u{16}", "\n", "\r\n\r", "/", "GE\u{1}", "GET\t", "GET  ", "GET /\u{1}", "GET /#", "GET /\r",
        "GET / HTTP/2.0", "GET / HTTQ/1.1", "GET / HTTP/1.1 ", "GET / HTTP/1.1\n", "GET / HTTP/1.1\rX",
        "GET / HTTP/1.1\r\n ", "GET / HTTP/1.1\r\n:", "GET / HTTP/1.1\r\nX ", "GET / HTTP/1.1\r\nX\r",
        "GET / HTTP/1.1\r\nX: \0",
        "GET / HTTP/1.1\r\nX: a\n", "GET / HTTP/1.1\r\nX: a\ra", "GET / HTTP/1.1\r\nX: a\r\n\t",
        "GET / HTTP/1.1\r\nContent-Length: +1\r\n", "GET / HTTP/1.1\r\n\r\n", "CONNECT / HTTP/1.1\r\n",
    ])
    func refusesAsEarlyAsItCan(_ text: String) {
        let input = Array(text.utf8)
        let reader = WireReader()
        #expect(reader.request(Array(input.dropLast()), Arrival.bytewise(input.count - 1)).text == "incomplete")
        #expect(reader.request(input, Arrival.whole(input.count)).text.first?.isNumber == true)
    }

    /// Every known name, in both cases, and with one byte changed to any other.
    @Test(arguments: FieldName.allCases.filter { $0 != .other })
    func knowsFieldNames(_ known: FieldName) throws {
        let name = Array(fieldNames[known, default: ""].utf8)
        try #require(!name.isEmpty, "add \(known) to fieldNames")
        let upper = name.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
        #expect(lookup(name) == known && lookup(upper) == known)
        for index in name.indices {
            for byte in UInt8.min...UInt8.max where byte != name[index] && byte != upper[index] {
                var changed = name
                changed[index] = byte
                #expect(lookup(changed) != known, "byte \(byte) at \(index)")
            }
        }
    }

    /// The known field of a line with this name behind Host and before others; nil when the head is refused.
    private func lookup(_ name: [UInt8]) -> FieldName? {
        let bytes = Array("GET / HTTP/1.0\r\n".utf8) + name + Array(": 1\r\nX-Pad: 0123456789012345\r\n\r\n".utf8)
        var head = RequestHead()
        var scanned = 0
        let progress = bytes.withUnsafeBytes { head.parse($0, scanned: &scanned, limits: HeadLimits()) }
        switch progress {
        case .complete: return head.fields[0].known
        case .refused(let refusal) where refusal.reason == .unknownExpectation: return .expect
        case .refused(let refusal) where refusal.reason == .transferEncodingInOldVersion: return .transferEncoding
        default: return nil
        }
    }
}

private let fieldNames: [FieldName: String] = [
    .host: "host",
    .connection: "connection",
    .contentLength: "content-length",
    .transferEncoding: "transfer-encoding",
    .expect: "expect",
    .upgrade: "upgrade",
    .te: "te",
    .trailer: "trailer",
    .keepAlive: "keep-alive",
    .proxyConnection: "proxy-connection",
    .proxyAuthenticate: "proxy-authenticate",
    .proxyAuthorization: "proxy-authorization",
    .http2Settings: "http2-settings",
    .via: "via",
    .forwarded: "forwarded",
    .xForwardedFor: "x-forwarded-for",
    .xForwardedProto: "x-forwarded-proto",
    .xForwardedHost: "x-forwarded-host",
    .xRequestID: "x-request-id",
    .traceparent: "traceparent",
    .tracestate: "tracestate",
    .baggage: "baggage",
    .date: "date",
    .age: "age",
    .cacheControl: "cache-control",
    .pragma: "pragma",
    .expires: "expires",
    .etag: "etag",
    .lastModified: "last-modified",
    .vary: "vary",
    .warning: "warning",
    .authorization: "authorization",
    .cookie: "cookie",
    .setCookie: "set-cookie",
    .range: "range",
    .contentRange: "content-range",
    .ifMatch: "if-match",
    .ifNoneMatch: "if-none-match",
    .ifModifiedSince: "if-modified-since",
    .ifUnmodifiedSince: "if-unmodified-since",
    .ifRange: "if-range",
    .accept: "accept",
    .acceptEncoding: "accept-encoding",
    .contentType: "content-type",
    .contentEncoding: "content-encoding",
    .location: "location",
    .retryAfter: "retry-after",
    .server: "server",
    .userAgent: "user-agent",
    .referer: "referer",
    .origin: "origin",
]
