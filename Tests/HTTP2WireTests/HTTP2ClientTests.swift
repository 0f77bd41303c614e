import HTTPWire
import Testing

@testable import HTTP2Wire

/// What a client session makes of a server that breaks or uses the rules. Each case sends its frames after SETTINGS,
/// while streams 1 and 3 wait for their responses.
@Suite struct HTTP2ClientTests {
    final class RawServer {
        let output = WireBuffer(capacity: 1024)
        let owner = ClientOwner()
        let session: HTTP2ClientSession

        init() {
            session = HTTP2ClientSession(output: output)
            session.delegate = owner
            owner.session = session
            for _ in 0..<2 {
                _ = Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8).withUnsafeBytes {
                    session.open(head: $0, scheme: "http", endsStream: true)
                }
            }
            send([.settings([]), .settingsAcknowledgement])
        }

        func send(_ frames: [RawFrame]) {
            for frame in frames { frame.bytes.withUnsafeBytes { session.receive($0) } }
        }

        func heard(_ stream: Int32) -> Heard? { owner.streams[StreamID(rawValue: stream)] }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let frames: [RawFrame]
        /// What stream 1 hears.
        var head = ""
        var reset: StreamError?
        var failure: StreamError?
        var isEnded = false
    }

    private static func response(_ fields: [(String, String)] = [], status: String = "200", end: Bool = true)
        -> RawFrame
    {
        .headers(1, [(":status", status)] + fields, end: end)
    }

    static let cases = [
        Case(
            testDescription: "no body", frames: [response([("x", "y")])], head: "HTTP/1.1 200 \r\nx: y\r\n\r\n",
            isEnded: true),
        Case(
            testDescription: "two equal lengths",
            frames: [response([("content-length", "0"), ("content-length", "0")])],
            head: "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n", isEnded: true),
        Case(
            testDescription: "interim and final",
            frames: [response(status: "103", end: false), response(status: "204")],
            head: "HTTP/1.1 204 \r\n\r\n", isEnded: true),
        Case(testDescription: "interim with the end", frames: [response(status: "103")], reset: .protocolError),
        Case(testDescription: "no status", frames: [.headers(1, [("x", "y")])], reset: .protocolError),
        Case(testDescription: "two statuses", frames: [response([(":status", "200")])], reset: .protocolError),
        Case(testDescription: "odd status", frames: [response(status: "20x")], reset: .protocolError),
        Case(testDescription: "short status", frames: [response(status: "20")], reset: .protocolError),
        Case(testDescription: "name in capitals", frames: [response([("X-Y", "z")])], reset: .protocolError),
        Case(
            testDescription: "line end in a value", frames: [response([("x", "a\r\nset-cookie: b")])],
            reset: .protocolError),
        Case(testDescription: "connection field", frames: [response([("connection", "close")])], reset: .protocolError),
        Case(testDescription: "101", frames: [response(status: "101", end: false)], reset: .protocolError),
        Case(testDescription: "DATA before HEADERS", frames: [.data(1)], reset: .streamClosed),
        Case(
            testDescription: "less than its length",
            frames: [response([("content-length", "9")], end: false), .data(1)],
            head: "HTTP/1.1 200 \r\ncontent-length: 9\r\n\r\n", reset: .protocolError),
        Case(testDescription: "cancelled", frames: [.reset(1, 8)], reset: .cancel),
        Case(testDescription: "unknown code", frames: [.reset(1, 0xFF)], reset: .internalError),
        Case(
            testDescription: "push", frames: [.raw(5, 4, 1, RawFrame.big(2) + RawFrame.block(RawClient.request))],
            failure: .protocolError),
        Case(
            testDescription: "HEADERS of a stream that we did not open", frames: [.headers(5, [(":status", "200")])],
            failure: .protocolError),
        Case(testDescription: "broken block", frames: [.raw(1, 5, 1, [0x80])], failure: .compressionError),
    ]

    @Test(arguments: cases) func clientHears(_ check: Case) {
        let server = RawServer()
        server.send(check.frames)
        #expect(server.session.failure == check.failure, "\(server.session.lastComplaint ?? "")")
        guard check.failure == nil else { return }
        let heard = server.heard(1)
        #expect(heard?.head ?? "" == check.head)
        #expect(heard?.reset == check.reset)
        #expect(heard?.isEnded ?? false == check.isEnded)
    }

    /// RFC 9113 section 6.8: what the server has not looked at may be sent elsewhere.
    @Test func streamsAboveTheLastAreRefused() {
        let server = RawServer()
        server.send([.raw(7, 0, 0, RawFrame.big(1) + RawFrame.big(0))])
        #expect(server.heard(3)?.isRefused == true && server.heard(1)?.isRefused != true)
        #expect(!server.session.canOpen && !server.session.isOver)
        server.send([Self.response()])
        #expect(server.heard(1)?.isEnded == true && server.session.isOver)
    }

    @Test func refusedStreamIsTold() {
        let server = RawServer()
        server.send([.reset(3, StreamError.refusedStream.rawValue)])
        #expect(server.heard(3)?.isRefused == true && server.heard(3)?.reset == nil)
        #expect(server.session.canOpen)
    }
}
