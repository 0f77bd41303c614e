import Base
import HTTPWire
import Resilience

/// Dates in fields, as a cache reads and writes them.
enum FieldDate {
    /// All three forms of RFC 9110 section 5.6.7, whatever the case of letters (RFC 9111 section 4.2 asks caches for
    /// it). Anything else, another zone than GMT too, is nil. Allocates: for storing and conditions, not for each hit.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> WallInstant? {
        guard bytes.count <= 40 else { return nil }
        var text = ""
        var isInside = false
        for byte in bytes {
            let isLetter = (byte | 0x20) &- 0x61 < 26
            text.unicodeScalars.append(Unicode.Scalar(isLetter ? (isInside ? byte | 0x20 : byte & 0xDF) : byte))
            isInside = isLetter
        }
        if text.hasSuffix(" Gmt") { text = text.dropLast(3) + "GMT" }
        return HTTPDate.parse(text[...].utf8)
    }

    /// The date of a field that is there exactly once.
    static func only(_ name: FieldName, _ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer) -> WallInstant?
    {
        guard head.count(name) == 1, let field = head.first(name) else { return nil }
        return parse(field.value.bytes(in: bytes))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func write(_ instant: WallInstant, to out: inout [UInt8]) {
        let seconds = instant.nanosecondsSince1970.flooredDivided(by: 1_000_000_000)
        let days = seconds.flooredDivided(by: 86_400)
        let (time, date) = (seconds - days * 86_400, CivilDate(daysSince1970: days))
        let weekday = Int((days % 7 + 11) % 7)
        out += dayNames[weekday].utf8
        out += ", ".utf8
        append(date.day, to: &out)
        out += " \(monthNames[Int(date.month) - 1]) ".utf8
        append(date.year / 100, to: &out)
        append(date.year % 100, to: &out)
        for (mark, part) in [(" ", time / 3600), (":", time / 60 % 60), (":", time % 60)] {
            out += mark.utf8
            append(part, to: &out)
        }
        out += " GMT".utf8
    }

    private static func append(_ number: Int64, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10))
        out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    private static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension WallInstant {
    /// Dates in fields have no parts of seconds.
    var wholeSecond: WallInstant {
        WallInstant(nanosecondsSince1970: nanosecondsSince1970 - nanosecondsSince1970 % 1_000_000_000)
    }
}

extension Int64 {
    fileprivate func flooredDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
