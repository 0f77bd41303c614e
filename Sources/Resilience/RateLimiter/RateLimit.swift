package import Base

/// The answer of a rate limiter.
package enum RateLimitDecision: Hashable, Sendable {
    /// Go on; so many more of cost 1 would be allowed at the same instant.
    case allowed(remaining: Int)
    /// Not now. It fits after `retryAfter` if nobody else comes first; nil when it never fits (it costs more than the
    /// burst, or the limiter has no room to say).
    case limited(retryAfter: Duration?)

    @inlinable
    package var isAllowed: Bool {
        if case .allowed = self { true } else { false }
    }
}

/// A rate and a burst, decided by the generic cell rate algorithm: no cycles, so no double burst at their edges.
///
/// With `T = period / count` (the emission interval) a request of cost `c` moves the theoretical arrival time to
/// `max(now, TAT) + c·T` and is allowed when that is at most `burst·T` ahead of `now`. In any stretch of length `t` the
/// cost allowed is at most `burst + t/T`.
///
/// Exact: instants are whole nanoseconds plus a fraction in units of 1/`count` ns, so 3 per second or 999 983 per day do
/// not drift. Integers only; 128-bit ones where a cost other than 1 needs them.
package struct RateLimit: Hashable, Sendable {
    /// Theoretical arrival time of one limited stream: all its state, 16 bytes.
    package struct ArrivalTime: Hashable, Sendable {
        var nanoseconds: Int64
        /// In units of 1/`count` ns, less than one nanosecond.
        var fraction: Int64

        /// A stream that has its whole burst.
        @inlinable
        package static var idle: ArrivalTime { ArrivalTime(nanoseconds: .min, fraction: 0) }

        @usableFromInline
        init(nanoseconds: Int64, fraction: Int64) {
            self.nanoseconds = nanoseconds
            self.fraction = fraction
        }

        /// A stream that is idle at `now` has its whole burst, exactly as one that was never seen: it may be forgotten.
        func isIdle(now: MonotonicInstant) -> Bool {
            nanoseconds < now.nanoseconds || (nanoseconds == now.nanoseconds && fraction == 0)
        }
    }

    /// The largest cost at one instant.
    package let burst: Int
    /// `count` requests in `period` nanoseconds, in lowest terms.
    private let count: Int64
    private let period: Int64
    private let interval: ArrivalTime
    private let tolerance: ArrivalTime

    /// `count` (1 … 1 000 000 000) in `period` (1 ms … 366 days), and `burst` (1 …) at once; values outside are clamped,
    /// `burst` also so that the time to earn it stays under 73 years.
    package init(count: Int, per period: Duration = .seconds(1), burst: Int) {
        let whole = Int64(min(max(1, count), 1_000_000_000))
        let length = min(max(1_000_000, period.wholeNanoseconds), 366 * 86_400 * 1_000_000_000)
        let divisor = RateLimit.greatestCommonDivisor(whole, length)
        self.count = whole / divisor
        self.period = length / divisor
        let largest = Int128(Int64.max / 4) * Int128(self.count) / Int128(self.period)
        let bounded = Int64(min(Int128(max(1, burst)), max(1, largest)))
        self.burst = Int(bounded)
        interval = RateLimit.span(of: 1, count: self.count, period: self.period)
        tolerance = RateLimit.span(of: bounded, count: self.count, period: self.period)
    }

    /// Decides about `cost` at `now` and moves `arrival` when it is allowed. A cost of zero or less takes
    /// nothing and is always allowed: it asks what remains.
    package func decide(_ arrival: inout ArrivalTime, now: MonotonicInstant, cost: Int = 1) -> RateLimitDecision {
        guard cost <= burst else { return .limited(retryAfter: nil) }
        let start =
            arrival.isIdle(now: now) ? ArrivalTime(nanoseconds: now.nanoseconds, fraction: 0) : arrival
        let step = cost == 1 ? interval : RateLimit.span(of: Int64(max(0, cost)), count: count, period: period)
        var next = ArrivalTime(
            nanoseconds: start.nanoseconds.addingClamped(step.nanoseconds), fraction: start.fraction + step.fraction)
        if next.fraction >= count {
            next.fraction -= count
            next.nanoseconds = next.nanoseconds.addingClamped(1)
        }
        var slack = tolerance.nanoseconds.subtractingClamped(next.nanoseconds.subtractingClamped(now.nanoseconds))
        var slackFraction = tolerance.fraction - next.fraction
        if slackFraction < 0 {
            slackFraction += count
            slack -= 1
        }
        guard slack >= 0 else {
            // Short by −(slack + slackFraction/count) ns: rounded up to whole nanoseconds that is −slack.
            return .limited(retryAfter: .nanoseconds(Int64(0).subtractingClamped(slack)))
        }
        arrival = next
        return .allowed(remaining: intervals(in: slack, slackFraction))
    }

    /// How many whole emission intervals fit.
    private func intervals(in nanoseconds: Int64, _ fraction: Int64) -> Int {
        let (units, overflow) = nanoseconds.multipliedReportingOverflow(by: count)
        let (sum, carry) = units.addingReportingOverflow(fraction)
        if overflow || carry {
            return Int((Int128(nanoseconds) * Int128(count) + Int128(fraction)) / Int128(period))
        }
        return Int(sum / period)
    }

    private static func span(of cost: Int64, count: Int64, period: Int64) -> ArrivalTime {
        let (quotient, remainder) = (Int128(cost) * Int128(period)).quotientAndRemainder(dividingBy: Int128(count))
        return ArrivalTime(nanoseconds: Int64(quotient), fraction: Int64(remainder))
    }

    private static func greatestCommonDivisor(_ left: Int64, _ right: Int64) -> Int64 {
        var (a, b) = (left, right)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
