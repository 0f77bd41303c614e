package import Base

/// `dateFormat` of a rule: text with `%Y %m %d %H %M %S %V %s %Z` and `%%`, local time. Another letter after `%` stays as it
/// is written, as in logrotate.
package struct DateFormat: Sendable, Equatable {
    enum Piece: Equatable {
        case literal([UInt8])
        case field(UInt8)
    }

    /// logrotate bounds the finished text by 64 bytes.
    package static let longest = 200

    let pieces: [Piece]

    package init(_ text: String) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let field = rest.first, DateFormat.fields.contains(field) {
                rest.removeFirst()
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = []
                pieces.append(.field(field))
            } else {
                literal.append(byte)
                if byte == UInt8(ascii: "%"), rest.first == byte { rest.removeFirst() }
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
    }

    /// What logrotate takes without a `dateformat`.
    package static func standard(every: RotateSettings.Every?) -> DateFormat {
        DateFormat(every == .hour ? "-%Y%m%d%H" : "-%Y%m%d")
    }

    static let fields = Set("YmdHMSVsZ".utf8)

    /// Whether two days have different texts.
    package var tellsDays: Bool {
        pieces.contains(.field(UInt8(ascii: "s")))
            || "Ymd".utf8.allSatisfy { pieces.contains(.field($0)) }
    }

    package func text(at instant: WallInstant, calendar: any CivilCalendar) -> String {
        let time = calendar.civil(instant)
        var text = ""
        for piece in pieces {
            switch piece {
            case .literal(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .field(let field): text += DateFormat.value(field, instant, time, calendar)
            }
        }
        return text
    }

    private static func value(
        _ field: UInt8, _ instant: WallInstant, _ time: CivilTime, _ calendar: any CivilCalendar
    ) -> String {
        switch field {
        case UInt8(ascii: "Y"): Padded.text(time.date.year, 4)
        case UInt8(ascii: "m"): Padded.text(time.date.month, 2)
        case UInt8(ascii: "d"): Padded.text(time.date.day, 2)
        case UInt8(ascii: "H"): Padded.text(time.hour, 2)
        case UInt8(ascii: "M"): Padded.text(time.minute, 2)
        case UInt8(ascii: "S"): Padded.text(time.second % 60, 2)
        case UInt8(ascii: "V"): Padded.text(isoWeek(time.day), 2)
        case UInt8(ascii: "s"): String(instant.wholeSeconds)
        default: calendar.zone(at: instant).name
        }
    }

    /// ISO 8601: the week of the year in which its Thursday lies.
    static func isoWeek(_ day: Int64) -> Int64 {
        let thursday = day + 3 - (CivilDate.weekday(day) + 6) % 7
        let year = CivilDate(daysSince1970: thursday).year
        return (thursday - CivilDate.days(year: year, month: 1, day: 1)) / 7 + 1
    }
}

extension DateFormat {
    /// Takes a date from the front of `rest`.
    ///
    /// - Returns: The moment, as far as the format tells one; nil where `rest` does not begin with such a text.
    func parse(_ rest: inout ArraySlice<UInt8>, calendar: any CivilCalendar) -> WallInstant? {
        var found = Fields()
        var scan = rest
        for piece in pieces {
            switch piece {
            case .literal(let bytes):
                guard scan.starts(with: bytes) else { return nil }
                scan = scan.dropFirst(bytes.count)
            case .field(let field):
                guard found.take(field, &scan) else { return nil }
            }
        }
        guard let instant = found.instant(calendar) else { return nil }
        rest = scan
        return instant
    }

    private struct Fields {
        var numbers: [UInt8: Int64] = [:]

        mutating func take(_ field: UInt8, _ rest: inout ArraySlice<UInt8>) -> Bool {
            if field == UInt8(ascii: "Z") {
                let name = rest.prefix(6).prefix { isLetter($0) || isDigit($0) || $0 == 0x2B || $0 == 0x2D }
                rest = rest.dropFirst(name.count)
                return !name.isEmpty
            }
            let digits = rest.prefix(width(field)).prefix(while: isDigit)
            guard digits.count == width(field) else { return false }
            numbers[field] = digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
            rest = rest.dropFirst(digits.count)
            return true
        }

        private func width(_ field: UInt8) -> Int {
            switch field {
            case UInt8(ascii: "Y"): 4
            // Seconds have ten digits from 2001 to 2286.
            case UInt8(ascii: "s"): 10
            default: 2
            }
        }

        private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

        func instant(_ calendar: any CivilCalendar) -> WallInstant? {
            if let seconds = numbers[UInt8(ascii: "s")] {
                return seconds <= CivilTime.farthest ? WallInstant(secondsSince1970: seconds) : nil
            }
            func number(_ letter: Unicode.Scalar, _ fallback: Int64) -> Int64 {
                numbers[UInt8(ascii: letter)] ?? fallback
            }
            let (month, day) = (number("m", 1), number("d", 1))
            let (hour, minute, second) = (number("H", 0), number("M", 0), number("S", 0))
            guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61 else {
                return nil
            }
            let days = CivilDate.days(year: number("Y", 1970), month: month, day: day)
            let time = CivilTime(day: days, second: hour * 3600 + minute * 60 + second)
            return abs(time.localSeconds) <= CivilTime.farthest ? calendar.instant(time) : nil
        }
    }
}
