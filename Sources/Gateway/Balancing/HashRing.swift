/// A ring of points, several for each host; a key belongs to the first point at or after it (Karger et al., 1997).
///
/// A host's points depend on its key and weight alone, so when a host goes, its keys move to the others and no other
/// key moves; when it comes, it takes only its own share. An unusable host is stepped over, with the same effect and
/// without building anything. A look-up is a binary search, then on average `hosts / accepted hosts` steps. When all
/// are refused it ends after O(hosts), so that a group whose breakers are all open does not cost more than one that
/// works.
struct HashRing: Sendable {
    /// Points for each unit of weight: the shares of hosts of equal weight differ by some 6 % (1 / √256).
    static let pointsPerWeight = 256
    /// 12 bytes each: the ring takes at most 3 MiB, with fewer points a unit (halved until they fit).
    static let maximumPoints = 1 << 18

    private let points: [UInt64]
    private let owners: [UInt16]
    private let hostCount: Int

    init(_ hosts: [BalancedHost], maximumPoints: Int = maximumPoints) {
        hostCount = hosts.count
        let weight = hosts.reduce(0) { $0 + $1.weight }
        var perWeight = HashRing.pointsPerWeight << 16
        while (weight * perWeight) >> 16 > maximumPoints { perWeight /= 2 }
        var ring: [(point: UInt64, owner: Int)] = []
        for (index, host) in hosts.enumerated() {
            for replica in 0..<max(1, (host.weight * perWeight) >> 16) {
                ring.append((StableHash.mix(host.key ^ StableHash.mix(UInt64(replica))), index))
            }
        }
        // Two hosts on one point: the key decides and not the index, which may change with the list.
        ring.sort { ($0.point, hosts[$0.owner].key) < ($1.point, hosts[$1.owner].key) }
        points = ring.map(\.point)
        owners = ring.map { UInt16(truncatingIfNeeded: $0.owner) }
    }

    /// The host of `key` among those that are accepted.
    func host(of key: UInt64, where accepts: (Int) -> Bool) -> Int? {
        let start = firstPoint(atOrAfter: StableHash.mix(key))
        var refused = -1
        for step in 0..<points.count {
            if step == hostCount, !(0..<hostCount).contains(where: accepts) { return nil }
            let place = start + step
            let owner = Int(owners[place < points.count ? place : place - points.count])
            // Neighbouring points of one host are common; ask once.
            guard owner != refused else { continue }
            if accepts(owner) { return owner }
            refused = owner
        }
        return nil
    }

    private func firstPoint(atOrAfter hash: UInt64) -> Int {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
