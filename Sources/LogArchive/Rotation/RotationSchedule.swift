package import Base

/// Decides for one log whether it is rotated now, and says why: a sentence for `plan`.
///
/// The rules are those of logrotate 3.21 (`findNeedRotating`), with `size` beside `every` instead of in its place:
/// - An empty log is left alone unless `ifEmpty`, even by force.
/// - `maxSize` (more than) and `size` (at least) rotate at any time.
/// - `every` rotates when another hour, day, … has begun since the last rotation, unless the log is smaller than `minSize` or
///   was written to within `minAge`. A log that was never rotated counts as rotated when it was first seen.
/// - A last rotation in the future, by up to 25 hours, counts as one of now: clocks are set back, and time zones change. One
///   further away rotates the log, as in logrotate: otherwise it would wait for a date that was a mistake.
package struct RotationSchedule: Sendable {
    /// What is known of a log.
    package struct Log: Sendable {
        /// Bytes.
        package var size: Int64
        package var lastRotation: WallInstant?
        package var firstSeen: WallInstant?
        package var modified: WallInstant?

        package init(
            size: Int64, lastRotation: WallInstant? = nil, firstSeen: WallInstant? = nil, modified: WallInstant? = nil
        ) {
            self.size = size
            self.lastRotation = lastRotation
            self.firstSeen = firstSeen
            self.modified = modified
        }
    }

    package enum Decision: Sendable, Equatable {
        case rotate(reason: String)
        /// - nextAt: when to ask again, where time alone can change the answer; a log may grow past a size before.
        case wait(reason: String, nextAt: WallInstant?)

        package var isRotate: Bool { if case .rotate = self { true } else { false } }
        package var reason: String {
            switch self {
            case .rotate(let reason), .wait(let reason, _): reason
            }
        }
    }

    /// How far in the future a last rotation may lie: a day and the hour of daylight saving.
    static let tolerance = Duration.seconds(25 * 3600)

    let settings: RotateSettings
    let periods: RotationPeriods

    package init(_ settings: RotateSettings, calendar: any CivilCalendar) {
        self.settings = settings
        periods = RotationPeriods(settings, calendar: calendar)
    }

    package func decide(_ log: Log, now: WallInstant, force: Bool = false) -> Decision {
        if log.size == 0, !settings.ifEmpty { return .wait(reason: "it is empty", nextAt: nil) }
        if force { return .rotate(reason: "it is forced") }
        if let reason = reasonOfSize(log) { return .rotate(reason: reason) }
        guard let every = settings.every else { return .wait(reason: waitOfSize(log), nextAt: nil) }
        return decide(log, by: every, now: now)
    }

    private func reasonOfSize(_ log: Log) -> String? {
        if let limit = settings.maxSize, limit.bytes > 0, log.size > limit.bytes {
            return "its size, \(bytes(log.size)), is above maxSize, \(limit)"
        }
        if let limit = settings.size, log.size >= limit.bytes {
            return "its size, \(bytes(log.size)), has reached size, \(limit)"
        }
        return nil
    }

    private func waitOfSize(_ log: Log) -> String {
        let limits = [settings.size, settings.maxSize.flatMap { $0.bytes > 0 ? $0 : nil }].compactMap { $0 }
        guard let limit = limits.min() else { return "the rule has no size and no every: it is rotated by force only" }
        return "its size, \(bytes(log.size)), is below \(limit)"
    }

    private func decide(_ log: Log, by every: RotateSettings.Every, now: WallInstant) -> Decision {
        var last = log.lastRotation ?? log.firstSeen ?? now
        var told = ""
        if last > now {
            let text = periods.text(last)
            guard last <= now.advanced(by: RotationSchedule.tolerance) else {
                return .rotate(reason: "its last rotation, \(text), is far in the future: the clock was wrong")
            }
            told = " (its last rotation, \(text), is in the future and counts as now: the clock was set back)"
            last = now
        }
        let since =
            log.lastRotation == nil ? "it was first seen \(periods.text(last))" : "last rotated \(periods.text(last))"
        guard periods.hasBegun(every, since: last, now: now) else {
            let next = periods.next(every, after: last, now: now)
            return .wait(reason: "\(since), the next \(every) begins \(periods.text(next))\(told)", nextAt: next)
        }
        return forbidden(log, now: now) ?? .rotate(reason: "another \(every) has begun: \(since)\(told)")
    }

    /// What holds a rotation by time back.
    private func forbidden(_ log: Log, now: WallInstant) -> Decision? {
        if let least = settings.minSize, log.size < least.bytes {
            return .wait(
                reason: "its time has come, but its size, \(bytes(log.size)), is below minSize, \(least)", nextAt: nil)
        }
        if let least = settings.minAge, least > .zero, let modified = log.modified {
            let end = modified.advanced(by: least)
            // Not at the very second, either: as logrotate has it.
            if now <= end {
                let text = "its time has come, but it was written to within minAge: it must rest until"
                return .wait(reason: "\(text) \(periods.text(end))", nextAt: end.advanced(by: .seconds(1)))
            }
        }
        return nil
    }

    private func bytes(_ count: Int64) -> String { ByteCount(max(0, count)).humanReadable }
}
