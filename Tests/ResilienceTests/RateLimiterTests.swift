import Base
import Resilience
import TestKit
import Testing

@Suite struct RateLimiterTests {
    private let start = MonotonicInstant(nanoseconds: 7_000_000_000)

    @Test func grantsTheBurstThenTheRate() {
        var limiter = RateLimiter(RateLimit(count: 10, burst: 3))
        #expect(limiter.tryAcquire(now: start) == .allowed(remaining: 2))
        #expect(limiter.tryAcquire(now: start) == .allowed(remaining: 1))
        #expect(limiter.tryAcquire(now: start) == .allowed(remaining: 0))
        #expect(limiter.tryAcquire(now: start) == .limited(retryAfter: .milliseconds(100)))
        let later = start.advanced(by: .milliseconds(100))
        #expect(limiter.tryAcquire(now: later.advanced(by: .nanoseconds(-1))) == .limited(retryAfter: .nanoseconds(1)))
        #expect(limiter.tryAcquire(now: later) == .allowed(remaining: 0))
        #expect(limiter.limited == 2)
    }

    @Test func costsMoreThanTheBurstNeverFit() {
        var limiter = RateLimiter(RateLimit(count: 10, burst: 3))
        #expect(limiter.tryAcquire(now: start, cost: 4) == .limited(retryAfter: nil))
        #expect(limiter.tryAcquire(now: start, cost: 2) == .allowed(remaining: 1))
        #expect(limiter.tryAcquire(now: start, cost: 3) == .limited(retryAfter: .milliseconds(200)))
        #expect(limiter.tryAcquire(now: start, cost: 0) == .allowed(remaining: 1))
    }

    /// The greedy client asks at each instant that it is told; the count over the whole stretch must be exact.
    @Test(arguments: [
        (1, Duration.seconds(86_400), Duration.seconds(86_400 * 1000), 1000),
        (3, .seconds(1), .seconds(10_000), 30_000),
        (7, .seconds(86_400), .seconds(86_400 * 1001), 7007), (1_000_000, .seconds(1), .milliseconds(50), 50_000),
        (999_983, .seconds(86_400), .seconds(864), 10_000),
    ])
    func doesNotDrift(count: Int, period: Duration, length: Duration, granted: Int) {
        var limiter = RateLimiter(RateLimit(count: count, per: period, burst: 1))
        let end = start.advanced(by: length)
        var now = start
        var total = 0
        while now < end {
            switch limiter.tryAcquire(now: now) {
            case .allowed:
                total += 1
            case .limited(let wait):
                now = now.advanced(by: wait ?? length)
            }
        }
        #expect(total == granted)
    }

    /// Against a bucket of exact fractions: tokens in units of 1/period, `count` of them earned each nanosecond.
    @Test(arguments: 0..<200)
    func agreesWithAnExactBucket(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let count = Int.random(in: 1...1000, using: &generator)
        let period = Int64.random(in: 1_000_000...2_000_000_000, using: &generator)
        let burst = Int.random(in: 1...20, using: &generator)
        var limiter = RateLimiter(RateLimit(count: count, per: .nanoseconds(period), burst: burst))
        let full = Int128(burst) * Int128(period)
        var bucket = full
        var now = start
        let step = max(2, 2 * period / Int64(count))
        for _ in 0..<300 {
            let passed =
                Int.random(in: 0..<4, using: &generator) == 0 ? 0 : Int64.random(in: 0..<step, using: &generator)
            now = now.advanced(by: .nanoseconds(passed))
            bucket = min(full, bucket + Int128(passed) * Int128(count))
            let cost = Int.random(in: 0..<5, using: &generator) == 0 ? Int.random(in: 0...burst, using: &generator) : 1
            let price = Int128(cost) * Int128(period)
            let expected: RateLimitDecision
            if bucket >= price {
                bucket -= price
                expected = .allowed(remaining: Int(bucket / Int128(period)))
            } else {
                let wait = (price - bucket + Int128(count) - 1) / Int128(count)
                expected = .limited(retryAfter: .nanoseconds(Int64(wait)))
            }
            let decision = limiter.tryAcquire(now: now, cost: cost)
            guard decision == expected else {
                Issue.record("seed \(seed): \(decision), not \(expected)")
                return
            }
        }
    }

    @Test(arguments: 0..<100)
    func noWindowHoldsMoreThanBurstPlusRateTimesLength(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let rate = Int.random(in: 1...50, using: &generator)
        let burst = Int.random(in: 1...10, using: &generator)
        var limiter = RateLimiter(RateLimit(count: rate, burst: burst))
        var now = start
        var granted: [MonotonicInstant] = []
        for _ in 0..<400 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...40, using: &generator)))
            if limiter.tryAcquire(now: now).isAllowed { granted.append(now) }
        }
        for first in granted.indices {
            for last in first..<granted.count {
                let length = granted[first].duration(to: granted[last]).inSeconds
                let bound = Double(burst) + Double(rate) * length + 1e-6
                guard Double(last - first + 1) <= bound else {
                    Issue.record("seed \(seed): \(last - first + 1) in \(length) s")
                    return
                }
            }
        }
    }

    @Test(arguments: [
        (Int.max, Duration.zero, Int.max), (Int.min, .seconds(1 << 60), Int.min), (1, .seconds(1 << 60), Int.max),
        (1_000_000_000, .milliseconds(1), 1), (999_999_937, .seconds(86_400), Int.max),
    ])
    func extremeSettingsAndInstantsNeverTrap(count: Int, period: Duration, burst: Int) {
        let limit = RateLimit(count: count, per: period, burst: burst)
        for nanoseconds in [Int64.min, -1, 0, 1, .max - 1, .max] {
            var limiter = RateLimiter(limit)
            for other in [nanoseconds, 0, Int64.min, .max] {
                for cost in [Int.min, 0, 1, limit.burst, Int.max] {
                    _ = limiter.tryAcquire(now: MonotonicInstant(nanoseconds: other), cost: cost)
                }
            }
        }
        #expect(limit.burst >= 1)
    }

    @Test func aReloadGivesNoSecondBurst() {
        var limiter = RateLimiter(RateLimit(count: 10, burst: 5))
        for _ in 0..<5 { _ = limiter.tryAcquire(now: start) }
        var reloaded = RateLimiter(RateLimit(count: 10, burst: 5), continuing: limiter)
        #expect(!reloaded.tryAcquire(now: start).isAllowed)
    }
}

@Suite struct KeyedRateLimiterTests {
    private let start = MonotonicInstant(nanoseconds: 7_000_000_000)

    @Test func keysDoNotShare() {
        var limiter = KeyedRateLimiter<String>(RateLimit(count: 1, burst: 1), capacity: 10, whenFull: .refuse)
        #expect(limiter.tryAcquire("a", now: start) == .allowed(remaining: 0))
        #expect(limiter.tryAcquire("a", now: start) == .limited(retryAfter: .seconds(1)))
        #expect(limiter.tryAcquire("b", now: start) == .allowed(remaining: 0))
    }

    @Test(arguments: KeyedRateLimiter<Int>.FullPolicy.allCases)
    func aLiveKeyIsNeverForgotten(policy: KeyedRateLimiter<Int>.FullPolicy) {
        var limiter = KeyedRateLimiter<Int>(RateLimit(count: 1, burst: 1), capacity: 4, whenFull: policy)
        for key in 0..<4 { _ = limiter.tryAcquire(key, now: start) }
        #expect(limiter.tryAcquire(9, now: start).isAllowed == (policy == .allow))
        #expect(limiter.overflowed == 1 && limiter.evicted == 0)
        #expect(limiter.limited == (policy == .allow ? 0 : 1))
        for key in 0..<4 { #expect(limiter.tryAcquire(key, now: start).isAllowed == false) }
        let later = start.advanced(by: .seconds(1))
        #expect(limiter.tryAcquire(9, now: later).isAllowed == true)
        #expect(limiter.evicted == 1 && limiter.keyCount == 4)
    }

    /// Each key alone sees exactly what an unbounded limiter gives it, whatever is forgotten in between.
    @Test(arguments: 0..<200)
    func forgettingChangesNoDecision(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let limit = RateLimit(count: 20, burst: Int.random(in: 1...4, using: &generator))
        var bounded = KeyedRateLimiter<Int>(
            limit, capacity: Int.random(in: 1...12, using: &generator), whenFull: .refuse)
        var alone: [Int: RateLimiter] = [:]
        var now = start
        for _ in 0..<500 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...30, using: &generator)))
            let key = Int.random(in: 0..<30, using: &generator)
            let overflowed = bounded.overflowed
            let decision = bounded.tryAcquire(key, now: now)
            if bounded.overflowed > overflowed { continue }
            let expected = alone[key, default: RateLimiter(limit)].tryAcquire(now: now)
            guard decision == expected, bounded.keyCount <= bounded.capacity else {
                Issue.record("seed \(seed): \(decision), not \(expected)")
                return
            }
        }
        #expect(bounded.capacity > 11 || bounded.evicted + bounded.overflowed > 0, "seed \(seed)")
    }
}
