import Base

/// When a second copy of a request goes out because the first takes long, and how many may.
package struct HedgePolicy: Hashable, Sendable {
    package enum Delay: Hashable, Sendable {
        /// After a fixed time.
        case fixed(Duration)
        /// After the time that `fraction` (0…1, say 0.95) of the recent requests took, within the bounds. Nothing is
        /// hedged before there are `HedgeController.minimumSamples`.
        case quantile(fraction: Double, least: Duration, most: Duration)
    }

    package let delay: Delay
    /// Copies beside the first, 0…8; each goes out one delay after the one before.
    package let maximumCopies: Int
    /// Copies for each hundred requests, in the long run, 0…100.
    package let budgetPercent: Double
    /// Copies that may go out at once after a quiet time, 1…10 000.
    package let burst: Int

    package init(_ delay: Delay, maximumCopies: Int = 1, budgetPercent: Double = 10, burst: Int = 10) {
        self.delay = delay
        self.maximumCopies = min(max(maximumCopies, 0), 8)
        self.budgetPercent = budgetPercent.isNaN ? 0 : min(max(budgetPercent, 0), 100)
        self.burst = min(max(burst, 1), 10_000)
    }
}
