import Base

/// The hedging of one route as a value: latencies in, delays and permissions out. Behind a `Mutex` of the route.
///
/// For each request: `requestStarted` gives the delay of the first copy; when its timer fires and the request has no
/// answer, `tryHedge` says whether the copy goes out. The caller hedges only what is idempotent and replayable, to a
/// host not tried, takes the first answer and cancels the others. In all there are at most
/// `burst + budgetPercent / 100 · requests` copies. All calls are O(1) but for the quantile: one pass over 464 counts
/// for every 64 samples.
package struct HedgeController: Sendable {
    package static let minimumSamples = 20
    private static let samplesPerQuantile = 64
    /// Samples after which all are halved: those of the last few thousand requests decide.
    private static let samplesPerDecay = 2048

    package let policy: HedgePolicy
    /// Copies sent and copies that the budget refused, since the start.
    package private(set) var hedged: UInt64 = 0
    package private(set) var refused: UInt64 = 0
    /// In units of 1/100 000 of a copy, so that thousandths of a percent add up exactly.
    private var balance: Int
    private var latencies = LatencyHistogram()
    private var samplesSinceQuantile = 0
    private var quantile: Duration?

    private static let copy = 100_000

    package init(_ policy: HedgePolicy) {
        self.policy = policy
        balance = policy.burst * HedgeController.copy
    }

    /// A request goes out for the first time. How long to wait before its first copy; nil: it has none.
    package mutating func requestStarted() -> Duration? {
        let deposit = Int(policy.budgetPercent * Double(HedgeController.copy) / 100)
        balance = min(policy.burst * HedgeController.copy, balance + deposit)
        return policy.maximumCopies > 0 ? delay : nil
    }

    /// The present wait before a copy, also before the next one; nil while too little is known.
    package var delay: Duration? {
        switch policy.delay {
        case .fixed(let delay): max(.zero, delay)
        case .quantile(_, let least, let most): quantile.map { max(.zero, least, min($0, most)) }
        }
    }

    /// The delay has passed without an answer. `copies` have been sent beside the first request.
    package mutating func tryHedge(copies: Int) -> Bool {
        guard copies < policy.maximumCopies else { return false }
        guard balance >= HedgeController.copy else {
            refused &+= 1
            return false
        }
        balance -= HedgeController.copy
        hedged &+= 1
        return true
    }

    /// How long the answer to a request took, from its own sending, hedged or not.
    package mutating func record(latency: Duration) {
        guard case .quantile(let fraction, _, _) = policy.delay else { return }
        latencies.record(latency)
        samplesSinceQuantile += 1
        let isFirst = quantile == nil && latencies.count >= HedgeController.minimumSamples
        guard isFirst || samplesSinceQuantile >= HedgeController.samplesPerQuantile else { return }
        samplesSinceQuantile = 0
        if latencies.count >= HedgeController.minimumSamples { quantile = latencies.quantile(fraction) }
        if latencies.count >= HedgeController.samplesPerDecay { latencies.decay() }
    }
}
