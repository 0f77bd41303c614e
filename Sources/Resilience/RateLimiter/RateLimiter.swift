package import Base

/// One stream held to a `RateLimit`. A value without lock or clock; 16 bytes of state, O(1), no allocation.
package struct RateLimiter: Sendable {
    package let limit: RateLimit
    /// Requests that were refused since the start.
    package private(set) var limited: UInt64 = 0
    private var arrival = RateLimit.ArrivalTime.idle

    package init(_ limit: RateLimit) {
        self.limit = limit
    }

    /// After a reload with another limit: a stream that used up the old one does not get the new burst for free before
    /// its old debt is paid.
    package init(_ limit: RateLimit, continuing previous: RateLimiter) {
        self.limit = limit
        limited = previous.limited
        arrival = previous.arrival.rescaled()
    }

    package mutating func tryAcquire(now: MonotonicInstant, cost: Int = 1) -> RateLimitDecision {
        let decision = limit.decide(&arrival, now: now, cost: cost)
        if !decision.isAllowed { limited &+= 1 }
        return decision
    }
}

extension RateLimit.ArrivalTime {
    /// For a limit with another unit of fractions: rounded up to the next nanosecond.
    func rescaled() -> RateLimit.ArrivalTime {
        RateLimit.ArrivalTime(nanoseconds: fraction > 0 ? nanoseconds.addingClamped(1) : nanoseconds, fraction: 0)
    }
}
