import HTTPWire
import TestKit
import Testing

@testable import HTTP2Wire

/// Whatever the windows, the pieces that the network makes and the order in which owners consume: all bytes of all
/// streams arrive, in order, in both directions, and no side finds the other at fault.
@Suite struct HTTP2PropertyTests {
    /// What one side sends on a stream: bytes that a hash of stream and position gives.
    struct Source {
        let seed: UInt64
        let total: Int
        var sent = 0
        var isFinished = false

        static func byte(_ seed: UInt64, _ position: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: (UInt64(position) &* 0x9E37_79B9_7F4A_7C15 ^ seed) >> 32)
        }

        func next(_ count: Int) -> [UInt8] { (sent..<min(total, sent + count)).map { Source.byte(seed, $0) } }

        static func whole(_ seed: UInt64, _ total: Int) -> [UInt8] { (0..<total).map { byte(seed, $0) } }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func allBytesArrive(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pair = HTTP2Pair(server: limits(&generator), client: limits(&generator))
        pair.serverOwner.consumes = false
        pair.clientOwner.consumes = false
        var pieces = SeededGenerator(seed: seed &+ 1)
        pair.piece = { Int.random(in: 1...Int.random(in: 1...30_000, using: &pieces), using: &pieces) }
        var requests: [StreamID: Source] = [:]
        var responses: [StreamID: Source] = [:]
        var consumed: [StreamID: (server: Int, client: Int)] = [:]
        let count = Int.random(in: 1...8, using: &generator)
        for _ in 0..<100_000 {
            if requests.count < count, pair.client.canOpen {
                let head = "POST /\(requests.count) HTTP/1.1\r\nhost: a\r\n\r\n"
                let id = try #require(pair.open(head, endsStream: false))
                requests[id] = Source(seed: UInt64(id.rawValue), total: Int.random(in: 0...150_000, using: &generator))
                consumed[id] = (0, 0)
            }
            for id in pair.serverOwner.order where responses[id] == nil {
                pair.respond(id, "HTTP/1.1 200 OK\r\n\r\n", endsStream: false)
                responses[id] = Source(
                    seed: ~UInt64(id.rawValue), total: Int.random(in: 0...150_000, using: &generator))
            }
            for id in requests.keys.sorted() {
                push(&requests[id]!, &generator) { pair.client.send(id, $0, endsStream: $1) }
                if responses[id] != nil {
                    push(&responses[id]!, &generator) { pair.server.send(id, $0, endsStream: $1) }
                }
                let (atServer, atClient) = (
                    pair.serverOwner.streams[id]?.body.count ?? 0, pair.clientOwner.streams[id]?.body.count ?? 0
                )
                let toServer = Int.random(in: 0...(atServer - consumed[id]!.server), using: &generator)
                pair.server.consumed(id, toServer)
                consumed[id]!.server += toServer
                let toClient = Int.random(in: 0...(atClient - consumed[id]!.client), using: &generator)
                pair.client.consumed(id, toClient)
                consumed[id]!.client += toClient
            }
            pair.deliverOnce()
            if requests.count == count, responses.count == count, pair.client.streamCount == 0,
                pair.server.streamCount == 0
            {
                break
            }
        }
        #expect(
            pair.client.failure == nil && pair.server.failure == nil, "seed \(seed): \(pair.server.lastComplaint ?? "")"
        )
        for (id, source) in requests {
            #expect(pair.serverOwner.streams[id]?.body == Source.whole(source.seed, source.total), "seed \(seed)")
            #expect(pair.serverOwner.streams[id]?.isEnded == true, "seed \(seed)")
        }
        for (id, source) in responses {
            #expect(pair.clientOwner.streams[id]?.body == Source.whole(source.seed, source.total), "seed \(seed)")
            #expect(pair.clientOwner.streams[id]?.isEnded == true, "seed \(seed)")
        }
        #expect(responses.count == count, "seed \(seed)")
    }

    private func limits(_ generator: inout SeededGenerator) -> HTTP2Limits {
        var limits = HTTP2Limits()
        limits.streamWindow = Int.random(in: 65_535...200_000, using: &generator)
        limits.connectionWindow = Int.random(in: 65_535...400_000, using: &generator)
        limits.outputBytes = Int.random(in: 1_000...100_000, using: &generator)
        limits.concurrentStreams = Int.random(in: 1...10, using: &generator)
        return limits
    }

    private func push(
        _ source: inout Source, _ generator: inout SeededGenerator, _ send: (UnsafeRawBufferPointer, Bool) -> Int
    ) {
        guard !source.isFinished else { return }
        let bytes = source.next(Int.random(in: 0...20_000, using: &generator))
        let isLast = source.sent + bytes.count == source.total
        let accepted = bytes.withUnsafeBytes { send($0, isLast) }
        source.sent += accepted
        if isLast, accepted == bytes.count { source.isFinished = true }
    }
}
