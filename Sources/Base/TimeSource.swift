import Glibc

/// A point on the monotonic clock, in nanoseconds since an arbitrary start (boot). Only differences have a meaning.
package struct MonotonicInstant: InstantProtocol, Hashable, Sendable {
    package var nanoseconds: Int64

    @inlinable
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    @inlinable
    package func advanced(by duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: nanoseconds.addingClamped(duration.wholeNanoseconds))
    }

    @inlinable
    package func advanced(by span: Nanoseconds) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: nanoseconds.addingClamped(span.count))
    }

    /// Seconds as a floating-point number, for metrics.
    @inlinable
    package func seconds(to other: MonotonicInstant) -> Double {
        Double(other.nanoseconds.subtractingClamped(nanoseconds)) / 1e9
    }

    @inlinable
    package func duration(to other: MonotonicInstant) -> Duration {
        .nanoseconds(other.nanoseconds.subtractingClamped(nanoseconds))
    }

    @inlinable
    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// A span of time as a hot path adds it to an instant. A `Duration` counts attoseconds in 128 bits, and each conversion
/// divides some of those.
package struct Nanoseconds: Hashable, Comparable, Sendable {
    package var count: Int64

    /// Whole nanoseconds of `duration`, clamped to 292 years.
    @inlinable
    package init(_ duration: Duration) {
        count = duration.wholeNanoseconds
    }

    @inlinable
    package var duration: Duration { .nanoseconds(count) }

    @inlinable
    package static func < (left: Nanoseconds, right: Nanoseconds) -> Bool { left.count < right.count }
}

/// A point of civil time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds. It may jump.
package struct WallInstant: Hashable, Comparable, Sendable {
    package var nanosecondsSince1970: Int64

    package init(nanosecondsSince1970: Int64) {
        self.nanosecondsSince1970 = nanosecondsSince1970
    }

    package init(secondsSince1970: Int64) {
        self.nanosecondsSince1970 = secondsSince1970 * 1_000_000_000
    }

    package var secondsSince1970: Double { Double(nanosecondsSince1970) / 1e9 }

    package static func < (left: WallInstant, right: WallInstant) -> Bool {
        left.nanosecondsSince1970 < right.nanosecondsSince1970
    }

    package func advanced(by duration: Duration) -> WallInstant {
        WallInstant(nanosecondsSince1970: nanosecondsSince1970.addingClamped(duration.wholeNanoseconds))
    }
}

/// The seam for time. State machines take a `MonotonicInstant` as an argument; services ask a `TimeSource`, which is
/// `SystemTime` in production and `ManualTime` (TestKit) in tests.
package protocol TimeSource: Sendable {
    /// Monotonic, for intervals and deadlines.
    func now() -> MonotonicInstant
    /// Civil time, for people and files.
    func wallNow() -> WallInstant
    /// Returns at `deadline` or later; throws `CancellationError` as soon as the task is cancelled.
    func sleep(until deadline: MonotonicInstant) async throws
}

extension TimeSource {
    package func sleep(for duration: Duration) async throws {
        try await sleep(until: now().advanced(by: duration))
    }
}

/// The clocks of the kernel: CLOCK_MONOTONIC and CLOCK_REALTIME (clock_gettime(2)).
package struct SystemTime: TimeSource {
    package init() {}

    package func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: SystemTime.read(CLOCK_MONOTONIC))
    }

    package func wallNow() -> WallInstant {
        WallInstant(nanosecondsSince1970: SystemTime.read(CLOCK_REALTIME))
    }

    package func sleep(until deadline: MonotonicInstant) async throws {
        let left = now().duration(to: deadline)
        if left > .zero {
            try await Task.sleep(for: left)
        } else {
            try Task.checkCancellation()
        }
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what `Int64` holds (292 years).
    @inlinable
    package var wholeNanoseconds: Int64 {
        let parts = components
        let (product, overflow) = parts.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return parts.seconds < 0 ? .min : .max }
        return product.addingClamped(parts.attoseconds / 1_000_000_000)
    }

    /// Seconds as a floating-point number, for metrics and messages.
    @inlinable
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// A duration of `seconds`, clamped to ±292 years; a NaN is zero.
    @inlinable
    package static func fromSeconds(_ seconds: Double) -> Duration {
        let nanoseconds = seconds * 1e9
        if nanoseconds.isNaN { return .zero }
        if nanoseconds >= 9.2e18 { return .nanoseconds(Int64.max) }
        if nanoseconds <= -9.2e18 { return .nanoseconds(Int64.min) }
        return .nanoseconds(Int64(nanoseconds))
    }
}

extension Int64 {
    @inlinable
    package func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    @inlinable
    package func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
