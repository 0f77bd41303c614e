import Base

/// `retry:` of a route: what is tried again, how often and after which wait. Inline values only.
package struct RetryGatePolicy: Hashable, Sendable {
    package var on: RetryConditions = []
    package var statuses = StatusSet()
    /// Retries beside the first try, 0…100. (`attempts: 2` in Spring's sense is one retry: the settings say which.)
    package var maximumRetries = 1
    /// Also repeats methods that are not idempotent (RFC 9110, section 9.2.2) and may have been acted on.
    package var allowsNonIdempotent = false
    /// Before retry `n` the wait is uniform in [0, min(maximumBackoff, (2^n − 1) · baseBackoff)], as in Envoy.
    package var baseBackoff = Duration.milliseconds(25)
    package var maximumBackoff = Duration.milliseconds(250)
    /// Waits as the server's `Retry-After` (or rate-limit reset) says, where that is longer. One that is longer than
    /// `maximumRetryAfter` ends the retries: the client may wait for itself.
    package var honoursRetryAfter = false
    package var maximumRetryAfter = Duration.seconds(10)

    package init() {}

    /// The greatest wait before retry `number`, from 1 on. Nothing overflows.
    package func backoffCeiling(retry number: Int) -> Duration {
        let base = max(0, baseBackoff.wholeNanoseconds)
        let most = max(0, maximumBackoff.wholeNanoseconds)
        guard number < 62 else { return .nanoseconds(base == 0 ? 0 : most) }
        let factor = Int64(1) << Int64(max(1, number)) - 1
        let (ceiling, overflow) = base.multipliedReportingOverflow(by: factor)
        return .nanoseconds(overflow ? most : min(most, ceiling))
    }

    func backoff(retry number: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = backoffCeiling(retry: number).wholeNanoseconds
        return .nanoseconds(Int64.random(in: 0...ceiling, using: &generator))
    }
}
