import HTTPWire
import Testing

@testable import HTTP2Wire

/// What RFC 9113 and RFC 7541 ask of a server when a client breaks or stretches the rules; the sections are those of
/// the RFC. Each case sends its frames after preface and SETTINGS.
@Suite struct HTTP2ConformanceTests {
    enum Outcome: Sendable {
        /// GOAWAY with one of these codes.
        case connection([StreamError])
        /// RST_STREAM of this stream with one of these codes, or GOAWAY with one.
        case stream(Int32, [StreamError])
        /// The response of this stream.
        case response(Int32)
        /// Nothing but what follows: an answer to the PING that is sent last.
        case nothing
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let frames: [RawFrame]
        let outcome: Outcome
        init(_ name: String, _ frames: [RawFrame], _ outcome: Outcome) {
            testDescription = name
            self.frames = frames
            self.outcome = outcome
        }
    }

    @Test(
        arguments: HTTP2Cases.framing + HTTP2Cases.streams + HTTP2Cases.frames + HTTP2Cases.messages
            + HTTP2Cases.compression)
    func serverAnswers(_ check: Case) {
        let client = RawClient()
        client.send(.preface, .settings([]), .settingsAcknowledgement)
        _ = client.frames()
        client.send(check.frames)
        client.send(.ping())
        let frames = client.frames()
        let shown = frames.map { "\($0.type)/\($0.stream)/\($0.code.map(String.init) ?? "-")" }.joined(separator: " ")
        let endings = frames.filter { $0.type == 7 }.compactMap(\.code).compactMap { StreamError(rawValue: $0) }
        switch check.outcome {
        case .connection(let codes):
            #expect(endings.contains { codes.contains($0) }, "\(shown)")
            #expect(client.session.failure.map { codes.contains($0) } == true)
        case .stream(let stream, let codes):
            let resets = frames.filter { $0.type == 3 && $0.stream == stream }.compactMap {
                StreamError(rawValue: $0.code ?? 99)
            }
            #expect((resets + endings).contains { codes.contains($0) }, "\(shown)")
        case .response(let stream):
            #expect(frames.contains { $0.type == 1 && $0.stream == stream }, "\(shown)")
            let isHead = client.owner.streams[StreamID(rawValue: stream)]?.head.hasPrefix("HEAD") == true
            let data = frames.filter { $0.type == 0 && $0.stream == stream }.flatMap(\.payload)
            #expect(data == Array((isHead ? "" : "hello").utf8), "\(shown)")
            #expect(client.session.failure == nil)
        case .nothing:
            #expect(!frames.contains { $0.type == 3 || $0.type == 7 }, "\(shown)")
            #expect(frames.contains { $0.type == 6 && $0.flags == 1 }, "\(shown)")
        }
    }

    @Test func wrongPrefaceIsRefused() {
        let client = RawClient()
        client.send(RawFrame(bytes: Array("INVALID CONNECTION PREFACE\r\n\r\n".utf8)))
        #expect(client.session.failure == .protocolError)
    }

    @Test func settingsAndPingAreAcknowledged() {
        let client = RawClient()
        client.send(.preface, .settings([(3, 10)]), .settingsAcknowledgement, .ping())
        let frames = client.frames()
        #expect(frames.contains { $0.type == 4 && $0.flags == 1 })
        #expect(frames.contains { $0.type == 6 && $0.flags == 1 && $0.payload == Array("h2 ping!".utf8) })
        client.send(.ping(1))
        #expect(client.frames().isEmpty)
    }

    /// RFC 9113 section 6.9.2.
    @Test func initialWindowBoundsTheBodyAndMayChange() {
        let client = RawClient()
        client.send(.preface, .settings([(4, 100), (4, 1)]), .headers(1))
        #expect(client.frames().filter { $0.type == 0 }.map(\.payload) == [Array("h".utf8)])
        client.send(.settings([(4, 0)]), .window(1, 1))
        #expect(client.frames().filter { $0.type == 0 }.isEmpty)
        client.send(.settings([(4, 2)]))
        #expect(client.frames().filter { $0.type == 0 }.map(\.payload) == [Array("el".utf8)])
        client.send(.window(1, 1000))
        let last = client.frames().filter { $0.type == 0 }
        #expect(last.map(\.payload) == [Array("lo".utf8)] && last.first?.flags == 1)
    }

    /// RFC 9113 section 6.9.1: here the owner keeps what it gets.
    @Test func moreThanTheWindowIsRefused() {
        let client = RawClient()
        client.owner.consumes = false
        client.send(.preface, .settings([]), .settingsAcknowledgement, .headers(1, end: false))
        var sent = 0
        while client.session.failure == nil, client.owner.streams[StreamID(rawValue: 1)]?.reset == nil, sent < 1 << 21 {
            client.send(.data(1, String(repeating: "x", count: 16_384), end: false))
            sent += 16_384
        }
        #expect(sent == (256 << 10) + 16_384)
        let codes = client.frames().compactMap(\.code)
        #expect(codes.contains(StreamError.flowControlError.rawValue))
    }

    struct Flood: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// The frames of one round, by the round's stream.
        let frames: @Sendable (UInt32) -> [RawFrame]
    }

    /// Attacks that cost a client little: the connection ends with ENHANCE_YOUR_CALM before 5,000 rounds, and the
    /// output stays small.
    @Test(arguments: [
        Flood(testDescription: "rapid reset") { [.headers($0), .reset($0)] },
        Flood(testDescription: "made reset by us") { [.headers($0, RawClient.request + [("connection", "x")])] },
        Flood(testDescription: "ping") { _ in [.ping()] },
        Flood(testDescription: "settings") { _ in [.settings([(3, 1)])] },
        Flood(testDescription: "priority") { [.priority($0)] },
        Flood(testDescription: "empty data") { $0 == 1 ? [.headers(1, end: false)] : [.data(1, "", end: false)] },
        Flood(testDescription: "continuation") {
            $0 == 1 ? [.headers(1, endHeaders: false)] : [.continuation(1, [], endHeaders: false)]
        },
    ])
    func floodsEndTheConnection(_ flood: Flood) {
        let client = RawClient()
        client.owner.answer = nil
        client.send(.preface, .settings([]), .settingsAcknowledgement)
        var stream: UInt32 = 1
        while client.session.failure == nil, stream < 10_000 {
            client.send(flood.frames(stream))
            stream += 2
        }
        #expect(client.session.failure == .enhanceYourCalm)
        #expect(client.session.output.count < 200_000)
    }

    @Test func headerListIsBounded() {
        let client = RawClient()
        client.send(.preface, .settings([]), .settingsAcknowledgement)
        let big = (0..<80).map { ("x-\($0)", String(repeating: "v", count: 1_000)) }
        let block = RawFrame.block(RawClient.request + big)
        var frames: [RawFrame] = [.raw(1, 1, 1, Array(block.prefix(16_000)))]
        for start in stride(from: 16_000, to: block.count, by: 16_000) {
            let end = min(start + 16_000, block.count)
            frames.append(.continuation(1, Array(block[start..<end]), endHeaders: end == block.count))
        }
        client.send(frames)
        #expect(client.session.failure != nil)
    }
}
