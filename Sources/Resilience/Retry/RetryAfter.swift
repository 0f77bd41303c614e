package import Base

/// The `Retry-After` header field (RFC 9110, section 10.2.3): a count of seconds or a date.
package enum RetryAfter {
    /// How long the server asks to wait, or nil when the field is malformed and so says nothing.
    ///
    /// A date in the past is zero. A count that no clock can hold is clamped to `Int32.max` seconds (68 years); the
    /// policy's `maxRetryAfter` bounds it further. All three date formats are read, as section 5.6.7 demands of
    /// recipients.
    package static func parse(_ field: String, wallNow: WallInstant) -> Duration? {
        let text = field.utf8.trimmingOptionalWhitespace()
        guard let first = text.first else { return nil }
        if first.isASCIIDigit {
            return deltaSeconds(text)
        }
        guard let date = HTTPDate.parse(text) else { return nil }
        let left = date.nanosecondsSince1970.subtractingClamped(wallNow.nanosecondsSince1970)
        return .nanoseconds(max(0, left))
    }

    private static func deltaSeconds(_ text: Substring.UTF8View) -> Duration? {
        var seconds: Int64 = 0
        for byte in text {
            guard byte.isASCIIDigit else { return nil }
            seconds = min(Int64(Int32.max), seconds * 10 + Int64(byte - UInt8(ascii: "0")))
        }
        return .seconds(seconds)
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
}

extension String.UTF8View {
    /// Without leading and trailing spaces and tabs (OWS, RFC 9110, section 5.6.3).
    func trimmingOptionalWhitespace() -> Substring.UTF8View {
        var rest = self[...]
        while let byte = rest.first, byte == 0x20 || byte == 0x09 { rest = rest.dropFirst() }
        while let byte = rest.last, byte == 0x20 || byte == 0x09 { rest = rest.dropLast() }
        return rest
    }
}
