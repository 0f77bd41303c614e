package import Base

/// Watches what follows a reload, and says when it is to be taken back: at most once a generation.
///
/// A component feeds it what it counted since its last look, about once a second, all the time (`record`), and tells it of
/// each new generation (`begin`). The watch answers `.breach` when, within `window` after a reload,
/// - more than `maxErrorRate` of the requests failed, or
/// - more than 1 % of them took longer than `maxLatencyP99`: that is what "the 99th percentile is above it" means, and it
///   needs no histogram.
///
/// The shares are taken over the latest samples that hold both `measuredOver` and `minimumRequests`; right after the reload,
/// over all since it as soon as they hold `minimumRequests`. So a reload that breaks everything is taken back within a
/// second or two, and one bad second among ten does not count for all.
///
/// Not taken back are: a first generation, which has nothing before it; a generation that a rollback put back, or two bad
/// files would take turns; and a reload that came while the limits were passed already. That one is somebody's remedy, and
/// what was before it is no better.
///
/// Bounds: two buckets a second of the window, 7,202 of 40 bytes at the most. A `record` costs O(1) on average.
package struct RollbackWatch: Sendable {
    /// What the shares are taken over, where there are `minimumRequests` in it.
    package static let measuredOver = Duration.seconds(10)
    /// No longer window is watched.
    package static let longestWindow = Duration.seconds(3600)
    /// Samples that come more often are put together.
    static let bucketLength = Duration.seconds(1)

    /// How a generation came to be.
    package enum Origin: Hashable, Sendable {
        /// The first one of its component.
        case start
        case reload
        case rollback
    }

    package enum Verdict: Hashable, Sendable {
        case none
        case breach(RollbackBreach)
    }

    private struct Bucket {
        let from: MonotonicInstant
        var counts: RollbackSample
    }

    package private(set) var policy: RollbackPolicy
    /// Nil where no rollback can follow any more.
    private var watchedUntil: MonotonicInstant?
    private var fedAt: MonotonicInstant
    private var buckets: [Bucket] = []
    private var sum = RollbackSample(requests: 0)

    /// Watches nothing before the first `begin`.
    package init(_ policy: RollbackPolicy, now: MonotonicInstant) {
        self.policy = policy
        fedAt = now
    }

    /// Whether a breach would be told now.
    package func isWatching(now: MonotonicInstant) -> Bool {
        watchedUntil.map { now <= $0 } ?? false
    }

    /// A generation begins; what was counted before is not held against it.
    ///
    /// - Parameter policy: That of the new generation.
    package mutating func begin(_ origin: Origin, policy: RollbackPolicy, now: MonotonicInstant) {
        // By the new limits: those who raise them in the same reload mean it.
        self.policy = policy
        let wasPassed = origin == .reload && breach(now: now) != nil
        let window = min(max(policy.window, .zero), RollbackWatch.longestWindow)
        watchedUntil = origin == .reload && !wasPassed ? now.advanced(by: window) : nil
        buckets.removeAll(keepingCapacity: true)
        sum = RollbackSample(requests: 0)
        fedAt = now
    }

    /// Takes what was counted since the call before.
    ///
    /// - Returns: The breach, once a generation.
    package mutating func record(_ sample: RollbackSample, now: MonotonicInstant) -> Verdict {
        append(sample.clamped, now: now)
        forget(now: now)
        guard let until = watchedUntil else { return .none }
        guard now <= until else {
            watchedUntil = nil
            return .none
        }
        guard let breach = breach(now: now) else { return .none }
        watchedUntil = nil
        return .breach(breach)
    }

    private mutating func append(_ sample: RollbackSample, now: MonotonicInstant) {
        if let last = buckets.last, last.from.duration(to: now) <= RollbackWatch.bucketLength {
            let counts = (last.counts + sample).clamped
            sum = sum - last.counts + counts
            buckets[buckets.count - 1].counts = counts
        } else {
            sum = sum + sample
            buckets.append(Bucket(from: fedAt, counts: sample))
        }
        fedAt = now
    }

    /// Drops the oldest buckets while the rest is enough to judge by, and what is older than the window.
    private mutating func forget(now: MonotonicInstant) {
        let least = max(1, policy.minimumRequests)
        let longest = min(max(policy.window, RollbackWatch.measuredOver), RollbackWatch.longestWindow)
        var dropped = 0
        while dropped + 1 < buckets.count {
            let rest = sum - buckets[dropped].counts
            let isEnough =
                rest.requests >= least
                && buckets[dropped + 1].from.duration(to: now) >= RollbackWatch.measuredOver
            guard isEnough || buckets[dropped].from.duration(to: now) > longest else { break }
            sum = rest
            dropped += 1
        }
        if dropped > 0 { buckets.removeFirst(dropped) }
    }

    /// Which limit the latest samples pass. In whole millionths, so that a share that equals the limit is never above it.
    private func breach(now: MonotonicInstant) -> RollbackBreach? {
        guard let first = buckets.first, sum.requests >= max(1, policy.minimumRequests) else { return nil }
        let over = first.from.duration(to: now)
        let millionths = Int((min(max(policy.maxErrorRate, 0), 1) * 1_000_000).rounded())
        // At most 7,202 buckets of 2^26: below 2^39, and below 2^59 as a product.
        if sum.failures * 1_000_000 > sum.requests * millionths {
            return RollbackBreach(limit: .errorRate(policy.maxErrorRate), sample: sum, over: over)
        }
        if let most = policy.maxLatencyP99, sum.slow * 100 > sum.requests {
            return RollbackBreach(limit: .latencyP99(most), sample: sum, over: over)
        }
        return nil
    }
}
