import HTTPWire
import TestKit
import Testing

@testable import HTTP2Wire

/// A peer that sends frames at random, some damaged, to an owner that acts at random, also from within callbacks.
/// Nothing may trap, no stream may stay behind, and the output stays within a bound.
@Suite struct HTTP2RandomPeerTests {
    /// Acts on the session whenever it is told something.
    final class RandomOwner: HTTP2ServerDelegate {
        var generator: SeededGenerator
        weak var session: HTTP2ServerSession?
        private(set) var live: Set<StreamID> = []
        private(set) var strays = 0

        init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

        func requestBegan(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool) {
            strays += live.insert(stream).inserted ? 0 : 1
            act(stream)
        }
        func requestData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) { act(stream) }
        func requestEnded(_ stream: StreamID, trailers: UnsafeRawBufferPointer) { act(stream) }
        func streamReset(_ stream: StreamID, _ error: StreamError, byPeer: Bool) { live.remove(stream) }
        func windowOpened(_ stream: StreamID) { act(stream) }

        func act(_ stream: StreamID) {
            guard let session else { return }
            let bytes = [UInt8](repeating: 1, count: Int.random(in: 0...40_000, using: &generator))
            switch Int.random(in: 0..<9, using: &generator) {
            case 0, 1:
                let heads = [
                    "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
                    "HTTP/1.1 304 x\r\nbad name: x\r\n\r\n",
                ]
                let head = heads.randomElement(using: &generator) ?? ""
                let ends = Bool.random(using: &generator)
                Array(head.utf8).withUnsafeBytes { session.respond(stream, head: $0, endsStream: ends) }
            case 2, 3:
                _ = bytes.withUnsafeBytes { session.send(stream, $0, endsStream: Bool.random(using: &generator)) }
            case 4: session.finish(stream)
            case 5: Array("x: y\r\n".utf8).withUnsafeBytes { session.finish(stream, trailers: $0) }
            case 6: session.consumed(stream, Int.random(in: 0...100_000, using: &generator))
            case 7:
                live.remove(stream)
                session.reset(stream, .cancel)
            default: Array("HTTP/1.1 103 x\r\n\r\n".utf8).withUnsafeBytes { session.interim(stream, head: $0) }
            }
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func serverSurvives(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let output = WireBuffer(capacity: 1024)
        let session = HTTP2ServerSession(output: output)
        let owner = RandomOwner(seed: seed &+ 1_000)
        owner.session = session
        session.delegate = owner
        let window = UInt32.random(in: 0...100_000, using: &generator)
        let opening: [RawFrame] = [.preface, .settings([(UInt16(4), window)]), .settingsAcknowledgement]
        for frame in opening { frame.bytes.withUnsafeBytes { session.receive($0) } }
        let damage = seed % 3 == 0
        var peer = Peer()
        for _ in 0..<400 {
            var bytes = frame(&generator, &peer, owner).bytes
            if damage, Int.random(in: 0..<20, using: &generator) == 0, !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
            }
            let before = output.count
            bytes.withUnsafeBytes { session.receive($0) }
            #expect(output.count - before < 600_000, "seed \(seed)")
            if Bool.random(using: &generator) {
                output.clear()
                session.outputDrained()
            }
            if let stream = owner.live.randomElement(using: &generator) { owner.act(stream) }
        }
        #expect(owner.strays == 0, "seed \(seed)")
        #expect(damage || session.failure == nil, "seed \(seed): \(session.lastComplaint ?? "")")
        #expect(session.streamCount <= 128, "seed \(seed)")
    }

    /// What the peer may still send on.
    private struct Peer {
        var next: UInt32 = 1
        var sending: Set<UInt32> = []
    }

    /// Right frames, so that states beyond the first error are reached; a few on streams that are over.
    private func frame(_ generator: inout SeededGenerator, _ peer: inout Peer, _ owner: RandomOwner) -> RawFrame {
        let stream = peer.sending.sorted().randomElement(using: &generator)
        let ends = Int.random(in: 0..<4, using: &generator) == 0
        switch (Int.random(in: 0..<16, using: &generator), stream) {
        case (0...3, _) where peer.sending.count < 100:
            defer { peer.next += 2 }
            if !ends { peer.sending.insert(peer.next) }
            return .headers(peer.next, end: ends)
        case (4...7, let stream?):
            if ends { peer.sending.remove(stream) }
            let count = Int.random(in: 0...Int.random(in: 1...16_384, using: &generator), using: &generator)
            return .data(stream, String(repeating: "x", count: count), end: ends)
        case (8, let stream?):
            peer.sending.remove(stream)
            return .reset(stream)
        // NIO takes trailers on a stream that we have reset for a new stream with too low a number: it ends the
        // connection.
        case (9, let stream?) where owner.live.contains(StreamID(rawValue: Int32(stream))):
            peer.sending.remove(stream)
            return .headers(stream, [("x", "y")])
        case (10...12, _):
            let opened = (peer.next - 1) / 2
            let stream = opened == 0 ? 0 : UInt32.random(in: 0..<opened, using: &generator) * 2 + 1
            return .window(
                Bool.random(using: &generator) ? 0 : stream, UInt32.random(in: 1...70_000, using: &generator))
        case (13, _): return .settings([(UInt16(4), UInt32.random(in: 0...200_000, using: &generator))])
        case (14, _): return .ping()
        default: return .priority(peer.next + 2)
        }
    }
}
