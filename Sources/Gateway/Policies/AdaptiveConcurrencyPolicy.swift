import Base

/// The settings of the gradient controller: Envoy's, with its defaults, and one bound of our own.
package struct AdaptiveConcurrencyPolicy: Hashable, Sendable {
    /// Which quantile of the latencies stands for a window, 0…1 (0.5 is the median, 0.9 reacts earlier).
    package var sampleQuantile = 0.5
    /// From one update of the limit to the next.
    package var updateInterval = Duration.milliseconds(100)
    /// The limit is never below (also the limit while measuring), at least 1, nor above.
    package var minimumLimit = 3
    package var maximumLimit = 1000
    /// From the end of one measurement of the minimal round trip to the next, with up to `jitterPercent` on top, so
    /// that gateways do not all throttle together.
    package var measureInterval = Duration.seconds(60)
    package var jitterPercent = 15.0
    /// Requests that a measurement takes.
    package var measureRequests = 50
    /// Not in Envoy: a measurement that has not seen enough requests ends after this with those it has, so that a quiet
    /// route is not held at the minimum limit for minutes.
    package var measureTimeout = Duration.seconds(5)
    /// Percent of the minimal round trip that the latency may vary without meaning.
    package var bufferPercent = 25.0

    package init() {}

    /// The next limit: `g = (minRTT + B) / sampleRTT`, clamped to [0.5, 2]; `limit · g + √(limit · g)`, rounded down.
    func nextLimit(_ limit: Int, minimum: Duration, sample: Duration) -> Int {
        let allowed = minimum.inSeconds * (1 + bufferPercent / 100)
        let gradient = min(2, max(0.5, allowed / max(sample.inSeconds, 1e-6)))
        let scaled = Double(limit) * gradient
        return clamp(scaled + scaled.squareRoot())
    }

    func clamp(_ limit: Double) -> Int {
        let least = max(1, minimumLimit)
        return Int(min(max(limit, Double(least)), Double(max(least, maximumLimit))))
    }
}
