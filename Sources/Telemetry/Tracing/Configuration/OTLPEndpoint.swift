import Settings

/// Forms the URL for traces from an endpoint (OTLP exporter specification, "Endpoint URLs for OTLP/HTTP").
enum OTLPEndpoint {
    /// The endpoint of all signals: `v1/traces` is appended to its path. Nil if it is no http or https URL.
    static func tracesURL(base: String) -> HTTPURL? {
        guard HTTPURL(base) != nil else { return nil }
        let path = base.prefix { $0 != "?" }
        return HTTPURL("\(path)\(path.hasSuffix("/") ? "" : "/")v1/traces\(base.dropFirst(path.count))")
    }

    /// The endpoint for traces alone: used as it is. Nil if it is no http or https URL.
    static func tracesURL(own: String) -> HTTPURL? {
        HTTPURL(own)
    }
}

/// Header fields that a user adds to each export.
enum OTLPHeader {
    /// A field name that may be set from outside: a token, and none of those that the message itself decides.
    static func allowsName(_ name: String) -> Bool {
        name.withUTF8Bytes { BaggageParser.isToken($0, 0..<$0.byteCount) } && !reserved.contains(name.lowercased())
    }

    /// No control character, so that a value cannot end the field.
    static func allowsValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static let reserved: Set<String> = [
        "connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding",
    ]
}
