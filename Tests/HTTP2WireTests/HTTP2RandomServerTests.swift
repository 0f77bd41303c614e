import HTTPWire
import TestKit
import Testing

@testable import HTTP2Wire

/// An upstream that answers at random, some of it damaged, against a client that opens, sends and resets at random:
/// nothing may trap, and a session without a fault ends with every stream told.
@Suite struct HTTP2RandomServerTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func clientSurvives(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let server = HTTP2ClientTests.RawServer()
        // Streams that wait for the server's end; true once the head was sent.
        var waiting: [UInt32: Bool] = [1: false, 3: false]
        for _ in 0..<300 {
            act(server.session, &waiting, &generator)
            var bytes = frame(&waiting, &generator).bytes
            if seed % 3 == 0, Int.random(in: 0..<20, using: &generator) == 0 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
            }
            bytes.withUnsafeBytes { server.session.receive($0) }
            server.output.clear()
            server.session.outputDrained()
        }
        #expect(server.session.streamCount <= 101, "seed \(seed)")
        let isDamaged = seed % 3 == 0
        #expect(isDamaged || server.session.failure == nil, "seed \(seed): \(server.session.lastComplaint ?? "")")
    }

    private func act(_ session: HTTP2ClientSession, _ waiting: inout [UInt32: Bool], _ generator: inout SeededGenerator)
    {
        let stream = StreamID(rawValue: Int32.random(in: 0..<40, using: &generator) * 2 + 1)
        let ends = Bool.random(using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0, 1:
            let head = [
                "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n",
            ]
            let text = head.randomElement(using: &generator) ?? ""
            let opened = Array(text.utf8).withUnsafeBytes { session.open(head: $0, scheme: "http", endsStream: ends) }
            if let opened { waiting[UInt32(opened.rawValue)] = false }
        case 2:
            let bytes = [UInt8](repeating: 1, count: Int.random(in: 0...20, using: &generator))
            _ = bytes.withUnsafeBytes { session.send(stream, $0, endsStream: ends) }
        case 3: session.finish(stream)
        default: if Int.random(in: 0..<4, using: &generator) == 0 { session.reset(stream, .cancel) }
        }
    }

    private func frame(_ waiting: inout [UInt32: Bool], _ generator: inout SeededGenerator) -> RawFrame {
        guard let stream = waiting.keys.sorted().randomElement(using: &generator) else { return .ping() }
        let ends = Int.random(in: 0..<3, using: &generator) == 0
        switch (Int.random(in: 0..<12, using: &generator), waiting[stream] == true) {
        case (0...4, false):
            if ends { waiting[stream] = nil } else { waiting[stream] = true }
            return .headers(stream, [(":status", "200")], end: ends)
        case (5, false): return .headers(stream, [(":status", "103")], end: false)
        case (0...4, true):
            if ends { waiting[stream] = nil }
            return .data(stream, String(repeating: "x", count: Int.random(in: 1...9_000, using: &generator)), end: ends)
        case (5, true):
            waiting[stream] = nil
            return .headers(stream, [("x", "y")])
        case (6, _):
            waiting[stream] = nil
            return .reset(stream, UInt32.random(in: 0..<14, using: &generator))
        case (7, _): return .window(0, UInt32.random(in: 1...100_000, using: &generator))
        case (8, _): return .settings([(UInt16(4), UInt32.random(in: 0...100_000, using: &generator))])
        case (9, _): return .settings([(UInt16(3), UInt32.random(in: 1...100, using: &generator))])
        case (10, _): return .window(stream, UInt32.random(in: 1...9_000, using: &generator))
        default: return .ping()
        }
    }
}
