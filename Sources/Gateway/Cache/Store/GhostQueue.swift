/// The hashes of what was evicted last: a ring, and a set to find them. At most `capacity` of them, 24 bytes each.
struct GhostQueue {
    private var ring: [UInt64] = []
    private var next = 0
    /// How often a hash is in the ring.
    private var members: [UInt64: UInt32] = [:]
    private let capacity: Int

    /// - Parameter capacity: at least 1.
    init(capacity: Int) { self.capacity = max(1, capacity) }

    mutating func add(_ hash: UInt64) {
        if ring.count < capacity {
            ring.append(hash)
        } else {
            forget(ring[next])
            ring[next] = hash
            next = (next + 1) % capacity
        }
        members[hash, default: 0] += 1
    }

    /// Whether it was there. Its places in the ring go by themselves.
    mutating func remove(_ hash: UInt64) -> Bool { members.removeValue(forKey: hash) != nil }

    private mutating func forget(_ hash: UInt64) {
        guard let times = members[hash] else { return }
        if times > 1 { members[hash] = times - 1 } else { members[hash] = nil }
    }
}
