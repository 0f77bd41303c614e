package import Base

/// Sheds requests of one listener or route by `LoadSheddingPolicy`. One for each worker, or behind a `Mutex`; O(1), no
/// allocation.
package struct LoadShedder: Sendable {
    package enum Decision: Hashable, Sendable {
        case admit
        /// Answer 503 with this `Retry-After` (round up to seconds).
        case shed(retryAfter: Duration)
    }

    package let policy: LoadSheddingPolicy
    /// Requests shed since the start.
    package private(set) var shedCount: UInt64 = 0
    /// The least delay of the present interval and of the one before.
    private var leastDelay: Duration?
    private var standingDelay = Duration.zero
    private var intervalEnds: MonotonicInstant
    private var random: FastRandom

    package init(_ policy: LoadSheddingPolicy, now: MonotonicInstant, seed: UInt64) {
        self.policy = policy
        intervalEnds = now.advanced(by: policy.delayInterval)
        random = FastRandom(seed: seed)
    }

    /// How long a request waited before it was taken up (an event loop's lag, a place in a bulkhead's queue).
    package mutating func recordDelay(_ delay: Duration, now: MonotonicInstant) {
        turnInterval(now: now)
        leastDelay = min(leastDelay ?? delay, delay)
    }

    /// 1 is full; it may be more.
    package mutating func utilisation(active: Int, limit: Int, now: MonotonicInstant) -> Double {
        turnInterval(now: now)
        let share = limit > 0 ? Double(active) / Double(limit) : 0
        return max(share, policy.pressure(standingDelay: standingDelay))
    }

    /// Whether a request is taken. `active` does not count it; `limit` 0 means that only the delay counts.
    package mutating func decide(priority: Int, active: Int, limit: Int, now: MonotonicInstant) -> Decision {
        let utilisation = utilisation(active: active, limit: limit, now: now)
        let probability = policy.probability(priority: priority, utilisation: utilisation)
        guard probability > 0, random.unit() < probability else { return .admit }
        shedCount &+= 1
        return .shed(retryAfter: policy.retryAfter(probability: probability, chance: random.unit()))
    }

    /// An interval without a delay, or one that ended longer ago than it lasted, says that there is no queue.
    private mutating func turnInterval(now: MonotonicInstant) {
        guard now >= intervalEnds else { return }
        let isRecent = intervalEnds.duration(to: now) < policy.delayInterval
        standingDelay = isRecent ? leastDelay ?? .zero : .zero
        leastDelay = nil
        intervalEnds = now.advanced(by: policy.delayInterval)
    }
}
