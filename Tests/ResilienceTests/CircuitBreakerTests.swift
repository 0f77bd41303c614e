import Base
import Resilience
import TestKit
import Testing

@Suite struct CircuitBreakerTests {
    private var now = MonotonicInstant(nanoseconds: 50_000_000_000)

    private func breaker(
        _ policy: CircuitBreakerPolicy, failed: Int = 0, succeeded: Int = 0
    ) -> CircuitBreaker {
        var breaker = CircuitBreaker(policy, now: now)
        for index in 0..<(failed + succeeded) { call(&breaker, index < succeeded ? .success : .failure) }
        return breaker
    }

    private func call(
        _ breaker: inout CircuitBreaker, _ outcome: CallOutcome, duration: Duration = .zero
    ) {
        guard let permit = breaker.tryAcquire(now: now).permit else {
            Issue.record("refused while \(breaker.state)")
            return
        }
        breaker.record(permit, outcome, duration: duration, now: now)
    }

    private let small = CircuitBreakerPolicy(
        failureRateThreshold: 50, slidingWindowSize: 10, minimumNumberOfCalls: 10,
        waitDurationInOpenState: .seconds(30),
        permittedNumberOfCallsInHalfOpenState: 4)

    @Test func defaultsAreResilience4js() {
        let policy = CircuitBreakerPolicy()
        #expect(policy.failureRateThreshold == 50 && policy.slowCallRateThreshold == 100)
        #expect(policy.slowCallDurationThreshold == .seconds(60) && policy.waitDurationInOpenState == .seconds(60))
        #expect(policy.slidingWindowType == .countBased && policy.slidingWindowSize == 100)
        #expect(policy.minimumNumberOfCalls == 100 && policy.permittedNumberOfCallsInHalfOpenState == 10)
        #expect(policy.maxWaitDurationInHalfOpenState == .zero)
        #expect(!policy.automaticTransitionFromOpenToHalfOpenEnabled)
    }

    @Test func settingsOutOfRangeAreClamped() {
        var policy = small
        policy.slidingWindowSize = 0
        policy.permittedNumberOfCallsInHalfOpenState = -1
        policy.failureRateThreshold = .nan
        var subject = breaker(policy, failed: 1)
        #expect(subject.state == .open && subject.policy.failureRateThreshold == 50)
        let later = now.advanced(by: .seconds(30))
        #expect(subject.tryAcquire(now: later).isPermitted && !subject.tryAcquire(now: later).isPermitted)
        policy.slidingWindowType = .timeBased
        subject.reconfigure(policy, now: later)
        #expect(subject.policy.slidingWindowSize == 1)
    }

    @Test(arguments: [(4, CircuitBreaker.State.closed), (5, .open), (6, .open)])
    func opensAtTheThresholdAndNotBelow(failed: Int, state: CircuitBreaker.State) {
        var subject = CircuitBreaker(small, now: now)
        for index in 0..<10 { call(&subject, index < 10 - failed ? .success : .failure) }
        #expect(subject.state == state)
    }

    @Test func ratesAreMinusOneBelowTheMinimum() {
        var subject = breaker(small, failed: 9)
        let before = subject.snapshot(now: now)
        #expect(before.failureRate == -1 && before.slowCallRate == -1 && before.failedCalls == 9)
        #expect(subject.state == .closed)
        call(&subject, .success)
        #expect(subject.state == .open && subject.snapshot(now: now).failureRate == 90)
    }

    @Test func aCountWindowNeverAsksForMoreCallsThanItHolds() {
        var policy = small
        policy.minimumNumberOfCalls = 1000
        #expect(breaker(policy, failed: 10).state == .open)
        policy.slidingWindowType = .timeBased
        #expect(breaker(policy, failed: 999).state == .closed)
        #expect(breaker(policy, failed: 1000).state == .open)
    }

    @Test(arguments: [(Duration.seconds(2), 0), (.nanoseconds(2_000_000_001), 1)])
    func slowMeansLongerThanTheThreshold(duration: Duration, slow: Int) {
        var policy = small
        policy.slowCallDurationThreshold = .seconds(2)
        var subject = CircuitBreaker(policy, now: now)
        call(&subject, .success, duration: duration)
        #expect(subject.snapshot(now: now).slowCalls == slow)
    }

    @Test func slowCallsAloneOpenIt() throws {
        var policy = small
        policy.slowCallRateThreshold = 50
        var subject = CircuitBreaker(policy, now: now)
        var last: CircuitBreakerTransition?
        for index in 0..<10 {
            let permit = try #require(subject.tryAcquire(now: now).permit)
            last = subject.record(permit, .success, duration: .seconds(index < 5 ? 1 : 61), now: now)
        }
        #expect(last?.reason == .slowCallRate && last?.slowCallRate == 50 && last?.failureRate == 0)
        #expect(last?.from == .closed && last?.to == .open && last?.tally.slow == 5)
    }

    @Test mutating func aTimeWindowForgetsBySeconds() {
        var policy = small
        policy.slidingWindowType = .timeBased
        policy.slidingWindowSize = 3
        var subject = breaker(policy, failed: 4)
        for (later, left) in [(2_999_999_999, 4), (3_000_000_000, 0)] {
            let at = now.advanced(by: .nanoseconds(later))
            #expect(subject.snapshot(now: at).bufferedCalls == left)
        }
    }

    @Test func anOpenBreakerTellsHowLongToWait() throws {
        var subject = breaker(small, failed: 10)
        let early = now.advanced(by: .nanoseconds(29_999_999_999))
        #expect(subject.tryAcquire(now: early).permit == nil)
        #expect(subject.retryAfter(now: early) == .nanoseconds(1) && subject.notPermitted == 1)
        #expect(subject.tick(now: now.advanced(by: .seconds(99))) == nil)
        let answer = subject.tryAcquire(now: now.advanced(by: .seconds(30)))
        let transition = try #require(answer.transition)
        #expect(answer.isPermitted && transition.to == .halfOpen && transition.reason == .waitElapsed)
        #expect(subject.retryAfter(now: early) == nil)
    }

    @Test func anAutomaticBreakerGoesHalfOpenByItself() {
        var policy = small
        policy.automaticTransitionFromOpenToHalfOpenEnabled = true
        var subject = breaker(policy, failed: 10)
        #expect(subject.nextTick == now.advanced(by: .seconds(30)))
        #expect(subject.tick(now: now.advanced(by: .seconds(30)))?.to == .halfOpen)
        #expect(subject.nextTick == nil)
    }

    /// Half-open with four trials out.
    private func trials() -> (CircuitBreaker, [CircuitBreaker.Permit], MonotonicInstant) {
        var subject = breaker(small, failed: 10)
        let later = now.advanced(by: .seconds(30))
        let permits = (0..<4).compactMap { _ in subject.tryAcquire(now: later).permit }
        return (subject, permits, later)
    }

    @Test(arguments: [(0, CircuitBreaker.State.closed), (1, .closed), (2, .open), (4, .open)])
    func allTrialsMustCompleteBeforeItDecides(failed: Int, state: CircuitBreaker.State) {
        var (subject, permits, later) = trials()
        #expect(permits.count == 4 && !subject.tryAcquire(now: later).isPermitted)
        for (index, permit) in permits.enumerated() {
            #expect(subject.state == .halfOpen && subject.snapshot(now: later).failureRate == -1)
            subject.record(permit, index < failed ? .failure : .success, duration: .zero, now: later)
        }
        #expect(subject.state == state)
        #expect(subject.snapshot(now: later).bufferedCalls == (state == .closed ? 0 : 4))
    }

    @Test func aReleasedTrialGivesItsPlaceBack() {
        var (subject, permits, later) = trials()
        subject.release(permits[2], now: later)
        #expect(subject.tryAcquire(now: later).isPermitted)
        #expect(!subject.tryAcquire(now: later).isPermitted)
        subject.record(permits[2], .failure, duration: .zero, now: later)
        #expect(subject.lateResults == 1 && subject.snapshot(now: later).bufferedCalls == 0)
    }

    @Test func leakedTrialsAreTakenBackAfterTheirTimeout() {
        var (subject, permits, later) = trials()
        let due = later.advanced(by: small.halfOpenPermitTimeout)
        #expect(!subject.tryAcquire(now: due.advanced(by: .nanoseconds(-1))).isPermitted)
        #expect(subject.tryAcquire(now: due).isPermitted && subject.reclaimedPermits == 4)
        subject.record(permits[0], .failure, duration: .zero, now: due)
        #expect(subject.lateResults == 1)
    }

    @Test func aTrialThatTakesTooLongOpensAgain() {
        var policy = small
        policy.maxWaitDurationInHalfOpenState = .seconds(5)
        var subject = breaker(policy, failed: 10)
        let later = now.advanced(by: .seconds(30))
        #expect(subject.tryAcquire(now: later).isPermitted)
        #expect(subject.nextTick == later.advanced(by: .seconds(5)))
        let answer = subject.tryAcquire(now: later.advanced(by: .seconds(6)))
        #expect(!answer.isPermitted && answer.transition?.reason == .trialTimedOut)
        #expect(subject.state == .open && subject.since == later.advanced(by: .seconds(5)))
    }

    @Test func lateResultsAreCountedApartAndChangeNothing() throws {
        var subject = CircuitBreaker(small, now: now)
        let old = try #require(subject.tryAcquire(now: now).permit)
        for _ in 0..<10 { call(&subject, .failure) }
        let before = subject.snapshot(now: now)
        #expect(subject.record(old, .success, duration: .zero, now: now) == nil)
        let after = subject.snapshot(now: now)
        #expect(after.lateResults == 1 && after.tally == before.tally && after.state == .open)
    }

    @Test(arguments: [
        (CircuitBreaker.State.forcedOpen, false, 0), (.disabled, true, 0), (.metricsOnly, true, 10),
    ])
    func specialStates(state: CircuitBreaker.State, admits: Bool, counted: Int) {
        var subject = CircuitBreaker(small, now: now)
        #expect(subject.force(state, now: now)?.reason == .forced)
        for _ in 0..<20 {
            guard let permit = subject.tryAcquire(now: now).permit else { continue }
            subject.record(permit, .failure, duration: .zero, now: now)
        }
        #expect(subject.state == state && subject.snapshot(now: now).bufferedCalls == counted)
        #expect(subject.notPermitted == (admits ? 0 : 20))
        #expect(subject.force(state, now: now) == nil)
        #expect(subject.force(.closed, now: now)?.from == state)
    }

    @Test func aReloadKeepsStateWindowAndPermits() throws {
        var subject = breaker(small, failed: 4, succeeded: 2)
        let permit = try #require(subject.tryAcquire(now: now).permit)
        var wider = small
        wider.slidingWindowSize = 20
        wider.minimumNumberOfCalls = 7
        var reloaded = CircuitBreaker(wider, continuing: subject, now: now)
        #expect(reloaded.snapshot(now: now).bufferedCalls == 6)
        #expect(reloaded.record(permit, .failure, duration: .zero, now: now)?.to == .open)
        var narrow = small
        narrow.slidingWindowSize = 3
        subject.reconfigure(narrow, now: now)
        #expect(subject.snapshot(now: now).failureRate == 100)
        reloaded.reconfigure(small, now: now)
        #expect(reloaded.state == .open && reloaded.since == now)
    }

    @Test(arguments: 0..<300)
    func aResizedWindowIsTheOneThatWouldHaveBeen(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let type = seed % 2 == 0 ? CircuitBreakerPolicy.SlidingWindowType.countBased : .timeBased
        let sizes = (0..<2).map { _ in Int.random(in: 1...9, using: &generator) }
        let policies = sizes.map {
            CircuitBreakerPolicy(
                failureRateThreshold: 100, slidingWindowType: type, slidingWindowSize: $0, minimumNumberOfCalls: 1)
        }
        var at = now
        var breakers = policies.map { CircuitBreaker($0, now: at) }
        for index in breakers.indices { _ = breakers[index].force(.metricsOnly, now: at) }
        for _ in 0..<30 {
            let outcome: CallOutcome = Bool.random(using: &generator) ? .success : .failure
            for index in breakers.indices {
                guard let permit = breakers[index].tryAcquire(now: at).permit else { continue }
                breakers[index].record(permit, outcome, duration: .zero, now: at)
            }
            at = at.advanced(by: .milliseconds(Int.random(in: 0...800, using: &generator)))
        }
        at = at.advanced(by: .seconds(Int.random(in: 0...3, using: &generator)))
        breakers[0].reconfigure(policies[1], now: at)
        guard sizes[1] <= sizes[0] else { return }
        #expect(breakers[0].snapshot(now: at).tally == breakers[1].snapshot(now: at).tally, "seed \(seed)")
    }
}
