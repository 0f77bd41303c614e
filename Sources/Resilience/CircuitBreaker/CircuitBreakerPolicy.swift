/// When a circuit breaker opens and how it closes again: resilience4j's settings under their own names and with its
/// defaults, so that a team carries its figures over. A breaker clamps every value into its stated range.
package struct CircuitBreakerPolicy: Hashable, Sendable {
    package enum SlidingWindowType: String, Hashable, Sendable, CaseIterable {
        /// The last `slidingWindowSize` calls.
        case countBased = "COUNT_BASED"
        /// The calls of the last `slidingWindowSize` seconds, in buckets of one second.
        case timeBased = "TIME_BASED"
    }

    /// Percent, above 0 to 100: the breaker opens when the failure rate is **equal or greater**.
    package var failureRateThreshold: Double
    /// Percent, above 0 to 100: the breaker opens when the share of slow calls is **equal or greater**.
    package var slowCallRateThreshold: Double
    /// A call is slow when it took **longer**; one of exactly this duration is not.
    package var slowCallDurationThreshold: Duration
    package var slidingWindowType: SlidingWindowType
    /// Calls (1 … 1 000 000, one byte each) or seconds (1 … 86 400, 16 bytes each).
    package var slidingWindowSize: Int
    /// No rate below this number of calls. A count window never asks for more calls than it holds.
    package var minimumNumberOfCalls: Int
    /// From opening to the first trial call.
    package var waitDurationInOpenState: Duration
    /// Trial calls, 1 … 10 000. All must complete before the breaker decides.
    package var permittedNumberOfCallsInHalfOpenState: Int
    /// After this long half-open without a decision the breaker opens again; zero waits without limit.
    package var maxWaitDurationInHalfOpenState: Duration
    /// Half-open as soon as the wait is over (at the next `tick`), not only when the next call asks.
    package var automaticTransitionFromOpenToHalfOpenEnabled: Bool
    /// Not in resilience4j: a trial permit that was neither recorded nor released after this long is taken back, so that a
    /// leak can never wedge the breaker. Choose it above the longest call; at least one millisecond.
    package var halfOpenPermitTimeout: Duration

    package init(
        failureRateThreshold: Double = 50, slowCallRateThreshold: Double = 100,
        slowCallDurationThreshold: Duration = .seconds(60), slidingWindowType: SlidingWindowType = .countBased,
        slidingWindowSize: Int = 100, minimumNumberOfCalls: Int = 100,
        waitDurationInOpenState: Duration = .seconds(60), permittedNumberOfCallsInHalfOpenState: Int = 10,
        maxWaitDurationInHalfOpenState: Duration = .zero,
        automaticTransitionFromOpenToHalfOpenEnabled: Bool = false,
        halfOpenPermitTimeout: Duration = .seconds(120)
    ) {
        self.failureRateThreshold = CircuitBreakerPolicy.percent(failureRateThreshold, fallback: 50)
        self.slowCallRateThreshold = CircuitBreakerPolicy.percent(slowCallRateThreshold, fallback: 100)
        self.slowCallDurationThreshold = max(.zero, slowCallDurationThreshold)
        self.slidingWindowType = slidingWindowType
        let largest = slidingWindowType == .countBased ? 1_000_000 : 86_400
        self.slidingWindowSize = min(max(1, slidingWindowSize), largest)
        self.minimumNumberOfCalls = max(1, minimumNumberOfCalls)
        self.waitDurationInOpenState = max(.zero, waitDurationInOpenState)
        self.permittedNumberOfCallsInHalfOpenState = min(max(1, permittedNumberOfCallsInHalfOpenState), 10_000)
        self.maxWaitDurationInHalfOpenState = max(.zero, maxWaitDurationInHalfOpenState)
        self.automaticTransitionFromOpenToHalfOpenEnabled = automaticTransitionFromOpenToHalfOpenEnabled
        self.halfOpenPermitTimeout = max(.milliseconds(1), halfOpenPermitTimeout)
    }

    /// The same with every value in its range again, since properties can be set one by one.
    var clamped: CircuitBreakerPolicy {
        CircuitBreakerPolicy(
            failureRateThreshold: failureRateThreshold, slowCallRateThreshold: slowCallRateThreshold,
            slowCallDurationThreshold: slowCallDurationThreshold, slidingWindowType: slidingWindowType,
            slidingWindowSize: slidingWindowSize, minimumNumberOfCalls: minimumNumberOfCalls,
            waitDurationInOpenState: waitDurationInOpenState,
            permittedNumberOfCallsInHalfOpenState: permittedNumberOfCallsInHalfOpenState,
            maxWaitDurationInHalfOpenState: maxWaitDurationInHalfOpenState,
            automaticTransitionFromOpenToHalfOpenEnabled: automaticTransitionFromOpenToHalfOpenEnabled,
            halfOpenPermitTimeout: halfOpenPermitTimeout)
    }

    /// Calls that a rate needs in the closed state.
    var effectiveMinimumNumberOfCalls: Int {
        slidingWindowType == .countBased ? min(minimumNumberOfCalls, slidingWindowSize) : minimumNumberOfCalls
    }

    private static func percent(_ value: Double, fallback: Double) -> Double {
        value > 0 ? min(value, 100) : fallback
    }
}
