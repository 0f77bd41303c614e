package import Base
import Glibc

/// The seam for local time: which offset from UTC holds when. All else about days and hours is arithmetic.
///
/// `SystemCalendar` asks the C library (TZ, /etc/localtime); `FixedCalendar` and tests of daylight saving have their own.
package protocol CivilCalendar: Sendable {
    /// Seconds east of UTC at `instant`, and the zone's short name (`CET`).
    func zone(at instant: WallInstant) -> CivilZone
}

package struct CivilZone: Sendable, Equatable {
    package let offsetSeconds: Int
    package let name: String

    package init(offsetSeconds: Int, name: String) {
        self.offsetSeconds = offsetSeconds
        self.name = name
    }
}

/// The zone of this host, by localtime_r(3).
package struct SystemCalendar: CivilCalendar {
    package init() {
        // localtime_r(3) need not look at TZ, which tzset(3) does.
        tzset()
    }

    package func zone(at instant: WallInstant) -> CivilZone {
        var seconds = time_t(instant.wholeSeconds)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return CivilZone(offsetSeconds: 0, name: "UTC") }
        return CivilZone(
            offsetSeconds: Int(parts.tm_gmtoff), name: parts.tm_zone.map { String(cString: $0) } ?? "UTC")
    }
}

/// One offset for ever.
package struct FixedCalendar: CivilCalendar {
    private let fixed: CivilZone

    package init(offsetSeconds: Int = 0, name: String = "UTC") {
        fixed = CivilZone(offsetSeconds: offsetSeconds, name: name)
    }

    package func zone(at instant: WallInstant) -> CivilZone { fixed }
}

/// What a wall clock shows: a day, counted from 1970-01-01, and the seconds of that day (86,400 at most).
package struct CivilTime: Sendable, Hashable {
    package var day: Int64
    package var second: Int64

    package init(day: Int64, second: Int64) {
        self.day = day
        self.second = second
    }

    /// - Parameter seconds: since 1970-01-01T00:00 on the wall clock.
    package init(localSeconds seconds: Int64) {
        day = seconds.flooredDivision(by: 86_400)
        second = seconds - day * 86_400
    }

    /// Seconds from 1970 that a `WallInstant` holds with room for offsets: the year 2255.
    static let farthest: Int64 = 9_000_000_000

    package var localSeconds: Int64 { day * 86_400 + second }
    package var date: CivilDate { CivilDate(daysSince1970: day) }
    package var hour: Int64 { second / 3600 }
    package var minute: Int64 { second / 60 % 60 }

    /// `2026-11-28 13:45`
    package var text: String {
        let date = date
        return "\(Padded.text(date.year, 4))-\(Padded.text(date.month, 2))-\(Padded.text(date.day, 2)) "
            + "\(Padded.text(hour, 2)):\(Padded.text(minute, 2))"
    }
}

extension CivilCalendar {
    package func civil(_ instant: WallInstant) -> CivilTime {
        CivilTime(localSeconds: instant.wholeSeconds + Int64(zone(at: instant).offsetSeconds))
    }

    /// The first moment at which wall clocks show `time` or later on that day: of an hour that comes twice the first one, of
    /// one that is left out the moment of the jump. What lies past the year 2255 is the end of it.
    package func instant(_ time: CivilTime) -> WallInstant {
        let local = min(max(time.localSeconds, -CivilTime.farthest), CivilTime.farthest)
        let offsets = [-86_400, 86_400].map { offset(local + $0) }
        let candidates = [local - max(offsets[0], offsets[1]), local - min(offsets[0], offsets[1])]
        if let exact = candidates.first(where: { $0 + offset($0) == local }) {
            return WallInstant(secondsSince1970: exact)
        }
        var (before, after) = (candidates[0], candidates[1])
        while after - before > 1 {
            let middle = (before + after) / 2
            if middle + offset(middle) < local { before = middle } else { after = middle }
        }
        return WallInstant(secondsSince1970: after)
    }

    private func offset(_ seconds: Int64) -> Int64 {
        Int64(zone(at: WallInstant(secondsSince1970: seconds)).offsetSeconds)
    }
}

extension CivilDate {
    /// Days since 1970-01-01, the inverse of `init(daysSince1970:)`.
    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredDivision(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// 0 is Sunday: 1970-01-01 was a Thursday.
    package static func weekday(_ day: Int64) -> Int64 {
        let shifted = (day + 4) % 7
        return shifted < 0 ? shifted + 7 : shifted
    }
}

extension WallInstant {
    package var wholeSeconds: Int64 { nanosecondsSince1970.flooredDivision(by: 1_000_000_000) }
}

extension Int64 {
    func flooredDivision(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// Numbers with leading zeros.
enum Padded {
    static func text(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
