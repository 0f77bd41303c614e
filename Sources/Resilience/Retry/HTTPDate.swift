package import Base

/// HTTP dates (RFC 9110, section 5.6.7), read in all three forms:
///
///     Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
///     Sunday, 06-Nov-94 08:49:37 GMT   RFC 850, obsolete
///     Sun Nov  6 08:49:37 1994         asctime(3), obsolete
///
/// The name of the day must be one, but is not checked against the date. A two-digit year is 1970…2069, which does not
/// need the present year and is right until 2069.
package enum HTTPDate {
    /// The instant, or nil when `text` is none of the three forms or names no day that exists.
    package static func parse(_ text: Substring.UTF8View) -> WallInstant? {
        var reader = DateReader(rest: text)
        guard let dayName = reader.word() else { return nil }
        if reader.skip(",") {
            guard reader.skip(" ") else { return nil }
            return shortDayNames.contains(dayName)
                ? reader.imfFixdate() : longDayNames.contains(dayName) ? reader.rfc850() : nil
        }
        return shortDayNames.contains(dayName) ? reader.asctime() : nil
    }

    private static let shortDayNames: Set = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDayNames: Set = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
}

private struct DateReader {
    var rest: Substring.UTF8View

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    mutating func imfFixdate() -> WallInstant? {
        guard let day = number(2), skip(" "), let month = month(), skip(" "), let year = number(4), skip(" "),
            let second = timeOfDay(), skip(" GMT"), rest.isEmpty
        else { return nil }
        return instant(year: year, month: month, day: day, second: second)
    }

    mutating func rfc850() -> WallInstant? {
        guard let day = number(2), skip("-"), let month = month(), skip("-"), let short = number(2), skip(" "),
            let second = timeOfDay(), skip(" GMT"), rest.isEmpty
        else { return nil }
        return instant(year: short < 70 ? 2000 + short : 1900 + short, month: month, day: day, second: second)
    }

    mutating func asctime() -> WallInstant? {
        guard skip(" "), let month = month(), skip(" "), let day = skip(" ") ? number(1) : number(2), skip(" "),
            let second = timeOfDay(), skip(" "), let year = number(4), rest.isEmpty
        else { return nil }
        return instant(year: year, month: month, day: day, second: second)
    }

    mutating func word() -> String? {
        let letters = rest.prefix { $0 & 0xDF >= UInt8(ascii: "A") && $0 & 0xDF <= UInt8(ascii: "Z") }
        guard !letters.isEmpty, letters.count <= 9 else { return nil }
        rest = rest[letters.endIndex...]
        return String(Substring(letters))
    }

    mutating func skip(_ literal: StaticString) -> Bool {
        let size = literal.utf8CodeUnitCount
        let matches = literal.withUTF8Buffer { rest.prefix(size).elementsEqual($0) }
        if matches { rest = rest.dropFirst(size) }
        return matches
    }

    private mutating func number(_ width: Int) -> Int64? {
        let digits = rest.prefix(width)
        guard digits.count == width, digits.allSatisfy(\.isASCIIDigit) else { return nil }
        rest = rest[digits.endIndex...]
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    private mutating func month() -> Int64? {
        word().flatMap { DateReader.months.firstIndex(of: $0) }.map { Int64($0) + 1 }
    }

    /// Seconds since midnight; second 60 is a leap second and counts as the next minute's first.
    private mutating func timeOfDay() -> Int64? {
        guard let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// Days are counted in years that begin in March, so that a leap day is the last of its year.
    private func instant(year: Int64, month: Int64, day: Int64, second: Int64) -> WallInstant? {
        let marchYear = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
        let back = CivilDate(daysSince1970: days)
        guard back.year == year, back.month == month, back.day == day else { return nil }
        let seconds = days * 86_400 + second
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow
            ? WallInstant(nanosecondsSince1970: seconds < 0 ? .min : .max)
            : WallInstant(nanosecondsSince1970: nanoseconds)
    }
}
