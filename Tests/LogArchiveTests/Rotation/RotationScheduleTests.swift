import Base
import Testing

@testable import LogArchive

@Suite("When a log is rotated")
struct RotationScheduleTests {
    private func settings(_ change: (inout RotateSettings) -> Void) -> RotateSettings {
        var settings = RotateSettings()
        change(&settings)
        return settings
    }

    struct Turn: Sendable, CustomTestStringConvertible {
        let every: RotateSettings.Every
        let last: String
        let now: String
        let isDue: Bool
        let next: String
        var at = 0
        var weekday = RotateSettings.Weekday.sunday
        var sevenDays = false

        var testDescription: String { "\(every) \(last) → \(now)" }
    }

    static let turns = [
        Turn(every: .hour, last: "2026-05-01 10:59", now: "2026-05-01 11:00", isDue: true, next: "2026-05-01 12:00"),
        Turn(every: .hour, last: "2026-05-01 11:00", now: "2026-05-01 11:59", isDue: false, next: "2026-05-01 12:00"),
        Turn(every: .day, last: "2026-05-01 23:59", now: "2026-05-02 00:00", isDue: true, next: "2026-05-03 00:00"),
        Turn(every: .day, last: "2026-05-01 00:00", now: "2026-05-01 23:59", isDue: false, next: "2026-05-02 00:00"),
        Turn(
            every: .day, last: "2026-05-01 12:00", now: "2026-05-02 03:29", isDue: false, next: "2026-05-02 03:30",
            at: 210),
        Turn(
            every: .day, last: "2026-05-01 12:00", now: "2026-05-02 03:30", isDue: true, next: "2026-05-03 03:30",
            at: 210),
        Turn(
            every: .day, last: "2026-05-02 03:00", now: "2026-05-02 03:30", isDue: true, next: "2026-05-03 03:30",
            at: 210),
        // 2026-05-03 is a Sunday.
        Turn(every: .week, last: "2026-04-28 12:00", now: "2026-05-02 23:59", isDue: false, next: "2026-05-03 00:00"),
        Turn(every: .week, last: "2026-04-28 12:00", now: "2026-05-03 00:00", isDue: true, next: "2026-05-05 00:00"),
        Turn(every: .week, last: "2026-05-03 00:10", now: "2026-05-03 23:00", isDue: false, next: "2026-05-10 00:00"),
        // The host was off on Sunday: it waits for seven days or the next one, as logrotate does.
        Turn(every: .week, last: "2026-04-29 12:00", now: "2026-05-04 10:00", isDue: false, next: "2026-05-06 00:00"),
        Turn(every: .week, last: "2026-04-29 12:00", now: "2026-05-06 00:00", isDue: true, next: "2026-05-07 00:00"),
        Turn(
            every: .week, last: "2026-05-01 12:00", now: "2026-05-05 00:00", isDue: true, next: "2026-05-08 00:00",
            weekday: .tuesday),
        Turn(
            every: .week, last: "2026-05-01 12:00", now: "2026-05-07 23:00", isDue: false, next: "2026-05-08 00:00",
            sevenDays: true),
        Turn(every: .month, last: "2026-01-31 23:00", now: "2026-02-01 00:00", isDue: true, next: "2026-03-01 00:00"),
        Turn(every: .month, last: "2026-12-01 00:00", now: "2026-12-31 23:59", isDue: false, next: "2027-01-01 00:00"),
        Turn(
            every: .month, last: "2025-12-20 00:00", now: "2026-01-01 02:00", isDue: false, next: "2026-01-01 06:00",
            at: 360),
        Turn(every: .year, last: "2025-12-31 23:59", now: "2026-01-01 00:00", isDue: true, next: "2027-01-01 00:00"),
        Turn(every: .year, last: "2026-01-01 00:00", now: "2026-12-31 00:00", isDue: false, next: "2027-01-01 00:00"),
        // Daylight saving: 02:30 does not come on March 29 and comes twice on October 25.
        Turn(
            every: .day, last: "2026-03-28 12:00", now: "2026-03-29 01:59", isDue: false, next: "2026-03-29 03:00",
            at: 150),
        Turn(
            every: .day, last: "2026-03-28 12:00", now: "2026-03-29 03:00", isDue: true, next: "2026-03-30 02:30",
            at: 150),
        Turn(every: .hour, last: "2026-03-29 01:59", now: "2026-03-29 03:00", isDue: true, next: "2026-03-29 04:00"),
    ]

    @Test("another hour, day, week, month or year", arguments: turns)
    func turn(_ turn: Turn) {
        let calendar = SummerCalendar()
        let settings = settings {
            $0.every = turn.every
            $0.at = turn.at == 0 ? nil : TimeOfDay(minutes: turn.at)
            $0.weekday = turn.weekday
            $0.sevenDays = turn.sevenDays
        }
        let (last, now) = (moment(turn.last, calendar), moment(turn.now, calendar))
        let decision = RotationSchedule(settings, calendar: calendar).decide(
            .init(size: 1, lastRotation: last), now: now)
        #expect(decision.isRotate == turn.isDue, "\(decision)")
        let next = RotationPeriods(settings, calendar: calendar).next(turn.every, after: last, now: now)
        #expect(calendar.civil(next).text == turn.next)
        if case .wait(_, let nextAt) = decision { #expect(nextAt == next) }
    }

    @Test(
        "what is waited for comes: a log is rotated at the moment that was promised, not before",
        arguments: RotateSettings.Every.allCases, [0, 150, 1439])
    func promise(every: RotateSettings.Every, at: Int) throws {
        let calendar = SummerCalendar()
        let settings = settings {
            $0.every = every
            $0.at = TimeOfDay(minutes: at)
        }
        let schedule = RotationSchedule(settings, calendar: calendar)
        var now = moment("2026-03-01 12:34", calendar)
        while now < moment(every == .year ? "2200-01-01" : every == .hour ? "2026-12-01" : "2030-01-01") {
            let log = RotationSchedule.Log(size: 1, lastRotation: now)
            guard case .wait(_, let nextAt) = schedule.decide(log, now: now) else {
                Issue.record("rotated twice at \(calendar.civil(now).text)")
                return
            }
            let next = try #require(nextAt)
            #expect(next > now)
            #expect(schedule.decide(log, now: next).isRotate, "\(calendar.civil(next).text)")
            #expect(
                !schedule.decide(log, now: next.advanced(by: .seconds(-1))).isRotate, "\(calendar.civil(next).text)")
            now = next
        }
    }

    @Test("the hour that comes twice begins no second day, and is two hours")
    func autumn() {
        let calendar = SummerCalendar()
        let daily = RotationSchedule(
            settings {
                $0.every = .day; $0.at = TimeOfDay(minutes: 150)
            }, calendar: calendar)
        let first = moment("2026-10-25 00:30")
        #expect(calendar.civil(first).text == "2026-10-25 02:30")
        #expect(daily.decide(.init(size: 1, lastRotation: moment("2026-10-24 12:00")), now: first).isRotate)
        for minutes in stride(from: 1, through: 22 * 60, by: 7) {
            let now = first.advanced(by: .seconds(minutes * 60))
            #expect(!daily.decide(.init(size: 1, lastRotation: first), now: now).isRotate)
        }
        let hourly = RotationSchedule(settings { $0.every = .hour }, calendar: calendar)
        #expect(
            hourly.decide(.init(size: 1, lastRotation: moment("2026-10-25 00:59")), now: moment("2026-10-25 01:00"))
                .isRotate)
    }

    struct Sized: Sendable {
        let size: Int64
        let wanted: String
        let change: @Sendable (inout RotateSettings) -> Void
        var force = false

        init(
            _ size: Int64, _ wanted: String, force: Bool = false,
            _ change: @escaping @Sendable (inout RotateSettings) -> Void
        ) {
            self.size = size
            self.wanted = wanted
            self.change = change
            self.force = force
        }
    }

    /// All with a last rotation yesterday and a log that was written to two hours ago.
    static let sizes = [
        Sized(0, "wait: it is empty") { $0.every = .day },
        Sized(0, "wait: it is empty", force: true) { $0.every = .day },
        Sized(0, "rotate: another day has begun: last rotated 2026-04-30 12:00") {
            $0.every = .day
            $0.ifEmpty = true
        },
        Sized(1, "rotate: it is forced", force: true) { $0.minSize = ByteCount(50) },
        Sized(1, "wait: the rule has no size and no every: it is rotated by force only") { _ in },
        Sized(1023, "wait: its size, 1023, is below 1k") { $0.size = .kibibytes(1) },
        Sized(1024, "rotate: its size, 1.0K, has reached size, 1k") { $0.size = .kibibytes(1) },
        Sized(1024, "wait: its size, 1.0K, is below 1k") { $0.maxSize = .kibibytes(1) },
        Sized(1025, "rotate: its size, 1.1K, is above maxSize, 1k") { $0.maxSize = .kibibytes(1) },
        Sized(1, "rotate: another day has begun: last rotated 2026-04-30 12:00") {
            $0.every = .day
            $0.size = .kibibytes(1)
        },
        Sized(9, "wait: its time has come, but its size, 9, is below minSize, 10") {
            $0.every = .day
            $0.minSize = ByteCount(10)
        },
        Sized(10, "rotate: another day has begun: last rotated 2026-04-30 12:00") {
            $0.every = .day
            $0.minSize = ByteCount(10)
        },
        Sized(30, "rotate: its size, 30, is above maxSize, 20") {
            $0.every = .year
            $0.minAge = .seconds(86_400)
            $0.maxSize = ByteCount(20)
        },
        Sized(5, "wait: its time has come, but it was written to within minAge: it must rest until 2026-05-01 13:00") {
            $0.every = .day
            $0.minAge = .seconds(3 * 3600)
        },
        Sized(5, "rotate: another day has begun: last rotated 2026-04-30 12:00") {
            $0.every = .day
            $0.minAge = .seconds(2 * 3600 - 1)
        },
    ]

    @Test("sizes, ages and force", arguments: sizes.indices)
    func sizeDecisions(index: Int) {
        let table = RotationScheduleTests.sizes[index]
        let log = RotationSchedule.Log(
            size: table.size, lastRotation: moment("2026-04-30 12:00"), modified: moment("2026-05-01 10:00"))
        let decision = RotationSchedule(settings(table.change), calendar: FixedCalendar())
            .decide(log, now: moment("2026-05-01 12:00"), force: table.force)
        #expect("\(decision.isRotate ? "rotate" : "wait"): \(decision.reason)" == table.wanted)
    }

    @Test("a log that was never rotated counts as rotated when it was first seen")
    func neverRotated() {
        let schedule = RotationSchedule(
            settings {
                $0.every = .day; $0.size = ByteCount(100)
            }, calendar: FixedCalendar())
        let now = moment("2026-05-02 00:10")
        #expect(!schedule.decide(.init(size: 1), now: now).isRotate)
        #expect(!schedule.decide(.init(size: 1, firstSeen: moment("2026-05-02 00:05")), now: now).isRotate)
        #expect(schedule.decide(.init(size: 1, firstSeen: moment("2026-05-01 23:50")), now: now).isRotate)
        #expect(schedule.decide(.init(size: 100), now: now).isRotate)
    }

    @Test("a last rotation in the future counts as now and is told; far in the future it was a mistake")
    func future() {
        let schedule = RotationSchedule(settings { $0.every = .day }, calendar: FixedCalendar())
        let now = moment("2026-05-01 12:00")
        let near = schedule.decide(.init(size: 1, lastRotation: moment("2026-05-02 13:00")), now: now)
        #expect(!near.isRotate)
        #expect(near.reason.contains("2026-05-02 13:00, is in the future and counts as now"))
        if case .wait(_, let nextAt) = near { #expect(nextAt == moment("2026-05-02 00:00")) }
        let far = schedule.decide(.init(size: 1, lastRotation: moment("2026-05-02 13:00:01")), now: now)
        #expect(far.isRotate)
        #expect(far.reason.contains("far in the future"))
    }
}
