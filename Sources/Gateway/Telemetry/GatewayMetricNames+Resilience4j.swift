/// The circuit breakers under the names of resilience4j's Micrometer binder, so that dashboards that exist fit.
extension GatewayMetricNames {
    /// 1 for the state that holds, 0 for the others: closed, open, half_open, forced_open, disabled, metrics_only.
    package static let breakerState = GatewayMetric(
        .gauge, "resilience4j_circuitbreaker_state", "The state of the circuit breaker.", labels: ["name", "state"])
    package static let breakerFailureRate = GatewayMetric(
        .gauge, "resilience4j_circuitbreaker_failure_rate",
        "Percent of failed calls in the window; -1 below the minimum of calls.", labels: ["name"])
    package static let breakerSlowCallRate = GatewayMetric(
        .gauge, "resilience4j_circuitbreaker_slow_call_rate",
        "Percent of slow calls in the window; -1 below the minimum of calls.", labels: ["name"])
    /// `kind` is successful or failed.
    package static let breakerBufferedCalls = GatewayMetric(
        .gauge, "resilience4j_circuitbreaker_buffered_calls", "Calls in the window.", labels: ["name", "kind"])
    /// `kind` is successful or failed.
    package static let breakerSlowCalls = GatewayMetric(
        .gauge, "resilience4j_circuitbreaker_slow_calls", "Slow calls in the window.", labels: ["name", "kind"])
    /// resilience4j labels it with `kind`, of one value (not_permitted); a sum over it is the same.
    package static let breakerNotPermitted = GatewayMetric(
        .counter, "resilience4j_circuitbreaker_not_permitted_calls_total",
        "Calls that the breaker did not let through.",
        labels: ["name"])
    /// `kind` is successful, failed or ignored.
    package static let breakerCalls = GatewayMetric(
        .histogram, "resilience4j_circuitbreaker_calls_seconds", "How long the calls took that were let through.",
        labels: ["name", "kind"], unit: "seconds")

    static let resilience4j = [
        breakerState, breakerFailureRate, breakerSlowCallRate, breakerBufferedCalls, breakerSlowCalls,
        breakerNotPermitted, breakerCalls,
    ]
}
