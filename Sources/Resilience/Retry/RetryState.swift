package import Base

/// What to do after a failed try.
package enum RetryDecision: Hashable, Sendable {
    /// Try again after this wait, which may be zero.
    case retry(after: Duration)
    case giveUp(GiveUpReason)

    /// Why there is no further try; the raw value is the word for logs and metric labels.
    package enum GiveUpReason: String, Hashable, Sendable, CaseIterable {
        case attemptsExhausted = "attempts-exhausted"
        /// The next try would start after `maxElapsed` or after the deadline.
        case timeExhausted = "time-exhausted"
        /// The retry budget, shared by many calls, is spent: retries would multiply an overload.
        case budgetExhausted = "budget-exhausted"
    }
}

/// The retries of one call, from its first try to its end.
///
/// The caller decides whether a failure is worth a retry at all (`ApusError.canRetry`, the status, idempotence); this
/// decides whether there is another try, and when. No I/O, no sleep, no allocation.
package struct RetryState: Sendable {
    package let policy: RetryPolicy
    /// When the first try began.
    package let startedAt: MonotonicInstant
    /// Tries that failed so far.
    package private(set) var failedAttempts = 0
    private var previousBackoff: Duration

    package init(policy: RetryPolicy, startedAt: MonotonicInstant) {
        self.policy = policy
        self.startedAt = startedAt
        previousBackoff = policy.initialBackoff
    }

    /// Counts a failed try and decides.
    ///
    /// The wait is the jittered backoff, or the server's `retryAfter` (bounded by `maxRetryAfter`) where that is longer.
    /// The budget is asked last, so that a call that gives up for another reason takes nothing from it; with `.retry` one
    /// retry has been taken from the budget (see `RetryBudget.retryEnded`).
    package mutating func afterFailure(
        now: MonotonicInstant, retryAfter: Duration? = nil, deadline: Deadline = .never,
        budget: inout RetryBudget?, using generator: inout some RandomNumberGenerator
    ) -> RetryDecision {
        failedAttempts = failedAttempts.addingReportingOverflow(1).overflow ? .max : failedAttempts + 1
        guard failedAttempts < policy.maxAttempts else { return .giveUp(.attemptsExhausted) }
        let backoff = policy.backoff(retry: failedAttempts, previous: previousBackoff, using: &generator)
        previousBackoff = backoff
        let asked = min(retryAfter ?? .zero, policy.maxRetryAfter)
        let wait = max(backoff, asked)
        let next = now.advanced(by: wait)
        if let maxElapsed = policy.maxElapsed, startedAt.duration(to: next) > maxElapsed {
            return .giveUp(.timeExhausted)
        }
        if deadline.isPast(now: next) { return .giveUp(.timeExhausted) }
        if budget?.tryRetry(now: now) == false { return .giveUp(.budgetExhausted) }
        return .retry(after: wait)
    }

    /// Without a budget, and with the system's random numbers.
    package mutating func afterFailure(
        now: MonotonicInstant, retryAfter: Duration? = nil, deadline: Deadline = .never
    ) -> RetryDecision {
        var budget: RetryBudget?
        var generator = SystemRandomNumberGenerator()
        return afterFailure(
            now: now, retryAfter: retryAfter, deadline: deadline, budget: &budget, using: &generator)
    }
}
