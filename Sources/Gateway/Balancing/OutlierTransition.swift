package import Base

/// A host was ejected or returned: the caller sets the mark on the `HostBoard`, logs it and moves the metric.
package struct OutlierTransition: Hashable, Sendable {
    /// The raw values are the words for logs and metric labels.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case consecutive5xx = "consecutive-5xx"
        case consecutiveGatewayFailures = "consecutive-gateway-failures"
        case consecutiveLocalOriginFailures = "consecutive-local-origin-failures"
        case successRate = "success-rate"
        case failurePercentage = "failure-percentage"
        /// The ejection's time is over.
        case timeElapsed = "time-elapsed"
        /// An active check passed.
        case healthCheck = "health-check"
    }

    package let host: Int
    package let isEjected: Bool
    package let reason: Reason
    package let at: MonotonicInstant
    /// Of an ejection: how long it lasts at least; a sweep ends it.
    package let duration: Duration
    /// Ejections of the host since the detector was made.
    package let timesEjected: Int
}

/// What became of a request, as the detector counts it.
package enum OutlierResult: Hashable, Sendable {
    /// The host answered with this status.
    case response(status: Int)
    /// No answer: connect failure, reset, time-out of a try.
    case localOriginFailure
}
