import Base
import Resilience
import Synchronization

/// A circuit breaker that all workers share. A call costs two uncontended locks of some 20 ns.
final class SharedBreaker: Sendable {
    let name: String
    private let breaker: Mutex<CircuitBreaker>
    private let changed: @Sendable (String, CircuitBreakerTransition) -> Void
    /// Told of each result: the metrics are its affair.
    private let recorded: @Sendable (CallOutcome, Duration) -> Void

    init(
        name: String, _ breaker: CircuitBreaker,
        changed: @escaping @Sendable (String, CircuitBreakerTransition) -> Void,
        recorded: @escaping @Sendable (CallOutcome, Duration) -> Void
    ) {
        self.name = name
        self.breaker = Mutex(breaker)
        self.changed = changed
        self.recorded = recorded
    }

    /// Nil: refused.
    func tryAcquire(now: MonotonicInstant) -> CircuitBreaker.Permit? {
        let acquisition = breaker.withLock { $0.tryAcquire(now: now) }
        if let transition = acquisition.transition { changed(name, transition) }
        return acquisition.permit
    }

    /// Whether `tryAcquire` has a chance, without taking anything.
    func mayAcquire(now: MonotonicInstant) -> Bool {
        breaker.withLock { $0.mayAdmit(now: now) }
    }

    func record(_ permit: CircuitBreaker.Permit, _ outcome: CallOutcome, duration: Duration, now: MonotonicInstant) {
        let transition = breaker.withLock { $0.record(permit, outcome, duration: duration, now: now) }
        recorded(outcome, duration)
        if let transition { changed(name, transition) }
    }

    func release(_ permit: CircuitBreaker.Permit, now: MonotonicInstant) {
        breaker.withLock { $0.release(permit, now: now) }
    }

    func retryAfter(now: MonotonicInstant) -> Duration? {
        breaker.withLock { $0.retryAfter(now: now) }
    }

    /// What time alone changes.
    func tick(now: MonotonicInstant) {
        if let transition = breaker.withLock({ $0.tick(now: now) }) { changed(name, transition) }
    }

    func snapshot(now: MonotonicInstant) -> CircuitBreakerSnapshot {
        breaker.withLock { $0.snapshot(now: now) }
    }

    /// Other settings from now on; the state and what it has counted stay.
    func reconfigure(_ policy: CircuitBreakerPolicy, now: MonotonicInstant) {
        breaker.withLock { if $0.policy != policy { $0.reconfigure(policy, now: now) } }
    }
}
