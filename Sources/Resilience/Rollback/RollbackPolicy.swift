package import Base

/// When a reload is to be taken back: what is watched after it, for how long, and where it is a breach. Pure settings;
/// `RollbackWatch` counts.
package struct RollbackPolicy: Hashable, Sendable {
    /// How long after a reload it is watched; at most an hour, which bounds the memory of the watch.
    package var window: Duration
    /// The share of failed requests, 0 to 1, that is still right: above it, the reload is taken back. 1 watches no errors.
    package var maxErrorRate: Double
    /// The 99th percentile of latency that is still right. Nil watches no latency.
    package var maxLatencyP99: Duration?
    /// Nothing is judged on fewer requests. At least 1.
    package var minimumRequests: Int

    package init(
        window: Duration = .seconds(300), maxErrorRate: Double = 0.05, maxLatencyP99: Duration? = nil,
        minimumRequests: Int = 100
    ) {
        self.window = window
        self.maxErrorRate = maxErrorRate
        self.maxLatencyP99 = maxLatencyP99
        self.minimumRequests = minimumRequests
    }
}

/// What happened between two looks at the counters, as the component counts it.
package struct RollbackSample: Hashable, Sendable {
    /// Requests that ended.
    package var requests: Int
    /// Those of them that failed, as their client saw it: 5xx, or no whole answer.
    package var failures: Int
    /// Those of them that took longer than `maxLatencyP99`; 0 where it is not set.
    package var slow: Int

    package init(requests: Int, failures: Int = 0, slow: Int = 0) {
        self.requests = requests
        self.failures = failures
        self.slow = slow
    }

    static func + (left: RollbackSample, right: RollbackSample) -> RollbackSample {
        RollbackSample(
            requests: left.requests + right.requests, failures: left.failures + right.failures,
            slow: left.slow + right.slow)
    }

    static func - (left: RollbackSample, right: RollbackSample) -> RollbackSample {
        RollbackSample(
            requests: left.requests - right.requests, failures: left.failures - right.failures,
            slow: left.slow - right.slow)
    }

    /// The most that one sample counts, so that no sum and no product of the watch overflows.
    static let most = 1 << 26

    var clamped: RollbackSample {
        let all = min(max(requests, 0), RollbackSample.most)
        return RollbackSample(
            requests: all, failures: min(max(failures, 0), all), slow: min(max(slow, 0), all))
    }
}
