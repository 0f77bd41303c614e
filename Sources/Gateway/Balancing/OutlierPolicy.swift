import Base

/// When a host is ejected for what its answers look like, and for how long: Envoy's settings, with its defaults where
/// nothing else is said.
package struct OutlierPolicy: Hashable, Sendable {
    /// Ejection by comparison with the other hosts: below `mean − standardDeviations · σ` of the success rates.
    package struct SuccessRate: Hashable, Sendable {
        /// Hosts that must have `requestVolume` requests in the interval before anything is compared.
        package var minimumHosts = 5
        package var requestVolume = 100
        package var standardDeviations = 1.9

        package init() {}
    }

    /// Ejection by a fixed share of failures.
    package struct FailurePercentage: Hashable, Sendable {
        /// Percent at which (equal or above) a host is ejected.
        package var threshold = 85.0
        package var minimumHosts = 5
        package var requestVolume = 50

        package init() {}
    }

    /// Answers of 500–599 in a row, and what counts as one, that eject a host. 0: never.
    package var consecutive5xx = 5
    /// 502, 503 and 504 in a row. 0, the default: never (Envoy counts them and by default does not act either).
    package var consecutiveGatewayFailures = 0
    /// Counts connect failures, resets and time-outs apart instead of as gateway failures (Envoy's
    /// `split_external_local_origin_errors`).
    package var splitLocalOriginFailures = false
    /// Failures of our own making in a row, when they are counted apart. 0: never.
    package var consecutiveLocalOriginFailures = 5
    /// Nil, the default here, does not compare; Envoy's default compares.
    package var successRate: SuccessRate?
    package var failurePercentage: FailurePercentage?
    /// Between sweeps, which return hosts, compare rates and let the multiplier decay. At least 1 ms.
    package var interval = Duration.seconds(10)
    /// The first ejection lasts this long, the next ones a multiple.
    package var baseEjectionTime = Duration.seconds(30)
    /// No ejection is longer, but for jitter; less than `baseEjectionTime` counts as that.
    package var maximumEjectionTime = Duration.seconds(300)
    /// Uniform in [0, this] on top, so that hosts do not all come back at once.
    package var maximumEjectionJitter = Duration.zero
    /// Percent of the hosts that may be ejected at a time, 0…100.
    package var maximumEjectionPercent = 10.0
    /// One host may be ejected whatever the percentage says. Envoy did so always, and since 1.31 only when it is asked
    /// to; with its 10 % a group of nine hosts then never ejects any, so here it is the default.
    package var alwaysEjectOneHost = true
    /// A passed active check ends the ejection.
    package var returnsOnHealthCheck = true

    package init() {}

    /// How many of `count` hosts may be ejected at a time.
    package func maximumEjected(of count: Int) -> Int {
        let percent = maximumEjectionPercent.isNaN ? 10 : min(max(maximumEjectionPercent, 0), 100)
        let allowed = Int(Double(count) * percent / 100)
        return min(count, max(allowed, alwaysEjectOneHost ? 1 : 0))
    }

    /// How long the ejection with this multiplier lasts, before jitter.
    func ejectionTime(multiplier: Int) -> Duration {
        min(baseEjectionTime * multiplier, max(baseEjectionTime, maximumEjectionTime))
    }
}
