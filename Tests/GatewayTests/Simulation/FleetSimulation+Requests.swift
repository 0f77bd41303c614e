import Base
import Resilience
import TestKit

@testable import Gateway

extension FleetSimulation {
    mutating func arrive() {
        tally.requests += 1
        guard let permit = concurrency.admit(now: now) else {
            tally.shed += 1
            return
        }
        budget?.requestStarted(now: now)
        let aborts = Int.random(in: 0..<20, using: &generator) == 0
        let patience = Duration.milliseconds(Int.random(in: 1...1500, using: &generator))
        let id = tally.requests
        requests[id] = Request(
            worker: Int.random(in: 0..<2, using: &generator),
            isIdempotent: Int.random(in: 0..<4, using: &generator) > 0,
            key: UInt64.random(in: 0..<1000, using: &generator), startedAt: now, concurrency: permit,
            abortsAt: aborts ? now.advanced(by: patience) : nil)
        if aborts { schedule(.clientAborts(request: id), after: patience) }
        send(id)
    }

    mutating func handle(_ event: Event) {
        switch event {
        case .attemptEnds(let id, let number) where attemptNumbers[id] == number: endAttempt(id)
        case .retryDue(let id, let number) where attemptNumbers[id] == number: send(id)
        case .clientAborts(let id): abort(id)
        case .attemptEnds, .retryDue: break
        }
    }

    /// Picks a host and its breaker's permit; where nobody may be asked the request ends with 503.
    private mutating func send(_ id: Int) {
        guard let request = requests[id] else { return }
        var tried = request.tried
        for _ in hosts {
            let (now, breakers) = (now, breakers)
            guard
                let pick = balancers[request.worker].pick(
                    key: request.key, tried: tried, now: now, allows: { breakers[$0].mayAdmit(now: now) })
            else { break }
            tried.insert(pick.host)
            tally.panics += pick.isPanic ? 1 : 0
            let answer = self.breakers[pick.host].tryAcquire(now: now)
            tally.count(answer.transition)
            if let permit = answer.permit {
                requests[id]?.tried = tried
                begin(id, host: pick.host, permit)
                return
            }
        }
        tally.refusedByBreakers += 1
        finish(id, isSuccess: false)
    }

    private mutating func begin(_ id: Int, host: Int, _ permit: CircuitBreaker.Permit) {
        tally.attempts += 1
        tally.attemptsByHost[host, default: 0] += 1
        board.began(host)
        let answer = hosts[host].answer(&generator)
        requests[id]?.attempt = Attempt(host: host, permit: permit, startedAt: now, failure: answer.failure)
        attemptNumbers[id, default: 0] += 1
        schedule(.attemptEnds(request: id, attempt: attemptNumbers[id] ?? 0), after: answer.latency)
    }

    private mutating func endAttempt(_ id: Int) {
        guard let attempt = requests[id]?.attempt else { return }
        requests[id]?.attempt = nil
        board.ended(attempt.host)
        let duration = attempt.startedAt.duration(to: now)
        if attempt.failure == .staleConnection {
            // Says nothing of the host.
            breakers[attempt.host].release(attempt.permit, now: now)
        } else {
            let outcome: CallOutcome = attempt.failure == nil ? .success : .failure
            tally.count(breakers[attempt.host].record(attempt.permit, outcome, duration: duration, now: now))
            if let out = detector.record(attempt.host, outlierResult(attempt.failure), now: now) { apply(out) }
        }
        guard let failure = attempt.failure else {
            finish(id, isSuccess: true)
            return
        }
        retryOrFinish(id, failure)
    }

    private func outlierResult(_ failure: FailureKind?) -> OutlierResult {
        switch failure {
        case nil: .response(status: 200)
        case .status(let status): .response(status: status)
        default: .localOriginFailure
        }
    }

    private mutating func retryOrFinish(_ id: Int, _ failure: FailureKind) {
        guard let request = requests[id] else { return }
        let facts = RetryGate.Request(isIdempotent: request.isIdempotent, isReplayable: true)
        let deadline = Deadline(after: .seconds(5), from: request.startedAt)
        var gate = request.gate
        let retriesBefore = gate.retries
        let decision = gate.decide(
            failure, setup.retry, facts, deadline: deadline, budget: &budget, now: now, using: &generator)
        requests[id]?.gate = gate
        guard case .retry(let wait) = decision else {
            // A POST on a stale connection must fail, in any weather: it is told apart.
            if failure == .staleConnection { tally.failedStale += 1 }
            finish(id, isSuccess: false)
            return
        }
        if gate.retries == retriesBefore { tally.staleRepeats += 1 } else { countRetry() }
        attemptNumbers[id, default: 0] += 1
        schedule(.retryDue(request: id, attempt: attemptNumbers[id] ?? 0), after: wait)
    }

    private mutating func countRetry() {
        tally.retries += 1
        guard case .activeRequests(let percent, let floor) = setup.budget, let budget else { return }
        if budget.activeRetries > max(floor, Int(Double(budget.activeRequests) * percent / 100)) {
            tally.complain("\(budget.activeRetries) retries for \(budget.activeRequests) requests")
        }
    }

    private mutating func abort(_ id: Int) {
        guard let request = requests[id] else { return }
        tally.aborted += 1
        if let attempt = request.attempt {
            board.ended(attempt.host)
            breakers[attempt.host].release(attempt.permit, now: now)
        }
        if let permit = request.concurrency { concurrency.drop(permit) }
        forget(id)
    }

    private mutating func finish(_ id: Int, isSuccess: Bool) {
        guard let request = requests[id] else { return }
        tally.served += isSuccess ? 1 : 0
        tally.failed += isSuccess ? 0 : 1
        if let permit = request.concurrency { concurrency.complete(permit, now: now) }
        forget(id)
    }

    private mutating func forget(_ id: Int) {
        if requests[id]?.gate.tryEnded() == true { budget?.retryEnded() }
        budget?.requestEnded()
        requests[id] = nil
        attemptNumbers[id] = nil
    }
}
