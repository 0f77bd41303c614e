import Base
import Glibc

/// A host that has just become usable gets a growing share, so that its cold caches and pools are not run over. Envoy's
/// curve: after `t` of `window` the weight counts `max(minimumWeightPercent / 100, (t / window) ^ (1 / aggression))`.
package struct SlowStart: Hashable, Sendable {
    /// Zero turns slow start off.
    package let window: Duration
    /// 1 grows linearly, more gains most of the weight early, less late. Above 0; the initialiser corrects.
    package let aggression: Double
    /// The share at the beginning, 0…100.
    package let minimumWeightPercent: Double

    package static let off = SlowStart(window: .zero)

    package init(window: Duration, aggression: Double = 1, minimumWeightPercent: Double = 10) {
        self.window = max(.zero, window)
        self.aggression = aggression > 0 && aggression.isFinite ? aggression : 1
        self.minimumWeightPercent = minimumWeightPercent.isNaN ? 10 : min(max(minimumWeightPercent, 0), 100)
    }

    /// The weight's factor, above 0 and at most 1, `elapsed` after the host became usable.
    package func factor(after elapsed: Duration) -> Double {
        guard elapsed < window else { return 1 }
        let share = max(elapsed, .zero) / window
        let grown = aggression == 1 ? share : pow(share, 1 / aggression)
        // A host with no weight at all would never be picked by a rotation: a thousandth is the least.
        return max(grown, minimumWeightPercent / 100, 0.001)
    }
}
