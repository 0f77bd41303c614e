import Base
import Resilience
import Settings
import TestKit
import Testing

@Suite struct ResilienceSettingsTests {
    private func read<Group: SettingsGroup>(_ type: Group.Type, _ yaml: String) -> (Group?, [String]) {
        let result = SettingsReader.read(
            type, Array(yaml.utf8), file: "x.yaml", references: FixedReferences(environment: [:], files: [:]))
        return (result.group, result.complaints.map(\.description))
    }

    @Test func readsTheGatewaysExamples() {
        let breaker = """
            failureRateThreshold: 30
            minimumNumberOfCalls: 20
            waitDurationInOpenState: 30s
            permittedNumberOfCallsInHalfOpenState: 5
            """
        let (settings, complaints) = read(CircuitBreakerSettings.self, breaker)
        #expect(complaints.isEmpty, "\(complaints)")
        let expected = CircuitBreakerPolicy(
            failureRateThreshold: 30, minimumNumberOfCalls: 20, waitDurationInOpenState: .seconds(30),
            permittedNumberOfCallsInHalfOpenState: 5)
        #expect(settings?.policy == expected)
        #expect(read(RetrySettings.self, "attempts: 2").0?.policy == RetryPolicy(maxAttempts: 2))
        #expect(read(RateLimitSettings.self, "requestsPerSecond: 800").0?.limit == RateLimit(count: 800, burst: 800))
    }

    @Test func readsEveryKey() {
        let retry = """
            attempts: 7
            initialBackoff: 100ms
            maxBackoff: 5s
            multiplier: 1.5
            jitter: decorrelated
            maxElapsed: 1m
            maxRetryAfter: 10s
            """
        let expected = RetryPolicy(
            maxAttempts: 7, initialBackoff: .milliseconds(100), maxBackoff: .seconds(5), multiplier: 1.5,
            jitter: .decorrelated, maxElapsed: .seconds(60), maxRetryAfter: .seconds(10))
        #expect(read(RetrySettings.self, retry).0?.policy == expected)
        let breaker = read(
            CircuitBreakerSettings.self,
            "slidingWindowType: TIME_BASED\nslidingWindowSize: 60\nslowCallRateThreshold: 80")
        #expect(breaker.0?.policy.slidingWindowType == .timeBased && breaker.1.isEmpty)
        let limit = read(RateLimitSettings.self, "requestsPerSecond: 0.5\nburst: 3").0?.limit
        #expect(limit == RateLimit(count: 1, per: .seconds(2), burst: 3))
    }

    @Test(arguments: [
        "failureRateThreshold: 0", "failureRateThreshold: 101", "slidingWindowType: count", "slidingWindowSize: 0",
        "waitDurationInOpenState: 30", "failureRateTreshold: 5",
        "slidingWindowType: TIME_BASED\nslidingWindowSize: 86401",
    ])
    func refusesWrongBreakers(yaml: String) {
        #expect(!read(CircuitBreakerSettings.self, yaml).1.isEmpty, "\(yaml)")
    }

    @Test func aMaximumBelowTheFirstBackoffIsRefusedAtItsKey() {
        let complaints = read(RetrySettings.self, "initialBackoff: 10s\nmaxBackoff: 1s").1
        #expect(complaints == ["x.yaml:2:13: maxBackoff: must not be shorter than initialBackoff"])
    }
}
