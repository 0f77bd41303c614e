import Base
import HTTPWire
import Synchronization

/// The answers that are kept for one route, RFC 9111's shared cache, in memory: one for all workers and all reloads.
/// What it gives out are immutable objects; `lookup` says which and whether they may be used, a `CacheRecorder` brings
/// new ones.
///
/// What always holds: the cost of all that is stored is at most `maxBytes`, that of all that is being recorded at most
/// as much again; a shard's lock is held for one find or one change, never while bytes are copied.
///
/// A hit costs one hash of the key, one lock, one probe, a compare of the key, and for each field of Vary a walk over
/// the request's fields. No allocation.
package final class ResponseCache: Sendable {
    private final class Shard: Sendable {
        let state: Mutex<CacheShard>
        init(capacity: Int) { state = Mutex(CacheShard(capacity: capacity)) }
    }

    /// As many as keep eight cores out of each other's way, and leave each room for four of the largest objects.
    static let mostShards = 16

    private let shards: [Shard]
    private let recording = Atomic<Int>(0)
    private let capacity: Atomic<Int>
    let counters = CacheCounters()

    package init(maxBytes: Int, maxObjectBytes: Int) {
        let count = ResponseCache.shardCount(maxBytes: maxBytes, maxObjectBytes: maxObjectBytes)
        shards = (0..<count).map { _ in Shard(capacity: maxBytes / count) }
        capacity = Atomic(maxBytes)
    }

    package convenience init(_ settings: CacheSettings) {
        self.init(
            maxBytes: Int(clamping: settings.maxBytes.bytes),
            maxObjectBytes: Int(clamping: settings.maxObjectBytes.bytes))
    }

    static func shardCount(maxBytes: Int, maxObjectBytes: Int) -> Int {
        var count = 1
        while count < mostShards, maxBytes / (count * 2) / 4 >= maxObjectBytes { count *= 2 }
        return count
    }

    private func shard(_ hash: UInt64) -> Shard { shards[Int(hash >> 48) & (shards.count - 1)] }

    /// The newest stored response that the request selects, and whether there is any for its URI.
    func find(
        _ key: CacheKeyView, _ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> (response: StoredResponse?, isKeyKnown: Bool) {
        let request = copy request
        return shard(key.hash).state.withLock { shard in
            shard.find(key) { $0.selecting.match(request, bytes) }
        }
    }

    /// To be taken when a request goes to the origin, and given with its answer to `store`.
    package func epoch(of key: CacheKeyView) -> UInt32 { shard(key.hash).state.withLock { $0.epoch(key.hash) } }

    /// - Parameter epoch: of the moment in which it was asked for. When its URI was invalidated since, it may be from
    ///   before the change, and is not stored: false.
    @discardableResult
    package func store(_ response: StoredResponse, epoch: UInt32? = nil) -> Bool {
        let hash = response.key.hash
        let isCurrent = shard(hash).state.withLock { shard in
            guard epoch == nil || epoch == shard.epoch(hash) else { return false }
            shard.insert(response)
            return true
        }
        if isCurrent { counters.add(.stores) }
        return isCurrent
    }

    /// Removes this object, not one that has taken its place meanwhile.
    package func remove(_ response: StoredResponse) {
        shard(response.key.hash).state.withLock { $0.remove(response) }
    }

    /// Removes all that is stored for a URI.
    package func invalidate(_ key: CacheKey) {
        let removed = shard(key.hash).state.withLock { $0.removeAll(key) }
        if removed > 0 { counters.add(.invalidations, UInt64(removed)) }
    }

    /// A new bound, from new settings. False when another division of the memory would be needed: then a new cache is.
    package func adopt(_ settings: CacheSettings) -> Bool {
        let bytes = Int(clamping: settings.maxBytes.bytes)
        let object = Int(clamping: settings.maxObjectBytes.bytes)
        guard ResponseCache.shardCount(maxBytes: bytes, maxObjectBytes: object) == shards.count else { return false }
        capacity.store(bytes, ordering: .relaxed)
        for shard in shards { shard.state.withLock { $0.resize(bytes / shards.count) } }
        return true
    }

    /// Takes room for bytes that are being recorded; false when too many are.
    func reserve(_ bytes: Int) -> Bool {
        let (_, total) = recording.add(bytes, ordering: .relaxed)
        guard total > capacity.load(ordering: .relaxed) else { return true }
        recording.subtract(bytes, ordering: .relaxed)
        return false
    }

    func release(_ bytes: Int) { recording.subtract(bytes, ordering: .relaxed) }

    package var statistics: CacheStatistics {
        var statistics = CacheStatistics(counters)
        for shard in shards {
            shard.state.withLock {
                statistics.bytes += $0.bytes
                statistics.entries += $0.count
                statistics.evictions += $0.evictions
            }
        }
        return statistics
    }
}
