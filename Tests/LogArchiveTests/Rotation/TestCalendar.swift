import Base

@testable import LogArchive

/// A zone with one hour more in summer, as Central Europe has it: from the last Sunday of March to that of October, 01:00 UTC.
struct SummerCalendar: CivilCalendar {
    func zone(at instant: WallInstant) -> CivilZone {
        let seconds = instant.wholeSeconds
        let year = CivilTime(localSeconds: seconds).date.year
        let isSummer = SummerCalendar.change(year, 3) <= seconds && seconds < SummerCalendar.change(year, 10)
        return CivilZone(offsetSeconds: isSummer ? 7200 : 3600, name: isSummer ? "CEST" : "CET")
    }

    /// Seconds since 1970 of the last Sunday of a month of 31 days, 01:00 UTC.
    static func change(_ year: Int64, _ month: Int64) -> Int64 {
        let last = CivilDate.days(year: year, month: month, day: 31)
        return (last - CivilDate.weekday(last)) * 86_400 + 3600
    }
}

/// `2026-03-29 02:30`, or with seconds, on the calendar's clock.
func moment(_ text: String, _ calendar: any CivilCalendar = FixedCalendar()) -> WallInstant {
    let numbers = text.split { !$0.isNumber }.compactMap { Int64($0) }
    let day = CivilDate.days(year: numbers[0], month: numbers[1], day: numbers[2])
    let second = numbers.count > 3 ? numbers[3] * 3600 + numbers[4] * 60 + (numbers.count > 5 ? numbers[5] : 0) : 0
    return calendar.instant(CivilTime(day: day, second: second))
}
