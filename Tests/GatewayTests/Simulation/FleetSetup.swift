import Base
import Resilience
import TestKit

@testable import Gateway

/// The settings of one simulated fleet, by chance.
struct FleetSetup {
    let hostCount: Int
    let balancing: BalancingPolicy
    var outlier = OutlierPolicy()
    var check = HealthCheckPolicy()
    var concurrency = AdaptiveConcurrencyPolicy()
    var retry = RetryGatePolicy()
    let budget: RetryBudget.Kind
    let breaker: CircuitBreakerPolicy

    init(_ generator: inout SeededGenerator) {
        func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        hostCount = pick(1...12)
        balancing = BalancingPolicy(
            BalancingPolicy.Algorithm.allCases[pick(0...3)], panicThresholdPercent: Double(pick(0...2) * 25),
            slowStart: SlowStart(window: .seconds(pick(0...3))))
        outlier.consecutive5xx = pick(2...6)
        outlier.interval = .seconds(1)
        outlier.baseEjectionTime = .seconds(pick(1...3))
        outlier.maximumEjectionTime = .seconds(pick(3...10))
        outlier.maximumEjectionPercent = Double(pick(0...60))
        outlier.successRate = pick(0...1) == 0 ? nil : OutlierPolicy.SuccessRate()
        check.interval = .milliseconds(pick(500...2000))
        concurrency.measureInterval = .seconds(pick(2...20))
        concurrency.minimumLimit = pick(3...30)
        retry.on = [.serverError]
        retry.maximumRetries = pick(0...4)
        budget =
            pick(0...1) == 0
            ? .activeRequests(percent: Double(pick(0...40)), floor: pick(0...4))
            : .tokenBucket(ratio: Double(pick(0...4)) / 10, minimumPerSecond: pick(0...2), capacity: pick(1...20))
        breaker = CircuitBreakerPolicy(
            failureRateThreshold: Double(pick(30...80)), slowCallRateThreshold: Double(pick(50...100)),
            slowCallDurationThreshold: .milliseconds(300), slidingWindowSize: pick(5...40),
            minimumNumberOfCalls: pick(5...20), waitDurationInOpenState: .milliseconds(pick(200...3000)),
            permittedNumberOfCallsInHalfOpenState: pick(1...5),
            maxWaitDurationInHalfOpenState: .seconds(pick(0...1) * 3))
    }
}

/// What happened.
struct FleetTally {
    var requests = 0
    var shed = 0
    var served = 0
    var failed = 0
    var failedStale = 0
    var aborted = 0
    var attempts = 0
    var retries = 0
    var staleRepeats = 0
    var panics = 0
    var ejections = 0
    var breakersOpened = 0
    var refusedByBreakers = 0
    var attemptsByHost: [Int: Int] = [:]
    /// Broken invariants, the first few.
    var complaints: [String] = []

    mutating func complain(_ text: String) {
        if complaints.count < 5 { complaints.append(text) }
    }

    mutating func count(_ transition: CircuitBreakerTransition?) {
        if transition?.to == .open { breakersOpened += 1 }
    }
}
