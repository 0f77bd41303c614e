import Base

/// Hours, days, weeks, months and years as rotation counts them: by the wall clock, with a day that begins at `at`.
///
/// A day of rotation is numbered by the date on which it begins, so 02:00 with `at: "03:30"` belongs to the day before. All
/// comparisons are "later than", never "other than": an hour that comes twice in autumn does not begin a day twice.
struct RotationPeriods: Sendable {
    private let calendar: any CivilCalendar
    private let startSecond: Int64
    private let weekday: Int64
    private let sevenDays: Bool

    init(_ settings: RotateSettings, calendar: any CivilCalendar) {
        self.calendar = calendar
        startSecond = Int64(settings.at?.minutes ?? 0) * 60
        weekday = Int64(RotateSettings.Weekday.allCases.firstIndex(of: settings.weekday) ?? 0)
        sevenDays = settings.sevenDays
    }

    /// - Precondition: `last` is not after `now`.
    func hasBegun(_ every: RotateSettings.Every, since last: WallInstant, now: WallInstant) -> Bool {
        let (lastDay, today) = (day(last), day(now))
        switch every {
        case .hour: return startOfHour(now) > last.wholeSeconds
        case .day: return today > lastDay
        case .week: return isNewWeek(today, after: lastDay)
        case .month: return month(today) > month(lastDay)
        case .year: return month(today) / 12 > month(lastDay) / 12
        }
    }

    /// When the next one begins.
    func next(_ every: RotateSettings.Every, after last: WallInstant, now: WallInstant) -> WallInstant {
        let today = day(now)
        switch every {
        case .hour: return WallInstant(secondsSince1970: startOfHour(now) + 3600)
        case .day: return start(today + 1)
        case .week:
            let lastDay = day(last)
            // There is one among any seven days.
            return start((today + 1...today + 7).first { isNewWeek($0, after: lastDay) } ?? today + 7)
        case .month: return start(firstDay(month(today) + 1))
        case .year: return start(firstDay((month(today) / 12 + 1) * 12))
        }
    }

    func text(_ instant: WallInstant) -> String { calendar.civil(instant).text }

    /// As logrotate: on the weekday, but not twice on it, and in any case after seven days.
    private func isNewWeek(_ today: Int64, after lastDay: Int64) -> Bool {
        let days = today - lastDay
        if days >= 7 { return true }
        return !sevenDays && days >= 1 && CivilDate.weekday(today) == weekday
    }

    private func day(_ instant: WallInstant) -> Int64 {
        let time = calendar.civil(instant)
        return time.second < startSecond ? time.day - 1 : time.day
    }

    private func start(_ day: Int64) -> WallInstant {
        calendar.instant(CivilTime(day: day, second: startSecond))
    }

    /// Months since the year 0.
    private func month(_ day: Int64) -> Int64 {
        let date = CivilDate(daysSince1970: day)
        return date.year * 12 + date.month - 1
    }

    private func firstDay(_ month: Int64) -> Int64 {
        CivilDate.days(year: month / 12, month: month % 12 + 1, day: 1)
    }

    /// Seconds since 1970 at which the wall clock's hour began.
    private func startOfHour(_ now: WallInstant) -> Int64 {
        now.wholeSeconds - calendar.civil(now).second % 3600
    }
}
