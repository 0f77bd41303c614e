/// How a group's hosts share its requests.
package struct BalancingPolicy: Hashable, Sendable {
    /// The raw values are the words of the configuration.
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        /// By turns, in proportion to weight, heavy hosts spread out and not in bursts.
        case roundRobin
        /// The less loaded (requests in flight by weight) of two hosts drawn at random.
        case leastRequests
        /// The same key goes to the same host; a host that comes or goes moves only its own share of the keys.
        case consistentHash
        /// By chance, in proportion to weight.
        case random
    }

    package let algorithm: Algorithm
    /// Percent, 0…100. With **less** than this of the hosts usable, unhealthy and ejected ones are used as well
    /// (Envoy's panic mode): better some errors than all load on the few that remain. 0 never panics.
    package let panicThresholdPercent: Double
    /// Not for `consistentHash`, where it would move keys twice.
    package let slowStart: SlowStart

    package init(
        _ algorithm: Algorithm = .roundRobin, panicThresholdPercent: Double = 50, slowStart: SlowStart = .off
    ) {
        self.algorithm = algorithm
        self.panicThresholdPercent = panicThresholdPercent.isNaN ? 50 : min(max(panicThresholdPercent, 0), 100)
        self.slowStart = slowStart
    }
}
