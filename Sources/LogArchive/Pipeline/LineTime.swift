package import Base
import Glibc

/// The time that a log line says, where it says one in a way that is common:
///
/// - RFC 3339 and its kin: `2026-11-28T13:45:00.123+08:00`, `2026-11-28 13:45:00,123`, `2026/11/28 13:45:00`;
/// - the common log format of web servers: `[28/Nov/2026:13:45:00 +0000]`;
/// - RFC 3164, which has no year: `Nov 28 13:45:00`: the last such moment before `reference` and a day.
///
/// What names no zone is local time. Only the first 256 bytes of a line are looked at.
package struct LineTime: Sendable {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .map { Array($0.utf8) }
    static let reach = 256

    /// For what says no year.
    package let reference: WallInstant

    package init(reference: WallInstant) {
        self.reference = reference
    }

    /// Milliseconds since 1970, or nil.
    package func milliseconds(_ line: UnsafeRawBufferPointer) -> Int64? {
        let line = UnsafeRawBufferPointer(rebasing: line.prefix(LineTime.reach))
        var position = 0
        while position + 15 <= line.count {
            let byte = line[position]
            if LineTime.isDigit(byte), position == 0 || !LineTime.isDigit(line[position - 1]) {
                if let time = LineTime.dated(line, position) ?? LineTime.commonLog(line, position) { return time }
            } else if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "S"), position == 0,
                let time = withoutYear(line, position)
            {
                return time
            }
            position += 1
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// `digits` decimal digits at `position`.
    private static func number(_ line: UnsafeRawBufferPointer, _ position: Int, _ digits: Int) -> Int? {
        guard position + digits <= line.count else { return nil }
        var value = 0
        for byte in line[position..<position + digits] {
            guard isDigit(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    private static func clock(_ line: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        guard let hour = number(line, position, 2), let minute = number(line, position + 3, 2),
            let second = number(line, position + 6, 2), line[position + 2] == UInt8(ascii: ":"),
            line[position + 5] == UInt8(ascii: ":"), hour < 24, minute < 60, second < 61
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func month(_ line: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        guard position + 3 <= line.count else { return nil }
        return months.firstIndex { $0.elementsEqual(line[position..<position + 3]) }.map { $0 + 1 }
    }

    /// `2026-11-28T13:45:00` and what may follow.
    private static func dated(_ line: UnsafeRawBufferPointer, _ start: Int) -> Int64? {
        guard start + 19 <= line.count, let year = number(line, start, 4), let month = number(line, start + 5, 2),
            let day = number(line, start + 8, 2), line[start + 4] == line[start + 7],
            line[start + 4] == UInt8(ascii: "-") || line[start + 4] == UInt8(ascii: "/"),
            line[start + 10] == UInt8(ascii: "T") || line[start + 10] == UInt8(ascii: " "),
            let seconds = clock(line, start + 11), year >= 1970, (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var position = start + 19
        var milliseconds = 0
        if position < line.count, line[position] == UInt8(ascii: ".") || line[position] == UInt8(ascii: ",") {
            position += 1
            var scale = 100
            while position < line.count, isDigit(line[position]) {
                milliseconds += Int(line[position] - 0x30) * scale
                scale /= 10
                position += 1
            }
        }
        let zone = zone(line, position)
        return moment(year, month, day, seconds, zone).map { $0 * 1000 + Int64(milliseconds) }
    }

    /// `28/Nov/2026:13:45:00 +0000`.
    private static func commonLog(_ line: UnsafeRawBufferPointer, _ start: Int) -> Int64? {
        guard start + 20 <= line.count, let day = number(line, start, 2), line[start + 2] == UInt8(ascii: "/"),
            let month = month(line, start + 3), let year = number(line, start + 7, 4),
            line[start + 11] == UInt8(ascii: ":"), let seconds = clock(line, start + 12), year >= 1970,
            (1...31).contains(day)
        else { return nil }
        return moment(year, month, day, seconds, zone(line, start + 20)).map { $0 * 1000 }
    }

    /// `Nov 28 13:45:00`.
    private func withoutYear(_ line: UnsafeRawBufferPointer, _ start: Int) -> Int64? {
        guard start + 15 <= line.count, let month = LineTime.month(line, start),
            let seconds = LineTime.clock(line, start + 7)
        else { return nil }
        let tens = line[start + 4] == UInt8(ascii: " ") ? 0 : Int(line[start + 4]) - 0x30
        let day = tens * 10 + Int(line[start + 5]) - 0x30
        guard (1...31).contains(day) else { return nil }
        let limit = Int64(reference.secondsSince1970) + 86_400
        var now = time_t(limit)
        var civil = tm()
        localtime_r(&now, &civil)
        let year = Int(civil.tm_year) + 1900
        for year in [year, year - 1] {
            if let time = LineTime.moment(year, month, day, seconds, nil), time <= limit { return time * 1000 }
        }
        return nil
    }

    /// Seconds east of Greenwich at `position` (`Z`, `+08:00`, ` +0800`), or nil for none.
    private static func zone(_ line: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        var position = position
        guard position < line.count else { return nil }
        if line[position] == UInt8(ascii: "Z") { return 0 }
        if line[position] == UInt8(ascii: " ") { position += 1 }
        guard position < line.count, line[position] == UInt8(ascii: "+") || line[position] == UInt8(ascii: "-"),
            let hours = number(line, position + 1, 2), hours < 24
        else { return nil }
        let sign = line[position] == UInt8(ascii: "-") ? -1 : 1
        let colon = position + 3 < line.count && line[position + 3] == UInt8(ascii: ":") ? 1 : 0
        let minutes = number(line, position + 3 + colon, 2) ?? 0
        return sign * (hours * 3600 + minutes * 60)
    }

    private static func moment(_ year: Int, _ month: Int, _ day: Int, _ seconds: Int, _ zone: Int?) -> Int64? {
        if let zone { return days(year, month, day) * 86_400 + Int64(seconds - zone) }
        var civil = tm()
        civil.tm_year = Int32(year - 1900)
        civil.tm_mon = Int32(month - 1)
        civil.tm_mday = Int32(day)
        civil.tm_hour = Int32(seconds / 3600)
        civil.tm_min = Int32(seconds / 60 % 60)
        civil.tm_sec = Int32(seconds % 60)
        civil.tm_isdst = -1
        let time = mktime(&civil)
        return time == -1 ? nil : Int64(time)
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar: years begin in March, so that the leap day is the last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
    }
}
