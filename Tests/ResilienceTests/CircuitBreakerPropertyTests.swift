import Base
import Resilience
import TestKit
import Testing

/// Random histories through the breaker and its model, compared after each step.
@Suite struct CircuitBreakerPropertyTests {
    @Test(arguments: CircuitBreakerPolicy.SlidingWindowType.allCases)
    func agreesWithTheModel(type: CircuitBreakerPolicy.SlidingWindowType) {
        var visited: Set<CircuitBreaker.State> = []
        var reclaimed: UInt64 = 0
        for seed in UInt64(0)..<1000 {
            var history = History(seed: seed, type: type)
            for step in 0..<300 {
                history.step()
                if let difference = history.difference() {
                    Issue.record("seed \(seed), step \(step), \(history.policy): \(difference)")
                    return
                }
                visited.insert(history.breaker.state)
            }
            reclaimed += history.breaker.reclaimedPermits
        }
        #expect(visited == Set(CircuitBreaker.State.allCases), "the histories must reach every state")
        #expect(reclaimed > 100, "the histories must leak permits")
    }

    /// Where `mayAdmit` says no, asking is in vain, twice over; where it says yes, one of two calls is admitted, but for
    /// permits to be taken back, of which it knows a bound only.
    @Test func mayAdmitSaysWhatAskingWouldSay() {
        var answers = [false: 0, true: 0]
        for seed in UInt64(0)..<300 {
            var history = History(seed: seed, type: .countBased)
            for step in 0..<200 {
                history.step()
                var asked = history.breaker
                let expected = asked.mayAdmit(now: history.now)
                answers[expected, default: 0] += 1
                let hasLeak = asked.snapshot(now: history.now).outstandingPermits > 0
                let isAdmitted = (0..<2).contains { _ in asked.tryAcquire(now: history.now).isPermitted }
                if isAdmitted != expected, !(expected && hasLeak) {
                    Issue.record("seed \(seed), step \(step), \(history.breaker.state): \(expected)")
                    return
                }
            }
        }
        #expect((answers[false] ?? 0) > 1000 && (answers[true] ?? 0) > 1000)
    }

    /// Whatever was leaked before, a breaker whose peer is well again closes within a bounded time.
    @Test func neverStaysStuck() {
        for seed in UInt64(0)..<200 {
            var history = History(seed: seed, type: .countBased, forces: false)
            for _ in 0..<200 { history.step() }
            var now = history.now
            var breaker = history.breaker
            let policy = history.policy
            let bound =
                policy.waitDurationInOpenState + policy.waitDurationInOpenState + policy.halfOpenPermitTimeout
                + policy.maxWaitDurationInHalfOpenState + .seconds(2)
            let end = now.advanced(by: bound)
            while now < end, breaker.state != .closed {
                if let permit = breaker.tryAcquire(now: now).permit {
                    breaker.record(permit, .success, duration: .zero, now: now)
                }
                now = now.advanced(by: .milliseconds(100))
            }
            #expect(breaker.state == .closed, "seed \(seed), \(policy)")
        }
    }
}

private struct History {
    let policy: CircuitBreakerPolicy
    let forces: Bool
    var breaker: CircuitBreaker
    var model: CircuitBreakerModel
    var now = MonotonicInstant(nanoseconds: 123_456_789_012)
    var generator: SeededGenerator
    /// Permits that may still be returned; some are used twice, some never.
    var permits: [(real: CircuitBreaker.Permit, model: CircuitBreakerModel.Permit)] = []
    var problem: String?

    init(seed: UInt64, type: CircuitBreakerPolicy.SlidingWindowType, forces: Bool = true) {
        var generator = SeededGenerator(seed: seed)
        policy = History.randomPolicy(type, &generator)
        breaker = CircuitBreaker(policy, now: now)
        model = CircuitBreakerModel(policy, now: now)
        self.generator = generator
        self.forces = forces
    }

    private static func randomPolicy(
        _ type: CircuitBreakerPolicy.SlidingWindowType, _ generator: inout SeededGenerator
    ) -> CircuitBreakerPolicy {
        func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        return CircuitBreakerPolicy(
            failureRateThreshold: Double(pick(20...100)), slowCallRateThreshold: Double(pick(30...100)),
            slowCallDurationThreshold: .milliseconds(100), slidingWindowType: type, slidingWindowSize: pick(1...12),
            minimumNumberOfCalls: pick(1...15), waitDurationInOpenState: .seconds(pick(0...5)),
            permittedNumberOfCallsInHalfOpenState: pick(1...4),
            maxWaitDurationInHalfOpenState: .seconds(max(0, pick(-4...6))),
            automaticTransitionFromOpenToHalfOpenEnabled: pick(0...1) == 1,
            halfOpenPermitTimeout: .seconds(pick(1...5)))
    }

    mutating func step() {
        switch Int.random(in: 0..<200, using: &generator) {
        case 0..<80: acquire()
        case 80..<140: record()
        case 140..<150: release()
        case 150..<160: compareTransition(breaker.tick(now: now)) { model, now in model.tick(now: now) }
        case 160 where forces: force()
        case 161..<163: permits.removeAll()
        case 163..<166: now = now.advanced(by: .seconds(Int.random(in: 1...20, using: &generator)))
        default: now = now.advanced(by: .milliseconds(Int.random(in: 0...900, using: &generator)))
        }
    }

    private mutating func acquire() {
        let answer = breaker.tryAcquire(now: now)
        var expected: CircuitBreakerModel.Permit?
        compareTransition(answer.transition) { model, now in expected = model.acquire(now: now) }
        if answer.isPermitted != (expected != nil) { problem = "permit \(answer.isPermitted)" }
        if let real = answer.permit, let expected { permits.append((real, expected)) }
    }

    private mutating func record() {
        guard let pair = take() else { return }
        let failed = Int.random(in: 0..<3, using: &generator) == 0
        let duration = [Duration.milliseconds(1), .milliseconds(100), .nanoseconds(100_000_001)]
            .randomElement(using: &generator)!
        let transition = breaker.record(pair.real, failed ? .failure : .success, duration: duration, now: now)
        compareTransition(transition) { model, now in
            model.record(pair.model, failed: failed, duration: duration, now: now)
        }
    }

    private mutating func release() {
        guard let pair = take() else { return }
        breaker.release(pair.real, now: now)
        model.release(pair.model)
    }

    private mutating func force() {
        let target = CircuitBreaker.State.allCases.randomElement(using: &generator)!
        compareTransition(breaker.force(target, now: now)) { model, now in
            if target != model.state || target == .closed || target == .halfOpen { model.enter(target, now) }
        }
    }

    /// A random permit; one in ten stays in the list and will be returned twice.
    private mutating func take() -> (real: CircuitBreaker.Permit, model: CircuitBreakerModel.Permit)? {
        guard let index = permits.indices.randomElement(using: &generator) else { return nil }
        if Int.random(in: 0..<10, using: &generator) == 0 { return permits[index] }
        return permits.remove(at: index)
    }

    private mutating func compareTransition(
        _ transition: CircuitBreakerTransition?, _ change: (inout CircuitBreakerModel, MonotonicInstant) -> Void
    ) {
        let before = (model.state, model.generation)
        change(&model, now)
        let changed = model.generation != before.1
        guard changed == (transition != nil) else {
            problem = "transition \(String(describing: transition)), the model went \(before.0) → \(model.state)"
            return
        }
        if let transition, transition.from != before.0 || transition.to != model.state {
            problem = "transition \(transition), the model went \(before.0) → \(model.state)"
        }
    }

    mutating func difference() -> String? {
        if let problem { return problem }
        let seen = breaker.snapshot(now: now)
        if seen.state != model.state { return "state \(seen.state), not \(model.state)" }
        if seen.since != model.since { return "since \(seen.since), not \(model.since)" }
        if seen.notPermitted != UInt64(model.notPermitted) { return "not permitted \(seen.notPermitted)" }
        if seen.lateResults != UInt64(model.late) { return "late \(seen.lateResults), not \(model.late)" }
        if seen.reclaimedPermits != UInt64(model.reclaimed) { return "reclaimed \(seen.reclaimedPermits)" }
        if seen.outstandingPermits != model.trialsOut.count { return "outstanding \(seen.outstandingPermits)" }
        let rates = model.rates(now)
        if (seen.failureRate, seen.slowCallRate, seen.bufferedCalls) != rates {
            return "rates \(seen.failureRate) \(seen.slowCallRate) of \(seen.bufferedCalls), not \(rates)"
        }
        return nil
    }
}
