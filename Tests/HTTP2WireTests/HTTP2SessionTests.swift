import HTTPWire
import TestKit
import Testing

@testable import HTTP2Wire

@Suite struct HTTP2SessionTests {
    private let get = "GET /a?b=c HTTP/1.1\r\nhost: app.example\r\naccept: */*\r\n\r\n"
    private let post = "POST /up HTTP/1.1\r\nhost: app.example\r\n\r\n"
    private let ok = "HTTP/1.1 200 OK\r\nServer: apus\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\n"

    @Test func requestAndResponseKeepTheirFields() throws {
        let pair = HTTP2Pair()
        let stream = try #require(pair.open(get))
        pair.settle()
        #expect(
            pair.serverOwner.streams[stream]?.head == "GET /a?b=c HTTP/1.1\r\nhost: app.example\r\naccept: */*\r\n\r\n")
        #expect(pair.serverOwner.streams[stream]?.isEnded == true)
        pair.respond(stream, ok, endsStream: false)
        #expect(Array("hello".utf8).withUnsafeBytes { pair.server.send(stream, $0, endsStream: true) } == 5)
        pair.settle()
        let heard = try #require(pair.clientOwner.streams[stream])
        #expect(heard.head == "HTTP/1.1 200 \r\nserver: apus\r\ncontent-length: 5\r\n\r\n")
        #expect(String(decoding: heard.body, as: UTF8.self) == "hello" && heard.isEnded)
        #expect(pair.client.streamCount == 0 && pair.server.streamCount == 0)
    }

    @Test func bodyOfUnknownLengthIsMarked() throws {
        let pair = HTTP2Pair()
        let stream = try #require(pair.open(post, endsStream: false))
        pair.settle()
        #expect(
            pair.serverOwner.streams[stream]?.head
                == "POST /up HTTP/1.1\r\nhost: app.example\r\ntransfer-encoding: chunked\r\n\r\n")
        pair.respond(stream, "HTTP/1.1 200 OK\r\n\r\n", endsStream: false)
        pair.settle()
        #expect(pair.clientOwner.streams[stream]?.head == "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n")
    }

    @Test func interimResponsesAndTrailersGoThrough() throws {
        let pair = HTTP2Pair()
        let stream = try #require(pair.open(post, endsStream: false))
        pair.settle()
        Array("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".utf8).withUnsafeBytes {
            pair.server.interim(stream, head: $0)
        }
        _ = Array("abc".utf8).withUnsafeBytes { pair.client.send(stream, $0) }
        Array("X-Sum: 3\r\ncontent-length: 9\r\n".utf8).withUnsafeBytes { pair.client.finish(stream, trailers: $0) }
        pair.settle()
        #expect(pair.serverOwner.streams[stream]?.trailers == "x-sum: 3\r\n")
        #expect(pair.serverOwner.streams[stream]?.body == Array("abc".utf8))
        pair.respond(stream, "HTTP/1.1 200 OK\r\n\r\n", endsStream: false)
        Array("grpc-status: 0\r\n".utf8).withUnsafeBytes { pair.server.finish(stream, trailers: $0) }
        pair.settle()
        let heard = try #require(pair.clientOwner.streams[stream])
        #expect(heard.interim == ["HTTP/1.1 103 \r\nlink: </a>\r\n\r\n"])
        #expect(heard.trailers == "grpc-status: 0\r\n" && heard.isEnded)
    }

    /// One HEADERS frame takes 16 KiB; what is longer goes on in CONTINUATION frames.
    @Test(arguments: [16_000, 16_380, 16_384, 20_000, 61_000]) func headsOfAnyLengthGoThrough(bytes: Int) throws {
        let pair = HTTP2Pair()
        pair.piece = { 1000 }
        // Until SETTINGS are acknowledged, NIO takes 16 KiB.
        pair.settle()
        var fields = ""
        var left = bytes
        while left > 0 {
            let size = min(left, 15_000)
            fields += "x-\(left): \(String(repeating: "v", count: size))\r\n"
            left -= size
        }
        for turn in 1...3 {
            let request = "HEAD /\(turn) HTTP/1.1\r\nhost: app.example\r\n\(fields)x-last: \(turn)\r\n\r\n"
            let stream = try #require(pair.open(request))
            pair.settle()
            #expect(pair.serverOwner.streams[stream]?.head == request)
            let rest = "content-length: 7\r\n\(fields)x-end: \(turn)\r\n\r\n"
            pair.respond(stream, "HTTP/1.1 418 \r\n\(rest)")
            pair.settle()
            #expect(pair.clientOwner.streams[stream]?.head == "HTTP/1.1 418 \r\n\(rest)")
            #expect(pair.clientOwner.streams[stream]?.reset == nil)
        }
        // The tables of both sides still agree.
        let stream = try #require(pair.open(get))
        pair.settle()
        #expect(
            pair.serverOwner.streams[stream]?.head == "GET /a?b=c HTTP/1.1\r\nhost: app.example\r\naccept: */*\r\n\r\n")
        #expect(pair.client.failure == nil && pair.server.failure == nil)
    }

    @Test func trailersOfAnyLengthGoThrough() throws {
        let pair = HTTP2Pair()
        let stream = try #require(pair.open(get))
        pair.settle()
        pair.respond(stream, "HTTP/1.1 200 OK\r\n\r\n", endsStream: false)
        let trailers = "x-long: \(String(repeating: "t", count: 30_000))\r\n"
        Array(trailers.utf8).withUnsafeBytes { pair.server.finish(stream, trailers: $0) }
        pair.settle()
        #expect(pair.clientOwner.streams[stream]?.trailers == trailers)
        #expect(pair.client.streamCount == 0 && pair.server.streamCount == 0)
    }

    @Test func cookiesAreJoined() throws {
        let pair = HTTP2Pair()
        let stream = try #require(pair.open("GET / HTTP/1.1\r\nhost: a\r\ncookie: a=1\r\nx: y\r\ncookie: b=2\r\n\r\n"))
        pair.settle()
        #expect(
            pair.serverOwner.streams[stream]?.head == "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\ncookie: a=1; b=2\r\n\r\n")
    }

    /// A sender never gets further ahead than the window, and what it sends fits into the output.
    @Test func unconsumedBytesHoldTheSenderBack() throws {
        var limits = HTTP2Limits()
        limits.streamWindow = 100_000
        let pair = HTTP2Pair(server: limits)
        pair.serverOwner.consumes = false
        pair.settle()
        let stream = try #require(pair.open(post, endsStream: false))
        let bytes = [UInt8](repeating: 7, count: 150_000)
        var sent = bytes.withUnsafeBytes { pair.client.send(stream, $0) }
        pair.settle()
        #expect(sent == 100_000 && pair.serverOwner.streams[stream]?.body.count == 100_000)
        #expect(bytes.withUnsafeBytes { pair.client.send(stream, $0) } == 0)
        pair.server.consumed(stream, 60_000)
        pair.settle()
        #expect(pair.clientOwner.opened == [stream])
        sent += bytes.withUnsafeBytes { pair.client.send(stream, $0) }
        pair.settle()
        #expect(sent == 160_000 && pair.serverOwner.streams[stream]?.body.count == 160_000)
    }

    @Test func fullOutputHoldsTheSenderBack() throws {
        var limits = HTTP2Limits()
        limits.outputBytes = 20_000
        let pair = HTTP2Pair(server: limits)
        let stream = try #require(pair.open(get))
        pair.settle()
        pair.respond(stream, "HTTP/1.1 200 OK\r\n\r\n", endsStream: false)
        let before = pair.toClient.count
        let bytes = [UInt8](repeating: 7, count: 50_000)
        let sent = bytes.withUnsafeBytes { pair.server.send(stream, $0) }
        #expect(sent == 20_000 - before && !pair.server.wantsInput)
        pair.settle()
        #expect(pair.serverOwner.opened == [stream])
    }

    @Test func cancelledStreamIsToldAndFreed() throws {
        let pair = HTTP2Pair()
        let stream = try #require(pair.open(post, endsStream: false))
        pair.settle()
        pair.client.reset(stream, .cancel)
        pair.settle()
        #expect(pair.serverOwner.streams[stream]?.reset == .cancel && pair.server.streamCount == 0)
        let other = try #require(pair.open(post, endsStream: false))
        pair.settle()
        pair.server.reset(other, .refusedStream)
        pair.settle()
        #expect(pair.clientOwner.streams[other]?.isRefused == true)
    }

    /// DATA that was on its way when we reset the stream returns to the connection's window.
    @Test func resetStreamsDoNotEatTheConnectionWindow() throws {
        var limits = HTTP2Limits()
        limits.connectionWindow = 100_000
        limits.streamWindow = 70_000
        let pair = HTTP2Pair(server: limits)
        pair.serverOwner.consumes = false
        pair.settle()
        let bytes = [UInt8](repeating: 7, count: 60_000)
        for _ in 0..<20 {
            let stream = try #require(pair.open(post, endsStream: false))
            #expect(bytes.withUnsafeBytes { pair.client.send(stream, $0) } == bytes.count)
            pair.settle()
            _ = bytes.withUnsafeBytes { pair.client.send(stream, UnsafeRawBufferPointer(rebasing: $0[..<5_000])) }
            pair.server.reset(stream, .none)
            pair.settle()
        }
        #expect(pair.server.failure == nil && pair.client.failure == nil)
    }

    @Test func drainLosesNothing() throws {
        let pair = HTTP2Pair()
        let first = try #require(pair.open(get))
        pair.settle()
        pair.server.goAway()
        // Opened before the client has heard of it.
        let second = try #require(pair.open(get))
        pair.settle()
        #expect(!pair.client.canOpen && pair.client.isGone && !pair.server.isOver)
        for stream in [first, second] { pair.respond(stream, "HTTP/1.1 204 No Content\r\n\r\n") }
        pair.settle()
        #expect(pair.clientOwner.streams[first]?.isEnded == true && pair.clientOwner.streams[second]?.isEnded == true)
        #expect(pair.server.isOver && pair.client.isOver)
    }

    @Test func serversLimitOfStreamsIsKept() throws {
        var limits = HTTP2Limits()
        limits.concurrentStreams = 3
        let pair = HTTP2Pair(server: limits)
        pair.settle()
        let streams = (0..<3).compactMap { _ in pair.open(get) }
        #expect(streams.count == 3 && !pair.client.canOpen && pair.open(get) == nil)
        pair.settle()
        pair.respond(streams[0], "HTTP/1.1 204 No Content\r\n\r\n")
        pair.settle()
        #expect(pair.client.canOpen)
    }

    @Test func webSocketComesAsAnUpgrade() throws {
        let server = RawClient()
        server.send(
            .preface, .settings([]), .settingsAcknowledgement,
            .headers(
                1, [(":method", "CONNECT"), (":protocol", "websocket")] + RawClient.request.dropFirst(), end: false))
        let stream = StreamID(rawValue: 1)
        let head = try #require(server.owner.streams[stream]?.head)
        #expect(head.hasPrefix("GET / HTTP/1.1\r\nhost: app.example\r\n"))
        #expect(head.contains("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: "))
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n"
            + "sec-websocket-protocol: chat\r\n\r\n"
        Array(answer.utf8).withUnsafeBytes { server.session.respond(stream, head: $0, endsStream: false) }
        let response = try #require(server.frames().first { $0.type == 1 })
        #expect(try server.decode(response) == [":status: 200", "sec-websocket-protocol: chat"])
    }

    /// What the upstream's head or body makes impossible ends the stream, visibly for both.
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n", 0), ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n", 4),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n", 2),
    ])
    func impossibleResponseResetsTheStream(_ head: String, _ count: Int) throws {
        let pair = HTTP2Pair()
        let stream = try #require(pair.open(get))
        pair.settle()
        pair.respond(stream, head, endsStream: false)
        _ = [UInt8](repeating: 1, count: count).withUnsafeBytes { pair.server.send(stream, $0, endsStream: true) }
        pair.settle()
        #expect(pair.serverOwner.streams[stream]?.reset == .internalError)
        #expect(pair.clientOwner.streams[stream]?.reset == .internalError)
        #expect(pair.server.streamCount == 0 && pair.client.streamCount == 0 && pair.server.failure == nil)
    }

    @Test func terminationSaysHowFarWeGot() throws {
        let client = RawClient()
        client.send(.preface, .settings([]), .headers(1), .headers(3, end: false))
        _ = client.frames()
        client.session.terminate(.none)
        let last = try #require(client.frames().last { $0.type == 7 })
        #expect(last.number(0) == 3 && last.code == 0 && client.session.isOver)
    }

    /// NIO's objects refer to one another: a session that goes must take them along.
    @Test func sessionLeavesNothingBehind() throws {
        weak var server: HTTP2ServerSession?
        weak var channel: AnyObject?
        try {
            let pair = HTTP2Pair()
            _ = try #require(pair.open(post, endsStream: false))
            pair.settle()
            server = pair.server
            channel = pair.server.channel
            #expect(server != nil && channel != nil)
        }()
        #expect(server == nil && channel == nil)
    }

    /// A window below zero (RFC 9113 section 6.9.2) holds back bytes, not the end of a response.
    @Test func responseEndsThoughTheWindowIsNegative() throws {
        let client = RawClient()
        client.send(.preface, .settings([(4, 100)]), .settingsAcknowledgement, .headers(1, end: false))
        let stream = StreamID(rawValue: 1)
        Array("HTTP/1.1 200 OK\r\n\r\n".utf8).withUnsafeBytes {
            client.session.respond(stream, head: $0, endsStream: false)
        }
        #expect([UInt8](repeating: 1, count: 50).withUnsafeBytes { client.session.send(stream, $0) } == 50)
        client.send(.settings([(4, 10)]))
        _ = client.frames()
        client.session.finish(stream)
        let frames = client.frames()
        #expect(frames.contains { $0.stream == 1 && $0.flags & 1 == 1 && ($0.type == 0 || $0.type == 1) })
        client.send(.data(1))
        #expect(client.session.streamCount == 0 && client.session.failure == nil)
    }
}
