package import Base

/// A breaker's figures at an instant, for metrics and the console.
package struct CircuitBreakerSnapshot: Hashable, Sendable {
    package let state: CircuitBreaker.State
    package let since: MonotonicInstant
    /// Percent, −1 below the minimum number of calls (while HALF_OPEN: until all trial calls have completed).
    package let failureRate: Double
    package let slowCallRate: Double
    /// Calls in the window: all, failed, slow, slow and failed.
    package let tally: CallTally
    /// Trial permits that are out.
    package let outstandingPermits: Int
    package let notPermitted: UInt64
    package let lateResults: UInt64
    package let reclaimedPermits: UInt64

    package var bufferedCalls: Int { tally.calls }
    package var failedCalls: Int { tally.failed }
    package var slowCalls: Int { tally.slow }
}

extension CircuitBreaker {
    /// The figures at `now`. It changes nothing that a caller can see, but lets a time window drop what has left it.
    package mutating func snapshot(now: MonotonicInstant) -> CircuitBreakerSnapshot {
        let tally = currentTally(now: now)
        let minimum = currentMinimum
        return CircuitBreakerSnapshot(
            state: state, since: since, failureRate: tally.rate(of: tally.failed, minimum: minimum),
            slowCallRate: tally.rate(of: tally.slow, minimum: minimum), tally: tally,
            outstandingPermits: state == .halfOpen ? trial.outstanding : 0, notPermitted: notPermitted,
            lateResults: lateResults, reclaimedPermits: reclaimedPermits)
    }
}
