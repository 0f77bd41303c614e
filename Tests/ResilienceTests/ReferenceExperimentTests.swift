import Base
import Resilience
import TestKit
import Testing

/// The reference experiment as a seeded simulation: 500 requests a second for ten minutes against an upstream of which
/// 12.7 % of the answers fail, independently. The breaker records each attempt.
@Suite struct ReferenceExperimentTests {
    private struct Outcome {
        var requests = 0
        var failed = 0
        var refused = 0
        var trips = 0

        var failedPercent: Double { Double(failed) * 100 / Double(requests) }
        var refusedPercent: Double { Double(refused) * 100 / Double(requests) }
    }

    @Test(arguments: [(0, 12.7, 0.3), (1, 1.62, 0.1), (2, 0.21, 0.04)])
    func aWindowOfOneHundredNeverTrips(retries: Int, percent: Double, tolerance: Double) {
        let outcome = simulate(window: 100, minimum: 100, retries: retries, seed: 12_700)
        #expect(outcome.trips == 0 && outcome.refused == 0)
        #expect(abs(outcome.failedPercent - percent) < tolerance, "\(outcome.failedPercent) %")
    }

    @Test func aWindowOfTwentyTripsTwiceAMinuteAndRefusesNearlyAll() {
        let outcome = simulate(window: 20, minimum: 20, retries: 0, seed: 12_700)
        let perMinute = Double(outcome.trips) / 10
        #expect(perMinute > 1.7 && perMinute <= 2, "\(perMinute)")
        #expect(outcome.refusedPercent > 97, "\(outcome.refusedPercent) %")
    }

    private func simulate(window: Int, minimum: Int, retries: Int, seed: UInt64) -> Outcome {
        let policy = CircuitBreakerPolicy(
            failureRateThreshold: 30, slidingWindowSize: window, minimumNumberOfCalls: minimum,
            waitDurationInOpenState: .seconds(30), permittedNumberOfCallsInHalfOpenState: 5)
        var generator = SeededGenerator(seed: seed)
        var now = MonotonicInstant(nanoseconds: 0)
        var breaker = CircuitBreaker(policy, now: now)
        var outcome = Outcome()
        for _ in 0..<300_000 {
            outcome.requests += 1
            request(&breaker, tries: retries + 1, now: now, &generator, &outcome)
            now = now.advanced(by: .milliseconds(2))
        }
        return outcome
    }

    private func request(
        _ breaker: inout CircuitBreaker, tries: Int, now: MonotonicInstant, _ generator: inout SeededGenerator,
        _ outcome: inout Outcome
    ) {
        for _ in 0..<tries {
            guard let permit = breaker.tryAcquire(now: now).permit else {
                outcome.refused += 1
                return
            }
            let failed = Double.random(in: 0..<1, using: &generator) < 0.127
            let transition = breaker.record(permit, failed ? .failure : .success, duration: .zero, now: now)
            if transition?.to == .open { outcome.trips += 1 }
            if !failed { return }
        }
        outcome.failed += 1
    }
}
