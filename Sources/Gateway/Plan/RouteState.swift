import Base
import HTTPWire
import Reactor
import Resilience
import Synchronization

/// What a route remembers beyond one request and one generation: limiters, budgets, latencies. By the route's name, so that
/// a reload gives nobody a fresh burst.
final class RouteState: Sendable {
    /// One side of a decision that clients share by a key.
    struct Limiters: Sendable {
        var whole: RateLimiter?
        var keyed: KeyedRateLimiter<UInt64>?
    }

    let settings: RouteSettings
    private let limiters: Mutex<Limiters>
    private let budget: Mutex<RetryBudget?>
    private let hedging: Mutex<HedgeController?>
    private let adaptive: Mutex<AdaptiveConcurrency?>
    private let active = Atomic<Int>(0)

    init(_ settings: RouteSettings, now: MonotonicInstant) {
        self.settings = settings
        limiters = Mutex(RouteState.limiters(settings))
        budget = Mutex(
            settings.retry.map {
                RetryBudget(.activeRequests(percent: $0.budget.percent, floor: $0.budget.minimum), now: now)
            })
        hedging = Mutex(settings.hedge.map { HedgeController($0.policy) })
        adaptive = Mutex(
            settings.concurrency?.adaptive.map {
                AdaptiveConcurrency($0.policy, now: now, seed: UInt64.random(in: 0...UInt64.max))
            })
    }

    private static func limiters(_ settings: RouteSettings) -> Limiters {
        guard let rule = settings.rateLimit else { return Limiters() }
        if rule.per == .route { return Limiters(whole: RateLimiter(rule.rate.limit)) }
        return Limiters(
            keyed: KeyedRateLimiter(
                rule.rate.limit, capacity: rule.keys, whenFull: rule.whenFull == .allow ? .allow : .refuse))
    }

    // MARK: Rate limit

    /// Nil: the request may pass. Otherwise how long until it would.
    func limit(key: UInt64?, now: MonotonicInstant) -> RateLimitDecision {
        limiters.withLock { limiters in
            if let key, limiters.keyed != nil {
                return limiters.keyed?.tryAcquire(key, now: now) ?? .allowed(remaining: 0)
            }
            return limiters.whole?.tryAcquire(now: now) ?? .allowed(remaining: 0)
        }
    }

    // MARK: Concurrency

    var activeCount: Int { active.load(ordering: .relaxed) }

    /// A place among the requests under way; nil: there is none.
    func enter(now: MonotonicInstant) -> ConcurrencyPlace? {
        let count = active.add(1, ordering: .relaxed).newValue
        if let most = settings.concurrency?.max, count > most {
            active.subtract(1, ordering: .relaxed)
            return nil
        }
        var place = ConcurrencyPlace()
        if settings.concurrency?.adaptive != nil {
            guard let permit = adaptive.withLock({ $0?.admit(now: now) }) else {
                active.subtract(1, ordering: .relaxed)
                return nil
            }
            place.permit = permit
        }
        if settings.retry != nil { budget.withLock { $0?.requestStarted(now: now) } }
        return place
    }

    func leave(_ place: ConcurrencyPlace, hasAnswer: Bool, now: MonotonicInstant) {
        active.subtract(1, ordering: .relaxed)
        if let permit = place.permit {
            adaptive.withLock {
                if hasAnswer { $0?.complete(permit, now: now) } else { $0?.drop(permit) }
            }
        }
        if settings.retry != nil { budget.withLock { $0?.requestEnded() } }
    }

    // MARK: Retries

    func decide(
        _ gate: inout RetryGate, _ failure: FailureKind, _ policy: RetryGatePolicy, _ request: RetryGate.Request,
        retryAfter: Duration?, deadline: Deadline, now: MonotonicInstant
    ) -> RetryGate.Decision {
        budget.withLock { budget in
            var random = SystemRandomNumberGenerator()
            return gate.decide(
                failure, policy, request, retryAfter: retryAfter, deadline: deadline, budget: &budget, now: now,
                using: &random)
        }
    }

    func retryEnded() {
        budget.withLock { $0?.retryEnded() }
    }

    // MARK: Hedging

    func hedgeDelay() -> Duration? { hedging.withLock { $0?.requestStarted() } }

    /// The wait before one more copy.
    var hedgeDelayNow: Duration? { hedging.withLock { $0?.delay } }

    func tryHedge(copies: Int) -> Bool { hedging.withLock { $0?.tryHedge(copies: copies) ?? false } }

    func record(latency: Duration) {
        hedging.withLock { $0?.record(latency: latency) }
    }
}

/// What a request holds while it is under way.
struct ConcurrencyPlace: Sendable {
    var permit: AdaptiveConcurrency.Permit?
}

extension HedgeSettings {
    var policy: HedgePolicy {
        guard let percentile else {
            return HedgePolicy(.fixed(after ?? .milliseconds(100)), maximumCopies: max, budgetPercent: budgetPercent)
        }
        return HedgePolicy(
            .quantile(fraction: percentile / 100, least: after ?? .zero, most: .seconds(600)), maximumCopies: max,
            budgetPercent: budgetPercent)
    }
}

extension AdaptiveConcurrencySettings {
    var policy: AdaptiveConcurrencyPolicy {
        var policy = AdaptiveConcurrencyPolicy()
        policy.sampleQuantile = percentile / 100
        policy.updateInterval = sampleWindow
        policy.minimumLimit = minimum
        policy.maximumLimit = maximum
        policy.measureInterval = minRTTInterval
        policy.measureRequests = minRTTRequests
        policy.bufferPercent = bufferPercent
        policy.jitterPercent = jitterPercent
        return policy
    }
}

extension RouteRetrySettings {
    var policy: RetryGatePolicy {
        var policy = RetryGatePolicy()
        for condition in on {
            switch condition {
            case .status(let code):
                policy.statuses.insert(code)
                policy.on.insert(.retriableStatusCodes)
            case .word(let word):
                if let known = RetryConditions(word: word.rawValue) { policy.on.insert(known) }
            }
        }
        policy.maximumRetries = attempts
        policy.allowsNonIdempotent = nonIdempotent
        policy.baseBackoff = initialBackoff
        policy.maximumBackoff = maxBackoff
        policy.honoursRetryAfter = maxRetryAfter > .zero
        policy.maximumRetryAfter = maxRetryAfter
        return policy
    }
}
