package import Base

/// The reset time of a rate limit, as `RateLimit-Reset` or `X-RateLimit-Reset` tell it: seconds from now, or a Unix
/// time. There is no standard (the IETF's draft counts seconds, GitHub sends a Unix time), but no one waits for 31
/// years: from a thousand million on it is a Unix time, in seconds, or in milliseconds where seconds would lie beyond
/// the year 5138.
package enum RateLimitReset {
    /// How long to wait, or nil when the field is malformed. A time in the past is zero; fractions of a second round
    /// up.
    package static func parse(_ field: String, wallNow: WallInstant) -> Duration? {
        var whole: Int64 = 0
        var hasFraction = false
        var isInFraction = false
        var digits = 0
        for byte in field.utf8.trimmingOptionalWhitespace() {
            if byte == UInt8(ascii: "."), !isInFraction, digits > 0 {
                isInFraction = true
                continue
            }
            guard byte.isASCIIDigit else { return nil }
            digits += 1
            let digit = Int64(byte - UInt8(ascii: "0"))
            if isInFraction { hasFraction = hasFraction || digit > 0 } else { whole = min(1 << 50, whole * 10 + digit) }
        }
        guard digits > 0 else { return nil }
        return wait(whole + (hasFraction ? 1 : 0), wallNow: wallNow)
    }

    private static func wait(_ number: Int64, wallNow: WallInstant) -> Duration {
        guard number >= 1_000_000_000 else { return .seconds(number) }
        let milliseconds = number > 100_000_000_000 ? number : number * 1000
        let now = wallNow.nanosecondsSince1970 / 1_000_000
        return .milliseconds(max(0, milliseconds.subtractingClamped(now)))
    }
}
