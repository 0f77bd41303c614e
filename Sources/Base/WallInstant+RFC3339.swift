extension WallInstant {
    /// The instant in UTC as RFC 3339, section 5.6 writes it, with milliseconds: `2026-11-23T06:33:33.120Z`.
    package var rfc3339: String {
        let (seconds, nanoseconds) = nanosecondsSince1970.flooredQuotientAndRemainder(dividingBy: 1_000_000_000)
        let (days, secondOfDay) = seconds.flooredQuotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(daysSince1970: days)
        var text = [UInt8]()
        text.reserveCapacity(24)
        text.appendPadded(date.year, width: 4)
        text.append(UInt8(ascii: "-"))
        text.appendPadded(date.month, width: 2)
        text.append(UInt8(ascii: "-"))
        text.appendPadded(date.day, width: 2)
        text.append(UInt8(ascii: "T"))
        text.appendPadded(secondOfDay / 3600, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendPadded(secondOfDay / 60 % 60, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendPadded(secondOfDay % 60, width: 2)
        text.append(UInt8(ascii: "."))
        text.appendPadded(nanoseconds / 1_000_000, width: 3)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }
}

/// A day of the proleptic Gregorian calendar, counted with eras of 400 years (146,097 days), years starting in March.
package struct CivilDate: Hashable, Sendable {
    package let year: Int64
    package let month: Int64
    package let day: Int64

    package init(daysSince1970: Int64) {
        let (era, dayOfEra) = (daysSince1970 + 719_468).flooredQuotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension [UInt8] {
    fileprivate mutating func appendPadded(_ number: Int64, width: Int) {
        let digits = String(number)
        for _ in 0..<Swift.max(0, width - digits.utf8.count) { append(UInt8(ascii: "0")) }
        append(contentsOf: digits.utf8)
    }
}
