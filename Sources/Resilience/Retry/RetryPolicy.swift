import Base
import Glibc

/// How often and how slowly something is tried again. Pure settings; `RetryState` counts.
///
/// The wait before retry `n` (the first retry is 1) has the ceiling `min(maxBackoff, initialBackoff · multiplier^(n−1))`,
/// which `jitter` spreads. Nothing overflows, whatever `n`.
package struct RetryPolicy: Hashable, Sendable {
    /// How the ceiling becomes a wait. Full jitter does least work and ends soonest when many clients retry together
    /// (AWS Architecture Blog, "Exponential Backoff And Jitter").
    package enum Jitter: String, Hashable, Sendable, CaseIterable {
        /// The ceiling itself.
        case none
        /// Uniform in [0, ceiling].
        case full
        /// Half of the ceiling, and uniform in [0, half] on top.
        case equal
        /// Uniform in [initialBackoff, 3 · the wait before], at most maxBackoff; the multiplier plays no part.
        case decorrelated
    }

    /// Tries in all, the first one included; 1 never retries, `Int.max` sets no limit. Less than 1 counts as 1.
    package var maxAttempts: Int
    package var initialBackoff: Duration
    package var maxBackoff: Duration
    /// At least 1 (less, or a NaN, counts as 1: a constant backoff).
    package var multiplier: Double
    package var jitter: Jitter
    /// No retry starts later than this after the first try began; nil sets no limit.
    package var maxElapsed: Duration?
    /// The longest `Retry-After` that is believed: a longer one waits only this long.
    package var maxRetryAfter: Duration

    package init(
        maxAttempts: Int = 5, initialBackoff: Duration = .milliseconds(200), maxBackoff: Duration = .seconds(30),
        multiplier: Double = 2, jitter: Jitter = .full, maxElapsed: Duration? = nil,
        maxRetryAfter: Duration = .seconds(300)
    ) {
        self.maxAttempts = maxAttempts
        self.initialBackoff = initialBackoff
        self.maxBackoff = maxBackoff
        self.multiplier = multiplier
        self.jitter = jitter
        self.maxElapsed = maxElapsed
        self.maxRetryAfter = maxRetryAfter
    }

    /// One try, no retry.
    package static let never = RetryPolicy(maxAttempts: 1)

    /// The ceiling of the wait before retry `number`, from 1 on, before jitter.
    package func backoffCeiling(retry number: Int) -> Duration {
        let first = Double(max(0, initialBackoff.wholeNanoseconds))
        let cap = max(0, maxBackoff.wholeNanoseconds)
        guard first > 0 else { return .zero }
        let factor = multiplier > 1 ? multiplier : 1
        // Grows to infinity at worst, never to NaN, because `first` is positive.
        let grown = first * pow(factor, Double(max(0, number - 1)))
        return .nanoseconds(grown < Double(cap) ? min(cap, Int64(grown)) : cap)
    }

    /// The wait before retry `number`, spread by `jitter`; `previous` is the wait before, which only `decorrelated` reads.
    package func backoff(
        retry number: Int, previous: Duration, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let ceiling = backoffCeiling(retry: number).wholeNanoseconds
        switch jitter {
        case .none:
            return .nanoseconds(ceiling)
        case .full:
            return .nanoseconds(Int64.random(in: 0...ceiling, using: &generator))
        case .equal:
            let half = ceiling / 2
            return .nanoseconds(ceiling - half + Int64.random(in: 0...half, using: &generator))
        case .decorrelated:
            let cap = max(0, maxBackoff.wholeNanoseconds)
            let low = min(cap, max(0, initialBackoff.wholeNanoseconds))
            let (tripled, overflow) = previous.wholeNanoseconds.multipliedReportingOverflow(by: 3)
            let high = max(low, overflow ? .max : tripled)
            return .nanoseconds(min(cap, Int64.random(in: low...high, using: &generator)))
        }
    }
}
