/// Draws hosts by chance in proportion to their weights: O(1) where all weights are equal, O(log n) otherwise, from
/// sums that are made anew when the usable hosts change. No allocation after the first `rebuild`.
struct WeightedSampler: Sendable {
    private(set) var hosts: [Int32] = []
    /// The sum of the weights up to and with each host.
    private var sums: [UInt64] = []
    private var isUniform = true

    init(capacity: Int) {
        hosts.reserveCapacity(capacity)
        sums.reserveCapacity(capacity)
    }

    mutating func rebuild(eligible: [Bool], hosts all: [BalancedHost]) {
        hosts.removeAll(keepingCapacity: true)
        sums.removeAll(keepingCapacity: true)
        isUniform = true
        var sum: UInt64 = 0
        for host in eligible.indices where eligible[host] {
            sum += UInt64(all[host].weight)
            if let first = hosts.first, all[Int(first)].weight != all[host].weight { isUniform = false }
            hosts.append(Int32(host))
            sums.append(sum)
        }
    }

    /// There is at least one host.
    func draw(_ random: inout FastRandom) -> Int {
        if isUniform { return Int(hosts[Int(random.below(UInt64(hosts.count)))]) }
        let target = random.below(sums[sums.count - 1])
        var low = 0
        var high = sums.count - 1
        while low < high {
            let middle = (low + high) / 2
            if target < sums[middle] { high = middle } else { low = middle + 1 }
        }
        return Int(hosts[low])
    }
}
