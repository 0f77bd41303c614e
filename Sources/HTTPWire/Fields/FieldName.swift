/// Field names that the gateway looks at; every other is `.other`. Those that decide about framing and routing come first.
/// At most 64, so that a head keeps a bit for each.
package enum FieldName: UInt8, Sendable, CaseIterable {
    case other
    case host, connection, contentLength, transferEncoding, expect, upgrade, te
    case trailer, keepAlive, proxyConnection, proxyAuthenticate, proxyAuthorization, http2Settings
    case via, forwarded, xForwardedFor, xForwardedProto, xForwardedHost, xRequestID, traceparent, tracestate, baggage
    case date, age, cacheControl, pragma, expires, etag, lastModified, vary, warning
    case authorization, cookie, setCookie, range, contentRange
    case ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, ifRange
    case accept, acceptEncoding, contentType, contentEncoding, location, retryAfter, server, userAgent, referer, origin

    /// Concerns this connection only, whatever Connection lists (RFC 9110 section 7.6.1), or frames the body, which is
    /// framed anew for the next hop.
    @inline(__always) package var isHopByHop: Bool { FieldName.hopByHop & bit != 0 }

    @inline(__always) private static var hopByHop: UInt64 {
        FieldName.connection.bit | FieldName.contentLength.bit | FieldName.transferEncoding.bit | FieldName.upgrade.bit
            | FieldName.te.bit | FieldName.keepAlive.bit | FieldName.proxyConnection.bit | FieldName.http2Settings.bit
    }

    /// What must not come in trailers: framing, routing, request modifiers, authentication, control data and what tells how
    /// to process the content (RFC 9110 section 6.5.1).
    var isForbiddenInTrailers: Bool {
        switch self {
        case .other, .etag, .traceparent, .tracestate, .baggage, .xRequestID, .server: false
        default: true
        }
    }

    /// Whether a field of this name may come in trailers.
    package static func mayTrail(_ name: String) -> Bool {
        var name = name
        let known = name.withUTF8 { bytes in
            bytes.baseAddress.map { lookup(UnsafeRawPointer($0), count: bytes.count) } ?? .other
        }
        return !known.isForbiddenInTrailers
    }

    @inline(__always) var bit: UInt64 { 1 &<< UInt64(rawValue) }
}
