/// One part of a store: a table from key to variants, and the order in which they go, S3-FIFO (Yang et al., SOSP 2023):
/// what comes is in a small queue, a tenth of the memory; what was asked for again there moves to the main queue, the
/// rest goes, and only its hash is remembered for a while (`ghosts`), so that it comes into the main queue the next
/// time. One crawl through a site so pushes nothing out that is asked for.
///
/// What always holds: `bytes` is the cost of all slots in use and at most `capacity`; each is in one queue and in the
/// chain of its hash. Everything is O(1) but the chain of one URI (at most `variantsPerKey`), an eviction amortised: a
/// slot goes round the main queue at most as often as it was asked for, `mostUses` times.
struct CacheShard {
    enum Queue: UInt8 { case small, main }

    struct Slot {
        var response: StoredResponse?
        /// Toward the newer and the older end of its queue; -1 at the ends.
        var newer: Int32 = -1
        var older: Int32 = -1
        /// The next of the same hash, which was stored before; -1 at the end.
        var chained: Int32 = -1
        var uses: UInt8 = 0
        var queue = Queue.small
    }

    struct Ends {
        var newest: Int32 = -1
        var oldest: Int32 = -1
        var bytes = 0
    }

    static let mostUses: UInt8 = 3
    /// Variants of one URI; a new one above it takes the place of that which was stored first.
    static let variantsPerKey = 64

    var capacity: Int
    private(set) var bytes = 0
    private(set) var count = 0
    private(set) var evictions: UInt64 = 0
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var table: [UInt64: Int32] = [:]
    private var small = Ends()
    private var main = Ends()
    private var ghosts: GhostQueue
    /// Counts invalidations, one count for each of 256 remainders of the hash.
    private var epochs = [UInt32](repeating: 0, count: 256)

    init(capacity: Int) {
        self.capacity = capacity
        ghosts = GhostQueue(capacity: max(64, min(65_536, capacity / 4096)))
    }

    // MARK: Finding

    /// The newest response of the key that `matches`, and whether there is any of the key. Counts as a use.
    mutating func find(
        _ key: CacheKeyView, matches: (StoredResponse) -> Bool
    ) -> (response: StoredResponse?, isKeyKnown: Bool) {
        var index = table[key.hash] ?? -1
        var isKeyKnown = false
        while index >= 0 {
            let slot = slots[Int(index)]
            if let response = slot.response, key.isEqual(to: response.key) {
                isKeyKnown = true
                if matches(response) {
                    slots[Int(index)].uses = min(Self.mostUses, slot.uses + 1)
                    return (response, true)
                }
            }
            index = slot.chained
        }
        return (nil, isKeyKnown)
    }

    /// Changes when something of the hash is invalidated, now and then without.
    func epoch(_ hash: UInt64) -> UInt32 { epochs[Int(hash & 255)] }

    // MARK: Changing

    /// Stores it in place of the variant with the same selecting values; does nothing when it is larger than
    /// everything.
    mutating func insert(_ response: StoredResponse) {
        let hash = response.key.hash
        guard response.cost <= capacity else { return }
        var uses: UInt8 = 0
        var isMain = ghosts.remove(hash)
        if let index = index(of: response.key, where: { $0.selecting == response.selecting }) {
            (uses, isMain) = (slots[index].uses, isMain || slots[index].queue == .main)
            remove(Int32(index))
        }
        makeRoom(for: response.key)
        while bytes + response.cost > capacity, count > 0 { evict() }
        let index = place(response, uses)
        slots[Int(index)].chained = table[hash] ?? -1
        table[hash] = index
        link(index, isMain ? .main : .small)
    }

    /// Only this very object, if it is still there.
    mutating func remove(_ response: StoredResponse) {
        if let index = index(of: response.key, where: { $0 === response }) { remove(Int32(index)) }
    }

    /// All variants of the key; says how many they were. What was asked for before and comes after does not come in.
    mutating func removeAll(_ key: CacheKey) -> Int {
        epochs[Int(key.hash & 255)] &+= 1
        var removed = 0
        while let index = index(of: key, where: { _ in true }) {
            remove(Int32(index))
            removed += 1
        }
        return removed
    }

    mutating func resize(_ capacity: Int) {
        self.capacity = capacity
        while bytes > capacity, count > 0 { evict() }
    }

    private func index(of key: CacheKey, where isWanted: (StoredResponse) -> Bool) -> Int? {
        var index = table[key.hash] ?? -1
        while index >= 0 {
            if let response = slots[Int(index)].response, response.key == key, isWanted(response) { return Int(index) }
            index = slots[Int(index)].chained
        }
        return nil
    }

    private mutating func makeRoom(for key: CacheKey) {
        var (variants, last, index) = (0, Int32(-1), table[key.hash] ?? -1)
        while index >= 0 {
            if slots[Int(index)].response?.key == key { (variants, last) = (variants + 1, index) }
            index = slots[Int(index)].chained
        }
        if variants >= Self.variantsPerKey { remove(last) }
    }

    private mutating func place(_ response: StoredResponse, _ uses: UInt8) -> Int32 {
        let slot = Slot(response: response, uses: uses)
        if let index = free.popLast() {
            slots[Int(index)] = slot
            return index
        }
        slots.append(slot)
        return Int32(slots.count - 1)
    }
}

// MARK: Eviction
extension CacheShard {
    private mutating func evict() {
        if small.oldest >= 0, small.bytes > capacity / 10 || main.oldest < 0 { evictSmall() } else { evictMain() }
    }

    private mutating func evictSmall() {
        let index = small.oldest
        let slot = slots[Int(index)]
        if slot.uses > 1 {
            unlink(index)
            slots[Int(index)].uses = 0
            return link(index, .main)
        }
        if let response = slot.response { ghosts.add(response.key.hash) }
        evictions += 1
        remove(index)
    }

    private mutating func evictMain() {
        let index = main.oldest
        guard slots[Int(index)].uses > 0 else {
            evictions += 1
            return remove(index)
        }
        unlink(index)
        slots[Int(index)].uses -= 1
        link(index, .main)
    }

    private mutating func remove(_ index: Int32) {
        unlink(index)
        unchain(index)
        slots[Int(index)] = Slot()
        free.append(index)
    }

    private mutating func unchain(_ index: Int32) {
        guard let hash = slots[Int(index)].response?.key.hash, let first = table[hash] else { return }
        let next = slots[Int(index)].chained
        if first == index {
            if next >= 0 { table[hash] = next } else { table[hash] = nil }
            return
        }
        var previous = first
        while slots[Int(previous)].chained != index { previous = slots[Int(previous)].chained }
        slots[Int(previous)].chained = next
    }

    /// At the new end of a queue.
    private mutating func link(_ index: Int32, _ queue: Queue) {
        let cost = slots[Int(index)].response?.cost ?? 0
        var ends = queue == .small ? small : main
        slots[Int(index)].queue = queue
        (slots[Int(index)].newer, slots[Int(index)].older) = (-1, ends.newest)
        if ends.newest >= 0 { slots[Int(ends.newest)].newer = index } else { ends.oldest = index }
        ends.newest = index
        ends.bytes += cost
        (bytes, count) = (bytes + cost, count + 1)
        if queue == .small { small = ends } else { main = ends }
    }

    private mutating func unlink(_ index: Int32) {
        let slot = slots[Int(index)]
        let cost = slot.response?.cost ?? 0
        var ends = slot.queue == .small ? small : main
        if slot.newer >= 0 { slots[Int(slot.newer)].older = slot.older } else { ends.newest = slot.older }
        if slot.older >= 0 { slots[Int(slot.older)].newer = slot.newer } else { ends.oldest = slot.newer }
        ends.bytes -= cost
        (bytes, count) = (bytes - cost, count - 1)
        if slot.queue == .small { small = ends } else { main = ends }
    }
}
