package import Settings

/// `circuitBreaker:` in a configuration file: resilience4j's names, so that its blocks can be pasted.
package struct CircuitBreakerSettings: SettingsGroup {
    package var policy = CircuitBreakerPolicy()

    package init() {}

    /// Defaults of one's own.
    package init(_ policy: CircuitBreakerPolicy) {
        self.policy = policy
    }

    package static var fields: [SettingsField<Self>] {
        thresholds + states
    }

    private static var thresholds: [SettingsField<Self>] {
        [
            SettingsField(
                "failureRateThreshold", \.policy.failureRateThreshold, .number(in: 0.001...100),
                "Percent of failed calls at which the breaker opens."),
            SettingsField(
                "slowCallRateThreshold", \.policy.slowCallRateThreshold, .number(in: 0.001...100),
                "Percent of slow calls at which the breaker opens."),
            SettingsField(
                "slowCallDurationThreshold", \.policy.slowCallDurationThreshold,
                .duration(in: .milliseconds(1) ... .seconds(86_400)), "A call that takes longer is slow."),
            SettingsField(
                "slidingWindowType", \.policy.slidingWindowType, .choice(),
                "COUNT_BASED: the last calls; TIME_BASED: the calls of the last seconds."),
            SettingsField(
                "slidingWindowSize", \.policy.slidingWindowSize, .integer(in: 1...1_000_000),
                "Calls, or seconds (at most 86400), that the rates are taken from."),
            SettingsField(
                "minimumNumberOfCalls", \.policy.minimumNumberOfCalls, .integer(in: 1...1_000_000_000),
                "No rate is computed below this number of calls."),
        ]
    }

    private static var states: [SettingsField<Self>] {
        [
            SettingsField(
                "waitDurationInOpenState", \.policy.waitDurationInOpenState,
                .duration(in: .milliseconds(1) ... .seconds(86_400)), "From opening to the first trial call."),
            SettingsField(
                "permittedNumberOfCallsInHalfOpenState", \.policy.permittedNumberOfCallsInHalfOpenState,
                .integer(in: 1...10_000), "Trial calls; all must complete before the breaker decides."),
            SettingsField(
                "maxWaitDurationInHalfOpenState", \.policy.maxWaitDurationInHalfOpenState,
                .duration(in: .zero ... .seconds(86_400)),
                "Half-open for this long without a decision, it opens again; 0s waits without limit."),
            SettingsField(
                "automaticTransitionFromOpenToHalfOpenEnabled",
                \.policy.automaticTransitionFromOpenToHalfOpenEnabled, .bool,
                "Half-open as soon as the wait is over, not only when the next call comes."),
            SettingsField(
                "halfOpenPermitTimeout", \.policy.halfOpenPermitTimeout,
                .duration(in: .milliseconds(1) ... .seconds(86_400)),
                "A trial call without a result after this long no longer holds its place; choose it above the longest call."
            ),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        switch policy.slidingWindowType {
        case .timeBased where policy.slidingWindowSize > 86_400:
            complaints.error(at: \Self.policy.slidingWindowSize, "must be at most 86400 seconds for TIME_BASED")
        case .countBased where policy.slidingWindowSize < policy.minimumNumberOfCalls:
            // The default of 100 with a smaller window is resilience4j's usual file: say it only where it was chosen.
            guard policy.minimumNumberOfCalls != CircuitBreakerPolicy().minimumNumberOfCalls else { return }
            complaints.warning(
                at: \Self.policy.minimumNumberOfCalls, "is more than slidingWindowSize, which then is the minimum")
        default:
            return
        }
    }
}
