package import Base
package import Resilience

/// One report, encoded when it was made.
package struct Report: Sendable, Equatable {
    package let time: WallInstant
    package let body: [UInt8]

    package init(time: WallInstant, body: [UInt8]) {
        self.time = time
        self.body = body
    }
}

/// Decides what becomes of reports: a queue that drops its oldest, one post at a time, exponential backoff with full
/// jitter, a circuit breaker. It does nothing itself: `DiskComponent` performs the actions.
///
/// - 2xx: done. 429, 5xx, no answer: again after the backoff, or after `Retry-After` where the receiver names a time.
/// - 4xx, 3xx, and failures that no repetition can mend: dropped and counted at once; the receiver works, the report
///   is wrong.
/// - While the breaker is open nothing is sent; reports gather in the queue.
/// - Draining: what is queued is sent without waiting; the first failure ends it, since a stop should not take longer
///   because the receiver is away.
package struct Reporter: Sendable {
    package enum Action: Sendable, Equatable {
        case send(Report)
        case wait(until: MonotonicInstant)
        /// Until the next `offer`, or `drain`.
        case idle
        /// Draining has come to its end.
        case finished
    }

    package enum Answer: Sendable, Equatable {
        case status(Int, retryAfter: Duration?)
        case failed(canRetry: Bool)
        /// The post was cut off by cancellation.
        case cancelled
    }

    package enum Note: Sendable, Equatable {
        case sent
        case retrying(attempt: Int, after: Duration)
        case dropped(DropReason, count: Int)
        case breaker(from: CircuitBreaker.State, to: CircuitBreaker.State)
    }

    package enum DropReason: String, Sendable, CaseIterable {
        case queueFull = "queue-full"
        case refused
        case retriesExhausted = "retries-exhausted"
        case drained
    }

    private struct Attempt: Sendable {
        let report: Report
        var retry: RetryState
        var permit: CircuitBreaker.Permit?
        var startedAt: MonotonicInstant
        var notBefore: MonotonicInstant
    }

    private let retryPolicy: RetryPolicy
    private var queue: BoundedQueue<Report>
    private var breaker: CircuitBreaker
    private var current: Attempt?
    private var isDraining = false
    /// After a hand-over: where the report under way goes if its post fails.
    private var returning: ReturnedReport?
    /// What predecessors may still give back; at most `returnsLimit`.
    private var returns: [ReturnedReport] = []
    static let returnsLimit = 16

    package init(retry: RetryPolicy, breaker: CircuitBreakerPolicy, maxItems: Int, maxBytes: Int, now: MonotonicInstant)
    {
        retryPolicy = retry
        self.breaker = CircuitBreaker(breaker, now: now)
        queue = BoundedQueue(maxCount: maxItems, maxBytes: maxBytes)
    }

    /// What waits, with what is being sent.
    package var waiting: Int { queue.count + (current == nil ? 0 : 1) }
    package var breakerState: CircuitBreaker.State { breaker.state }
    /// Which attempt at its report the post under way, or the next one, is: the first is 1.
    package var attemptNumber: Int { (current?.retry.failedAttempts ?? 0) + 1 }

    /// Takes a report; the notes tell what it pushed out.
    package mutating func offer(_ report: Report) -> [Note] {
        let dropped = queue.append(report, bytes: report.body.count)
        return dropped > 0 ? [.dropped(.queueFull, count: dropped)] : []
    }

    package mutating func drain() {
        isDraining = true
    }

    /// What to do now.
    package mutating func next(now: MonotonicInstant) -> (action: Action, notes: [Note]) {
        let late = takeReturned()
        let step = decide(now)
        return (step.action, late + step.notes)
    }

    private mutating func decide(_ now: MonotonicInstant) -> (action: Action, notes: [Note]) {
        if current == nil {
            guard let report = queue.popFirst() else { return (isDraining ? .finished : .idle, []) }
            let retry = RetryState(policy: retryPolicy, startedAt: now)
            current = Attempt(report: report, retry: retry, permit: nil, startedAt: now, notBefore: now)
        }
        guard var attempt = current else { return (.idle, []) }
        guard isDraining || now >= attempt.notBefore else { return (.wait(until: attempt.notBefore), []) }
        let acquisition = breaker.tryAcquire(now: now)
        let notes = Reporter.notes(acquisition.transition)
        guard let permit = acquisition.permit else {
            if isDraining { return (.finished, notes + giveUpAll()) }
            return (.wait(until: now.advanced(by: breaker.retryAfter(now: now) ?? .seconds(1))), notes)
        }
        attempt.permit = permit
        attempt.startedAt = now
        current = attempt
        return (.send(attempt.report), notes)
    }

    /// What came of the last `.send`.
    package mutating func answered(_ answer: Answer, now: MonotonicInstant) -> [Note] {
        guard let attempt = current, let permit = attempt.permit else { return [] }
        current?.permit = nil
        let duration = attempt.startedAt.duration(to: now)
        switch answer {
        case .status(200..<300, _):
            current = nil
            return Reporter.notes(breaker.record(permit, .success, duration: duration, now: now)) + [.sent]
        case .status(429, let retryAfter):
            // It is well and asks for patience: no reason to open the breaker.
            breaker.release(permit, now: now)
            return tryAgain(attempt, retryAfter, now)
        case .status(500..., let retryAfter):
            let notes = Reporter.notes(breaker.record(permit, .failure, duration: duration, now: now))
            return notes + tryAgain(attempt, retryAfter, now)
        case .failed(canRetry: true):
            let notes = Reporter.notes(breaker.record(permit, .failure, duration: duration, now: now))
            return notes + tryAgain(attempt, nil, now)
        case .status:
            current = nil
            let notes = Reporter.notes(breaker.record(permit, .success, duration: duration, now: now))
            return notes + [.dropped(.refused, count: 1)]
        case .failed(canRetry: false):
            current = nil
            let notes = Reporter.notes(breaker.record(permit, .failure, duration: duration, now: now))
            return notes + [.dropped(.refused, count: 1)]
        case .cancelled:
            breaker.release(permit, now: now)
            giveBack()
            return []
        }
    }

    private mutating func tryAgain(_ attempt: Attempt, _ retryAfter: Duration?, _ now: MonotonicInstant) -> [Note] {
        if giveBack() { return [] }
        if isDraining { return giveUpAll() }
        var retry = attempt.retry
        switch retry.afterFailure(now: now, retryAfter: retryAfter) {
        case .retry(let delay):
            current?.retry = retry
            current?.notBefore = now.advanced(by: delay)
            return [.retrying(attempt: retry.failedAttempts, after: delay)]
        case .giveUp:
            current = nil
            return [.dropped(.retriesExhausted, count: 1)]
        }
    }

    /// Drops everything; for the end of a drain.
    package mutating func giveUpAll() -> [Note] {
        let count = waiting
        current = nil
        while queue.popFirst() != nil {}
        return count > 0 ? [.dropped(.drained, count: count)] : []
    }

    // MARK: For the hand-over

    /// - Returns: Whether there is a successor that takes the report under way.
    @discardableResult
    private mutating func giveBack() -> Bool {
        guard let returning, let attempt = current else { return false }
        returning.give(attempt.report)
        current = nil
        return true
    }

    /// What came back goes first: it is older than anything in the queue.
    private mutating func takeReturned() -> [Note] {
        guard current == nil else { return [] }
        for index in returns.indices {
            guard let report = returns[index].take() else { continue }
            returns.remove(at: index)
            return queue.putBack(report, bytes: report.body.count) ? [] : [.dropped(.queueFull, count: 1)]
        }
        return []
    }

    mutating func openReturns() -> [ReturnedReport] {
        if current != nil, returning == nil { returning = ReturnedReport() }
        return returns + [returning].compactMap { $0 }
    }

    mutating func expect(_ returns: [ReturnedReport]) {
        self.returns = Array(returns.suffix(Reporter.returnsLimit))
    }

    /// The report that is between two attempts.
    mutating func takeUnsent() -> Report? {
        guard let attempt = current, attempt.permit == nil else { return nil }
        current = nil
        return attempt.report
    }

    mutating func takeQueued() -> Report? { queue.popFirst() }

    var breakerValue: CircuitBreaker { breaker }

    mutating func continueBreaker(_ previous: CircuitBreaker, now: MonotonicInstant) {
        breaker = CircuitBreaker(breaker.policy, continuing: previous, now: now)
    }

    private static func notes(_ transition: CircuitBreakerTransition?) -> [Note] {
        transition.map { [.breaker(from: $0.from, to: $0.to)] } ?? []
    }
}
