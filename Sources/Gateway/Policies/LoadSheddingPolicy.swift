import Base

/// Which requests go when there are too many: the less important, and the more of them the fuller it is.
///
/// Priorities are 0 (the most important) … `priorities − 1`. With utilisation `u` (1: full), the range [`start`, 1] is
/// cut into as many equal bands as there are priorities. In its band, priority `p` is shed with a probability that
/// rises linearly from 0 to 1; below the band never, above always:
///
///     band  = (1 − start) / priorities
///     lower = start + band · (priorities − 1 − p)
///     P(shed) = clamp((u − lower) / band, 0, 1)
///
/// So it is continuous in `u`, needs no hysteresis, and a priority is touched only when all below it are shed in full.
/// `u` is the greater of `active / limit` and the pressure of the queue, as CoDel sees one: a standing queue is the
/// **least** delay of an interval, because a burst that drains does no harm. With that least delay `d`:
/// `d / targetDelay · start` up to the target, then linear up to 1 at `maximumDelay`.
package struct LoadSheddingPolicy: Hashable, Sendable {
    /// 1…16.
    package let priorities: Int
    /// The utilisation at which the least important are first shed, 0…0.99.
    package let start: Double
    /// Delays that may stand, and the one at which everything is shed. `maximumDelay` is the greater.
    package let targetDelay: Duration
    package let maximumDelay: Duration
    /// Over which the least delay is taken.
    package let delayInterval: Duration
    /// `Retry-After` grows from the first (P = 0) to the second (P = 1), then up to half of it is added by chance, so
    /// that the clients do not come back together.
    package let minimumRetryAfter: Duration
    package let maximumRetryAfter: Duration

    package init(
        priorities: Int = 4, start: Double = 0.8, targetDelay: Duration = .milliseconds(5),
        maximumDelay: Duration = .milliseconds(50), delayInterval: Duration = .milliseconds(100),
        minimumRetryAfter: Duration = .seconds(1), maximumRetryAfter: Duration = .seconds(10)
    ) {
        self.priorities = min(max(priorities, 1), 16)
        self.start = start.isNaN ? 0.8 : min(max(start, 0), 0.99)
        self.targetDelay = max(.microseconds(1), targetDelay)
        self.maximumDelay = max(self.targetDelay + .microseconds(1), maximumDelay)
        self.delayInterval = max(.milliseconds(1), delayInterval)
        self.minimumRetryAfter = max(.zero, minimumRetryAfter)
        self.maximumRetryAfter = max(self.minimumRetryAfter, maximumRetryAfter)
    }

    /// P(shed); a priority out of range is the least important (too great) or the most (negative).
    package func probability(priority: Int, utilisation: Double) -> Double {
        let priority = min(max(priority, 0), priorities - 1)
        let band = (1 - start) / Double(priorities)
        let lower = start + band * Double(priorities - 1 - priority)
        let share = (utilisation - lower) / band
        return share.isNaN ? 0 : min(max(share, 0), 1)
    }

    /// The utilisation that a standing delay stands for.
    package func pressure(standingDelay: Duration) -> Double {
        let delay = max(.zero, standingDelay)
        if delay <= targetDelay { return start * (delay / targetDelay) }
        return start + (1 - start) * ((delay - targetDelay) / (maximumDelay - targetDelay))
    }

    func retryAfter(probability: Double, chance: Double) -> Duration {
        let least = minimumRetryAfter.inSeconds
        let base = least + (maximumRetryAfter.inSeconds - least) * probability
        return .fromSeconds(base * (1 + chance / 2))
    }
}
