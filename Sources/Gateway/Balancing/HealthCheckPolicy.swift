import Base

/// How often a host is checked and how many results change its state; HAProxy's `inter`, `fastinter`, `downinter`,
/// `fall` and `rise`, Envoy's thresholds and jitter. The first result decides at once, as in Envoy.
package struct HealthCheckPolicy: Hashable, Sendable {
    /// Failed checks in a row that take a healthy host out (`fall`), at least 1.
    package var unhealthyThreshold = 3
    /// Passed checks in a row that bring it back (`rise`), at least 1.
    package var healthyThreshold = 2
    /// From the end of a check to the next while the host is healthy and the last check passed. At least 1 ms.
    package var interval = Duration.seconds(5)
    /// While the last result speaks against the present state (`fastinter`); nil: `interval`.
    package var edgeInterval: Duration?
    /// While the host is unhealthy and the last check failed (`downinter`); nil: `interval`.
    package var unhealthyInterval: Duration?
    /// Uniform in [0, this] percent on top of each interval, 0…100, so that checks of many gateways spread out.
    package var jitterPercent = 10.0
    /// The first check comes uniformly in [0, this] after the start.
    package var initialJitter = Duration.zero

    package init() {}
}
