import Base
import Glibc
import TestKit
import Testing

@testable import LogArchive

@Suite("Civil time")
struct CivilCalendarTests {
    @Test("days are counted as CivilDate counts them, there and back")
    func days() {
        for day in stride(from: Int64(-800_000), through: 800_000, by: 37) {
            let date = CivilDate(daysSince1970: day)
            #expect(CivilDate.days(year: date.year, month: date.month, day: date.day) == day)
        }
        #expect(CivilDate.weekday(0) == 4)
        #expect(CivilDate.weekday(-5) == 6)
    }

    @Test(
        "summer time comes and goes",
        arguments: [
            ("2026-03-29 01:59", "2026-03-29 00:59"), ("2026-03-29 03:00", "2026-03-29 01:00"),
            // The hour that is left out, and the one that comes twice.
            ("2026-03-29 02:30", "2026-03-29 01:00"), ("2026-10-25 02:30", "2026-10-25 00:30"),
            ("2026-10-25 03:00", "2026-10-25 02:00"), ("2026-07-01 12:00", "2026-07-01 10:00"),
            ("2026-12-31 00:00", "2026-12-30 23:00"),
        ])
    func summer(local: String, utc: String) {
        #expect(moment(local, SummerCalendar()) == moment(utc))
    }

    @Test("every moment has a clock time that leads back to it, but for the hour that comes twice")
    func roundTrip() {
        let calendar = SummerCalendar()
        var instant = moment("2026-01-01 00:00")
        let twice = moment("2026-10-25 01:00")..<moment("2026-10-25 02:00")
        while instant < moment("2027-01-01 00:00") {
            if !twice.contains(instant) { #expect(calendar.instant(calendar.civil(instant)) == instant) }
            instant = instant.advanced(by: .seconds(1741))
        }
    }

    @Test("the host's zone is that of localtime")
    func host() {
        let calendar = SystemCalendar()
        for seconds in stride(from: 0, through: 2_000_000_000, by: 13_333_333) {
            var time = time_t(seconds)
            var parts = tm()
            localtime_r(&time, &parts)
            let civil = calendar.civil(WallInstant(secondsSince1970: Int64(seconds)))
            #expect(civil.hour == Int64(parts.tm_hour))
            #expect(civil.date.day == Int64(parts.tm_mday))
            #expect(civil.date.year == Int64(parts.tm_year) + 1900)
        }
    }
}
