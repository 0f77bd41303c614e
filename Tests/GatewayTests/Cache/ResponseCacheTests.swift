import Base
import HTTPWire
import TestKit
import Testing

@testable import Gateway

/// The store: its bound, the order in which things go, variants, recordings that come to nothing.
@Suite struct ResponseCacheTests {
    private static func response(_ path: String, bytes: Int = 0, variant: String? = nil) -> StoredResponse {
        let simulation = CacheSimulation()
        let fields = ["Cache-Control: max-age=60"] + (variant == nil ? [] : ["Vary: V"])
        let request = ["GET \(path)"] + (variant.map { ["V: \($0)"] } ?? [])
        return simulation.withRequest(request) { request, requestBytes, target in
            simulation.withResponse(["200"] + fields, .get) { head, content in
                let space = WireBuffer(capacity: 64)
                let recorder = try? simulation.cache.record(
                    target.key(in: space), request: request, requestBytes, response: head, content, CachePolicy(),
                    delay: .zero, at: simulation.moment)
                [UInt8](repeating: 0, count: bytes).withUnsafeBytes { recorder?.append($0) }
                guard let response = recorder?.finish() else { preconditionFailure("the response is for the store") }
                return response
            }
        }
    }

    private func holds(_ shard: inout CacheShard, _ response: StoredResponse) -> Bool {
        response.key.withView { shard.find($0) { $0 === response }.response != nil }
    }

    @Test func sameVariantIsReplaced() {
        var shard = CacheShard(capacity: 1 << 20)
        let (first, second) = (Self.response("/a", variant: "1"), Self.response("/a", variant: "1"))
        let other = Self.response("/a", variant: "2")
        for response in [first, other, second] { shard.insert(response) }
        #expect(shard.count == 2 && shard.bytes == second.cost + other.cost)
        #expect(!holds(&shard, first))
        #expect(holds(&shard, second) && holds(&shard, other))
        shard.remove(first)
        #expect(shard.count == 2)
        #expect(shard.removeAll(first.key) == 2)
        #expect(shard.count == 0 && shard.bytes == 0)
    }

    @Test func variantsOfOneKeyAreBounded() {
        var shard = CacheShard(capacity: 1 << 20)
        let all = (0..<CacheShard.variantsPerKey + 5).map { Self.response("/a", variant: "\($0)") }
        for response in all { shard.insert(response) }
        #expect(shard.count == CacheShard.variantsPerKey)
        #expect(!holds(&shard, all[4]))
        #expect(holds(&shard, all[5]))
    }

    @Test func whatIsLargerThanEverythingIsNotStored() {
        var shard = CacheShard(capacity: 4096)
        shard.insert(Self.response("/small"))
        shard.insert(Self.response("/large", bytes: 4096))
        #expect(shard.count == 1)
    }

    /// A crawl through many pages does not push out what is asked for again and again.
    @Test func scanLeavesWhatIsUsed() {
        let popular = (0..<10).map { Self.response("/popular/\($0)") }
        var shard = CacheShard(capacity: popular[0].cost * 100)
        for response in popular { shard.insert(response) }
        for step in 0..<2000 {
            shard.insert(Self.response("/page/\(step)"))
            if step % 50 == 0 { for response in popular { _ = holds(&shard, response) } }
        }
        for response in popular {
            #expect(holds(&shard, response), "\(String(decoding: response.key.bytes, as: UTF8.self))")
        }
        #expect(shard.evictions > 1800)
    }

    /// Random changes against a plain dictionary: nothing is found that was removed or replaced, nothing is counted
    /// wrong, and the bound holds. What the store let go is forgotten in the model, too.
    @Test(arguments: [1, 2, 3] as [UInt64]) func modelled(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var shard = CacheShard(capacity: 40_000)
        let pool = (0..<120).map {
            Self.response("/\($0 / 3)", bytes: Int.random(in: 0...4000, using: &random), variant: "\($0 % 3)")
        }
        var model: [Int: StoredResponse] = [:]
        for _ in 0..<3000 {
            let index = Int.random(in: 0..<pool.count, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                shard.remove(pool[index])
                model[index] = nil
            case 1:
                _ = shard.removeAll(pool[index].key)
                for other in model.keys where pool[other].key == pool[index].key { model[other] = nil }
            case 2:
                shard.resize(Int.random(in: 20_000...60_000, using: &random))
            case 3...6:
                _ = holds(&shard, pool[index])
            default:
                shard.insert(pool[index])
                model[index] = pool[index]
            }
            model = model.filter { holds(&shard, $0.value) }
            let total = model.values.reduce(0) { $0 + $1.cost }
            #expect(shard.bytes == total && shard.count == model.count && total <= shard.capacity, "seed \(seed)")
        }
    }

    @Test func statisticsAndReload() {
        var settings = CacheSettings()
        settings.maxBytes = .kibibytes(64)
        settings.maxObjectBytes = .kibibytes(16)
        let caches = ResponseCaches()
        let cache = caches.cache(of: "a", settings)
        for index in 0..<10 { cache.store(Self.response("/\(index)", bytes: 5000)) }
        #expect(cache.statistics.entries == 10 && cache.statistics.stores == 10)
        settings.maxBytes = .kibibytes(32)
        #expect(caches.cache(of: "a", settings) === cache)
        #expect(cache.statistics.entries == 5 && cache.statistics.bytes <= 32 << 10 && cache.statistics.evictions == 5)
        #expect(caches.cache(of: "b", settings) !== cache)
        caches.invalidate(Self.response("/9").key)
        #expect(cache.statistics.entries == 4 && cache.statistics.invalidations == 1)
        #expect(caches.bytes == cache.statistics.bytes)
        caches.keepOnly([caches.cache(of: "b", settings)])
        #expect(caches.cache(of: "a", settings) !== cache)
    }

    /// All recorders together hold no more than the cache may; what they held is given back whatever becomes of them.
    @Test func recordingsAreBounded() {
        let cache = ResponseCache(maxBytes: 1000, maxObjectBytes: 1000)
        #expect(cache.reserve(600))
        #expect(!cache.reserve(401))
        #expect(cache.reserve(400))
        cache.release(1000)
        #expect(cache.reserve(1000))
    }

    @Test func abandonedIsNotStored() throws {
        let simulation = CacheSimulation()
        try simulation.withRequest(["GET /a"]) { request, requestBytes, target -> Result<Void, any Error> in
            simulation.withResponse(["200", "Cache-Control: max-age=60"], .get) { head, bytes in
                Result {
                    let space = WireBuffer(capacity: 64)
                    let recorder = try simulation.cache.record(
                        target.key(in: space), request: request, requestBytes, response: head, bytes, CachePolicy(),
                        delay: .zero, at: simulation.moment)
                    withUnsafeBytes(of: 1) { recorder.append($0) }
                    recorder.abandon()
                    #expect(recorder.finish() == nil && !recorder.isRecording)
                }
            }
        }.get()
        #expect(simulation.cache.statistics.entries == 0)
        #expect(simulation.cache.reserve(8 << 20))
    }

    @Test(arguments: [
        (64 << 20, 1 << 20, 16), (64 << 20, 8 << 20, 2), (1 << 20, 1 << 20, 1), (64 << 10, 1, 16),
        (8 << 20, 1 << 20, 2),
    ])
    func shards(_ bytes: Int, _ object: Int, _ count: Int) {
        #expect(ResponseCache.shardCount(maxBytes: bytes, maxObjectBytes: object) == count)
    }
}
