extension FieldName {
    /// Finds a name by its length, then by comparing whole words in lower case. At most five comparisons.
    /// `base` points at `count` readable bytes, whatever they are. A name that is found is a token.
    @inline(__always)
    static func lookup(_ base: UnsafeRawPointer, count: Int) -> FieldName {
        guard count >= 2, count <= 19 else { return .other }
        let key = NameKey(base, count: count)
        return count < 10 ? short(key, count) : count < 14 ? medium(key, count) : long(key, count)
    }

    @inline(__always)
    private static func short(_ key: NameKey, _ count: Int) -> FieldName {
        switch count {
        case 2: "te" ~= key ? .te : .other
        case 3: "via" ~= key ? .via : "age" ~= key ? .age : .other
        case 4: "host" ~= key ? .host : "date" ~= key ? .date : "etag" ~= key ? .etag : "vary" ~= key ? .vary : .other
        case 5: "range" ~= key ? .range : .other
        case 6: six(key)
        case 7: seven(key)
        case 8: "location" ~= key ? .location : "if-match" ~= key ? .ifMatch : "if-range" ~= key ? .ifRange : .other
        default: "forwarded" ~= key ? .forwarded : .other
        }
    }

    @inline(__always)
    private static func six(_ key: NameKey) -> FieldName {
        switch key {
        case "accept": .accept
        case "cookie": .cookie
        case "origin": .origin
        case "server": .server
        case "expect": .expect
        case "pragma": .pragma
        default: .other
        }
    }

    @inline(__always)
    private static func seven(_ key: NameKey) -> FieldName {
        switch key {
        case "referer": .referer
        case "upgrade": .upgrade
        case "baggage": .baggage
        case "expires": .expires
        case "trailer": .trailer
        case "warning": .warning
        default: .other
        }
    }

    @inline(__always)
    private static func medium(_ key: NameKey, _ count: Int) -> FieldName {
        switch count {
        case 10: ten(key)
        case 11: "traceparent" ~= key ? .traceparent : "retry-after" ~= key ? .retryAfter : .other
        case 12: "content-type" ~= key ? .contentType : "x-request-id" ~= key ? .xRequestID : .other
        default: thirteen(key)
        }
    }

    @inline(__always)
    private static func ten(_ key: NameKey) -> FieldName {
        switch key {
        case "connection": .connection
        case "user-agent": .userAgent
        case "set-cookie": .setCookie
        case "tracestate": .tracestate
        case "keep-alive": .keepAlive
        default: .other
        }
    }

    @inline(__always)
    private static func thirteen(_ key: NameKey) -> FieldName {
        switch key {
        case "cache-control": .cacheControl
        case "authorization": .authorization
        case "if-none-match": .ifNoneMatch
        case "last-modified": .lastModified
        case "content-range": .contentRange
        default: .other
        }
    }

    @inline(__always)
    private static func long(_ key: NameKey, _ count: Int) -> FieldName {
        switch count {
        case 14: "content-length" ~= key ? .contentLength : "http2-settings" ~= key ? .http2Settings : .other
        case 15: "accept-encoding" ~= key ? .acceptEncoding : "x-forwarded-for" ~= key ? .xForwardedFor : .other
        case 16: sixteen(key)
        case 17: seventeen(key)
        case 18: "proxy-authenticate" ~= key ? .proxyAuthenticate : .other
        default:
            "if-unmodified-since" ~= key
                ? .ifUnmodifiedSince : "proxy-authorization" ~= key ? .proxyAuthorization : .other
        }
    }

    @inline(__always)
    private static func sixteen(_ key: NameKey) -> FieldName {
        switch key {
        case "content-encoding": .contentEncoding
        case "x-forwarded-host": .xForwardedHost
        case "proxy-connection": .proxyConnection
        default: .other
        }
    }

    @inline(__always)
    private static func seventeen(_ key: NameKey) -> FieldName {
        switch key {
        case "transfer-encoding": .transferEncoding
        case "if-modified-since": .ifModifiedSince
        case "x-forwarded-proto": .xForwardedProto
        default: .other
        }
    }
}
