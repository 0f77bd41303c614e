package import Base
import Settings

/// A declared limit that was passed after a reload, with the figures that show it.
package struct RollbackBreach: Hashable, Sendable, CustomStringConvertible {
    package enum Limit: Hashable, Sendable {
        case errorRate(Double)
        case latencyP99(Duration)
    }

    package let limit: Limit
    package let sample: RollbackSample
    /// The time that the sample was taken over.
    package let over: Duration

    /// `60 of 400 requests failed within 10s: 15.0 %, more than maxErrorRate 5.0 %`.
    package var description: String {
        let seconds = DurationText.render(.seconds(max(1, Int64(over.inSeconds.rounded()))))
        switch limit {
        case .errorRate(let most):
            return "\(sample.failures) of \(sample.requests) requests failed within \(seconds): "
                + "\(RollbackBreach.percent(sample.failures, of: sample.requests)), more than maxErrorRate "
                + RollbackBreach.percent(Int((most * 100_000).rounded()), of: 100_000)
        case .latencyP99(let most):
            return "\(sample.slow) of \(sample.requests) requests within \(seconds) took longer than maxLatencyP99 "
                + "\(DurationText.render(most)): \(RollbackBreach.percent(sample.slow, of: sample.requests)), more than 1 %"
        }
    }

    /// With one decimal, rounded down.
    private static func percent(_ part: Int, of whole: Int) -> String {
        let tenths = part * 1000 / max(1, whole)
        return "\(tenths / 10).\(tenths % 10) %"
    }
}
