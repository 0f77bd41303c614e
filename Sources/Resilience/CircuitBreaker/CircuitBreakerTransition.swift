package import Base

/// A change of a breaker's state, with the figures that led to it: the caller logs it and moves the metric.
package struct CircuitBreakerTransition: Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case failureRate = "failure-rate"
        case slowCallRate = "slow-call-rate"
        case failureAndSlowCallRate = "failure-and-slow-call-rate"
        /// `waitDurationInOpenState` is over.
        case waitElapsed = "wait-elapsed"
        /// The trial calls stayed below the thresholds.
        case trialPassed = "trial-passed"
        /// `maxWaitDurationInHalfOpenState` ran out without a decision.
        case trialTimedOut = "trial-timed-out"
        /// A person or an API asked for it.
        case forced
    }

    package let from: CircuitBreaker.State
    package let to: CircuitBreaker.State
    package let reason: Reason
    package let at: MonotonicInstant
    /// The calls that were counted in the state that ended.
    package let tally: CallTally
    /// Percent, −1 when there were too few calls.
    package let failureRate: Double
    package let slowCallRate: Double
}
