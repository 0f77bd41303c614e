package import Base

/// The instant by which something must be done. Unlike a time-out it does not grow when it is handed down: a call that
/// retries, or that calls three others, passes the same `Deadline` and each callee asks what remains.
package struct Deadline: Hashable, Comparable, Sendable {
    /// No deadline: compares after every other one and never passes.
    package static let never = Deadline(MonotonicInstant(nanoseconds: .max))

    package let instant: MonotonicInstant

    @inlinable
    package init(_ instant: MonotonicInstant) {
        self.instant = instant
    }

    /// `timeout` counted from `now`; a negative time-out is past at once, an enormous one is `never`.
    @inlinable
    package init(after timeout: Duration, from now: MonotonicInstant) {
        instant = now.advanced(by: timeout)
    }

    /// What is left, never negative. For `never` it is 292 years or so: clamp it before you hand it to a system call.
    @inlinable
    package func remaining(now: MonotonicInstant) -> Duration {
        isPast(now: now) ? .zero : now.duration(to: instant)
    }

    /// True from the deadline's own nanosecond on, that is, exactly when nothing remains.
    @inlinable
    package func isPast(now: MonotonicInstant) -> Bool {
        instant.nanoseconds != .max && now >= instant
    }

    /// The nearer of two: a try's own time-out within the deadline of the whole call.
    @inlinable
    package static func earlier(_ left: Deadline, _ right: Deadline) -> Deadline {
        left < right ? left : right
    }

    @inlinable
    package static func < (left: Deadline, right: Deadline) -> Bool {
        left.instant < right.instant
    }
}
