package import Base
package import Resilience

/// The retries of one request, from its first try to its end. No I/O, no allocation.
///
///     gate.decide(…)       a try has failed: retry after a wait, or pass the failure on
///     gate.tryEnded()      a try has its outcome, whatever it is: true when a retry goes back to the `RetryBudget`
///
/// `decide` begins with `tryEnded` for the budget's sake, so each try is ended once: by `decide` when it failed, else
/// by `tryEnded` (also when the client went away while a retry was waiting). Then no permit of the budget leaks.
///
/// A stale connection (`FailureKind.staleConnection`) is no failure of the upstream: the first one of a request is
/// repeated at once, whatever the conditions and without a permit, if the method is idempotent (RFC 9112, section
/// 9.3.1). Take a new connection for it. A second one counts as a reset.
package struct RetryGate: Sendable {
    package enum Decision: Hashable, Sendable {
        case retry(after: Duration)
        case giveUp(Reason)
    }

    /// Why there is no retry; the raw value is the word for logs and metric labels.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Bytes of an answer have gone to the client.
        case responseStarted = "response-started"
        /// The policy does not name this failure.
        case notRetriable = "not-retriable"
        case notIdempotent = "not-idempotent"
        /// Some of the body was not kept.
        case bodyNotReplayable = "body-not-replayable"
        case attemptsExhausted = "attempts-exhausted"
        /// The wait would end after the request's deadline.
        case timeExhausted = "time-exhausted"
        /// The server asks for a longer wait than the policy allows.
        case retryAfterTooLong = "retry-after-too-long"
        case budgetExhausted = "budget-exhausted"
    }

    /// What the engine knows of the request.
    package struct Request: Hashable, Sendable {
        /// GET, HEAD, OPTIONS, TRACE, PUT, DELETE.
        package var isIdempotent: Bool
        /// The body is empty, has not been read yet, or is kept in full.
        package var isReplayable: Bool
        package var hasResponseStarted: Bool

        package init(isIdempotent: Bool, isReplayable: Bool, hasResponseStarted: Bool = false) {
            self.isIdempotent = isIdempotent
            self.isReplayable = isReplayable
            self.hasResponseStarted = hasResponseStarted
        }
    }

    /// Retries that were granted, the one for a stale connection not counted.
    package private(set) var retries = 0
    private var holdsBudget = false
    private var hasRepeatedStale = false

    package init() {}

    /// A try has failed.
    ///
    /// - `retryAfter`: what the failed answer asks for, if it does.
    /// - `deadline`: of the whole request, retries included.
    /// - `budget`: shared by many requests; nil sets no limit. It is asked last, so that who gives up for another
    ///   reason takes nothing. Call it under its lock.
    package mutating func decide(
        _ failure: FailureKind, _ policy: RetryGatePolicy, _ request: Request, retryAfter: Duration? = nil,
        deadline: Deadline = .never, budget: inout RetryBudget?, now: MonotonicInstant,
        using generator: inout some RandomNumberGenerator
    ) -> Decision {
        if tryEnded() { budget?.retryEnded() }
        if request.hasResponseStarted { return .giveUp(.responseStarted) }
        if failure == .staleConnection, !hasRepeatedStale, request.isIdempotent, request.isReplayable {
            hasRepeatedStale = true
            return deadline.isPast(now: now) ? .giveUp(.timeExhausted) : .retry(after: .zero)
        }
        if let reason = obstacle(failure, policy, request) { return .giveUp(reason) }
        let asked = policy.honoursRetryAfter ? retryAfter ?? .zero : .zero
        guard asked <= policy.maximumRetryAfter else { return .giveUp(.retryAfterTooLong) }
        let wait = max(asked, policy.backoff(retry: retries + 1, using: &generator))
        if deadline.isPast(now: now.advanced(by: wait)) { return .giveUp(.timeExhausted) }
        if budget?.tryRetry(now: now) == false { return .giveUp(.budgetExhausted) }
        holdsBudget = budget != nil
        retries += 1
        return .retry(after: wait)
    }

    /// A try has its outcome, or will not be made. True: call `retryEnded` of the budget.
    package mutating func tryEnded() -> Bool {
        defer { holdsBudget = false }
        return holdsBudget
    }

    private func obstacle(_ failure: FailureKind, _ policy: RetryGatePolicy, _ request: Request) -> Reason? {
        guard policy.on.match(failure, statuses: policy.statuses) else { return .notRetriable }
        guard request.isIdempotent || policy.allowsNonIdempotent || failure.isUnprocessed else {
            return .notIdempotent
        }
        guard request.isReplayable else { return .bodyNotReplayable }
        return retries < policy.maximumRetries ? nil : .attemptsExhausted
    }
}
