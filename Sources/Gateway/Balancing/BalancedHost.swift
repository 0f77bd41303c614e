/// One host of an upstream group as the balancer sees it. Its index in the group's list is its name everywhere else
/// (`HostBoard`, `OutlierDetector`, `TriedHosts`).
package struct BalancedHost: Hashable, Sendable {
    /// A group has at most this many hosts; further ones must be refused where the configuration or DNS is read.
    package static let maximumCount = 65_534

    /// Stands for the address, the same after every restart and in every process: `StableHash` of its text.
    package let key: UInt64
    /// Its share beside the others, 1…1 000; the initialiser clamps.
    package let weight: Int

    package init(key: UInt64, weight: Int = 1) {
        self.key = key
        self.weight = min(max(weight, 1), 1000)
    }
}
