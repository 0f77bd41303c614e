@testable import HTTP2Wire

/// The table of `HTTP2ConformanceTests`.
enum HTTP2Cases {
    typealias Case = HTTP2ConformanceTests.Case

    private static let get = RawClient.request
    private static let post = [(":method", "POST")] + RawClient.request.dropFirst()

    private static func without(_ name: String) -> [(String, String)] { get.filter { $0.0 != name } }

    private static func replacing(_ name: String, _ value: String) -> [(String, String)] {
        get.map { $0.0 == name ? (name, value) : $0 }
    }

    private static func request(_ name: String, _ fields: [(String, String)]) -> Case {
        Case(name, [.headers(1, fields)], .stream(1, [.protocolError]))
    }

    /// Sections 4 and 5.5.
    static let framing: [Case] = [
        Case("4.1 unknown frame type", [.raw(0x16, 0, 0, [0, 0, 0, 0])], .nothing),
        Case("4.1 undefined flags", [.ping(0x16), .raw(6, 0x16, 0, Array("h2 ping!".utf8))], .nothing),
        Case("4.1 reserved bit", [.raw(6, 0, 0x8000_0000, Array("h2 ping!".utf8))], .nothing),
        Case(
            "4.2 largest DATA", [.headers(1, post, end: false), .data(1, String(repeating: "x", count: 16_384))],
            .response(1)),
        Case(
            "4.2 DATA too large", [.headers(1, post, end: false), .data(1, String(repeating: "x", count: 16_385))],
            .stream(1, [.frameSizeError])),
        Case(
            "4.2 HEADERS too large", [.headers(1, get + [("x", String(repeating: "x", count: 16_385))])],
            .connection([.frameSizeError])),
        Case("4.3 damaged block", [.raw(1, 5, 1, [0x40])], .connection([.compressionError])),
        Case(
            "4.3 PRIORITY within a block",
            [.headers(1, endHeaders: false), .priority(1), .continuation(1, [], endHeaders: true)],
            .connection([.protocolError])),
        Case(
            "4.3 HEADERS of another stream within a block", [.headers(1, endHeaders: false), .headers(3)],
            .connection([.protocolError])),
        Case("5.5 unknown frame", [.raw(0x16, 0, 0, [1]), .headers(1)], .response(1)),
        Case(
            "5.5 unknown frame within a block",
            [.headers(1, endHeaders: false), .raw(0x16, 0, 1, [0]), .continuation(1, [], endHeaders: true)],
            .connection([.protocolError])),
    ]

    /// Sections 5.1 to 5.4.
    static let streams: [Case] = [
        Case("5.1 idle: DATA", [.data(1)], .connection([.protocolError])),
        Case("5.1 idle: RST_STREAM", [.reset(1)], .connection([.protocolError])),
        Case("5.1 idle: WINDOW_UPDATE", [.window(1, 100)], .connection([.protocolError])),
        Case("5.1 idle: CONTINUATION", [.continuation(1, [], endHeaders: true)], .connection([.protocolError])),
        Case("5.1 idle: PRIORITY", [.priority(1)], .nothing),
        Case("5.1 half-closed: DATA", [.headers(1), .data(1)], .stream(1, [.streamClosed])),
        Case("5.1 half-closed: HEADERS", [.headers(1), .headers(1)], .stream(1, [.streamClosed])),
        Case(
            "5.1 half-closed: CONTINUATION", [.headers(1), .continuation(1, [], endHeaders: true)],
            .stream(1, [.streamClosed, .protocolError])),
        Case("5.1 half-closed: WINDOW_UPDATE", [.headers(1), .window(1, 10)], .response(1)),
        Case("5.1 half-closed: PRIORITY", [.headers(1), .priority(1)], .response(1)),
        Case("5.1 half-closed: RST_STREAM", [.headers(1), .reset(1)], .nothing),
        Case("5.1 reset: DATA", [.headers(1, post, end: false), .reset(1), .data(1)], .stream(1, [.streamClosed])),
        Case(
            "5.1 reset: HEADERS", [.headers(1, post, end: false), .reset(1), .headers(1)],
            .stream(1, [.streamClosed])),
        Case(
            "5.1 reset: CONTINUATION",
            [.headers(1, post, end: false), .reset(1), .continuation(1, [], endHeaders: true)],
            .stream(1, [.streamClosed, .protocolError])),
        Case("5.1 reset: PRIORITY", [.headers(1, post, end: false), .reset(1), .priority(1)], .nothing),
        Case("5.1 reset: WINDOW_UPDATE", [.headers(1, post, end: false), .reset(1), .window(1, 1)], .nothing),
        Case("5.1.1 even stream", [.headers(2)], .connection([.protocolError])),
        Case("5.1.1 lower stream", [.headers(5), .headers(3)], .connection([.protocolError])),
        Case(
            "5.1.2 too many streams", (0..<130).map { .headers(UInt32(2 * $0 + 1), post, end: false) },
            .stream(257, [.refusedStream, .protocolError])),
        Case(
            "5.3.1 HEADERS that depends on itself", [.raw(1, 0x25, 1, RawFrame.big(1) + [255] + RawFrame.block(get))],
            .stream(1, [.protocolError])),
        Case("5.3.1 PRIORITY that depends on itself", [.priority(2, on: 2)], .stream(2, [.protocolError])),
        Case("5.4.1 wrong PING", [.raw(6, 0, 3, Array("h2 ping!".utf8))], .connection([.protocolError])),
    ]

    /// Section 6.
    static let frames: [Case] = [
        Case("6.1 DATA on stream 0", [.data(0)], .connection([.protocolError])),
        Case("6.1 padded DATA", [.headers(1, post, end: false), .raw(0, 9, 1, [2, 0x61, 0, 0])], .response(1)),
        Case(
            "6.1 padding too long", [.headers(1, post, end: false), .raw(0, 9, 1, [6, 0x61])],
            .connection([.protocolError])),
        Case("6.2 HEADERS on stream 0", [.headers(0)], .connection([.protocolError])),
        Case("6.2 padded HEADERS", [.raw(1, 0xD, 1, [2] + RawFrame.block(get) + [0, 0])], .response(1)),
        Case("6.2 HEADERS with priority", [.raw(1, 0x25, 1, [0, 0, 0, 0, 255] + RawFrame.block(get))], .response(1)),
        Case("6.2 padding too long", [.raw(1, 0xD, 1, [255] + RawFrame.block(get))], .connection([.protocolError])),
        Case("6.3 PRIORITY on stream 0", [.priority(0)], .connection([.protocolError])),
        Case(
            "6.3 PRIORITY of another length", [.headers(1, post, end: false), .raw(2, 0, 1, [0x80, 0, 0, 1])],
            .stream(1, [.frameSizeError])),
        Case("6.4 RST_STREAM on stream 0", [.reset(0)], .connection([.protocolError])),
        Case(
            "6.4 RST_STREAM of another length", [.headers(1, post, end: false), .raw(3, 0, 1, [0, 0, 0])],
            .connection([.frameSizeError])),
        Case("6.5 acknowledgement with a payload", [.raw(4, 1, 0, [0])], .connection([.frameSizeError])),
        Case("6.5 SETTINGS on a stream", [.raw(4, 0, 1, [0, 3, 0, 0, 0, 100])], .connection([.protocolError])),
        Case("6.5 SETTINGS of another length", [.raw(4, 0, 0, [0, 3, 0])], .connection([.frameSizeError])),
        Case("6.5.2 ENABLE_PUSH 2", [.settings([(2, 2)])], .connection([.protocolError])),
        Case("6.5.2 window too large", [.settings([(4, 0x8000_0000)])], .connection([.flowControlError])),
        Case("6.5.2 frame size too small", [.settings([(5, 16_383)])], .connection([.protocolError])),
        Case("6.5.2 frame size too large", [.settings([(5, 16_777_216)])], .connection([.protocolError])),
        Case("6.5.2 unknown setting", [.settings([(0xFF, 1)])], .nothing),
        Case("6.7 acknowledgement of no PING", [.ping(1)], .nothing),
        Case("6.7 PING of another length", [.raw(6, 0, 0, [0, 0, 0, 0, 0, 0])], .connection([.frameSizeError])),
        Case(
            "6.8 GOAWAY on 1", [.raw(7, 0, 1, RawFrame.big(0) + RawFrame.big(0))], .connection([.protocolError])),
        Case("6.9 increment 0", [.window(0, 0)], .connection([.protocolError])),
        Case(
            "6.9 increment 0 on 1", [.headers(1, post, end: false), .window(1, 0)], .stream(1, [.protocolError])),
        Case("6.9 WINDOW_UPDATE of another length", [.raw(8, 0, 0, [0, 0, 1])], .connection([.frameSizeError])),
        Case(
            "6.9.1 window overflow", [.window(0, 0x7FFF_FFFF), .window(0, 0x7FFF_FFFF)],
            .connection([.flowControlError])),
        Case(
            "6.9.1 stream's window overflow",
            [.headers(1, post, end: false), .window(1, 0x7FFF_FFFF), .window(1, 0x7FFF_FFFF)],
            .stream(1, [.flowControlError])),
        Case(
            "6.10 several CONTINUATION",
            [.headers(1, get, endHeaders: false)]
                + (0..<2).map { _ in
                    .continuation(1, RawFrame.block([("x", "y")]), endHeaders: false)
                } + [.continuation(1, [], endHeaders: true)], .response(1)),
        Case(
            "6.10 CONTINUATION and another frame",
            [
                .headers(1, endHeaders: false), .continuation(1, RawFrame.block([("x", "y")]), endHeaders: false),
                .data(1),
            ],
            .connection([.protocolError])),
        Case(
            "6.10 CONTINUATION on stream 0", [.headers(1, endHeaders: false), .continuation(0, [], endHeaders: true)],
            .connection([.protocolError])),
        Case(
            "6.10 CONTINUATION after a whole block",
            [.headers(1, post, end: false), .continuation(1, [], endHeaders: true)],
            .connection([.protocolError])),
        Case(
            "6.10 CONTINUATION after DATA",
            [.headers(1, post, end: false), .data(1, end: false), .continuation(1, [], endHeaders: true)],
            .connection([.protocolError])),
        Case("7 GOAWAY with an unknown code", [.goAway(0xFF)], .nothing),
        Case("7 RST_STREAM with an unknown code", [.headers(1, post, end: false), .reset(1, 0xFF)], .nothing),
        Case(
            "8.4 PUSH_PROMISE of a client", [.headers(1), .raw(5, 4, 1, RawFrame.big(2) + RawFrame.block(get))],
            .connection([.protocolError])),
    ]

    /// Section 8.
    static let messages: [Case] = [
        Case("8.1 GET", [.headers(1)], .response(1)),
        Case("8.1 HEAD", [.headers(1, replacing(":method", "HEAD"))], .response(1)),
        Case("8.1 POST", [.headers(1, post, end: false), .data(1)], .response(1)),
        Case(
            "8.1 POST with trailers", [.headers(1, post, end: false), .data(1, end: false), .headers(1, [("x", "y")])],
            .response(1)),
        Case(
            "8.1 trailers without the end", [.headers(1, post, end: false), .headers(1, [("x", "y")], end: false)],
            .stream(1, [.protocolError])),
        request("8.2.1 name in capitals", get + [("X-TEST", "ok")]),
        request("8.2.1 blank in a name", get + [("x test", "ok")]),
        Case("8.2.1 empty name", [.headers(1, get + [("", "ok")])], .connection([.compressionError])),
        request("8.2.1 colon in a name", get + [("x:y", "ok")]),
        request("8.2.1 CR in a value", get + [("x", "a\rb")]),
        request("8.2.1 LF in a value", get + [("x", "a\nx-evil: 1")]),
        request("8.2.1 NUL in a value", get + [("x", "a\0b")]),
        request("8.2.1 blank before a value", get + [("x", " a")]),
        request("8.2.1 blank after a value", get + [("x", "a\t")]),
        request("8.2.1 CRLF in the path", replacing(":path", "/ HTTP/1.1\r\nhost: evil\r\n\r\n")),
        request("8.2.1 blank in the path", replacing(":path", "/a b")),
        request("8.2.1 blank in the method", replacing(":method", "GET /evil HTTP/1.1")),
        request("8.2.2 connection", get + [("connection", "keep-alive")]),
        request("8.2.2 keep-alive", get + [("keep-alive", "5")]),
        request("8.2.2 proxy-connection", get + [("proxy-connection", "close")]),
        request("8.2.2 transfer-encoding", get + [("transfer-encoding", "chunked")]),
        request("8.2.2 upgrade", get + [("upgrade", "h2c")]),
        request("8.2.2 TE with another value", get + [("te", "trailers, deflate")]),
        Case("8.2.2 TE: trailers", [.headers(1, get + [("te", "trailers")])], .response(1)),
        request("8.3 unknown pseudo-header field", [(":test", "ok")] + get),
        request("8.3 pseudo-header field of a response", get + [(":status", "200")]),
        request("8.3 pseudo-header field after a regular one", [("x", "y")] + get),
        Case(
            "8.3 pseudo-header field in trailers",
            [.headers(1, post, end: false), .data(1, end: false), .headers(1, [(":method", "GET")])],
            .stream(1, [.protocolError])),
        request("8.3.1 empty path", replacing(":path", "")),
        request("8.3.1 path without a slash", replacing(":path", "evil")),
        request("8.3.1 asterisk for GET", replacing(":path", "*")),
        Case(
            "8.3.1 asterisk for OPTIONS", [.headers(1, [(":method", "OPTIONS")] + replacing(":path", "*").dropFirst())],
            .response(1)),
        request("8.3.1 no method", without(":method")),
        request("8.3.1 no scheme", without(":scheme")),
        request("8.3.1 no path", without(":path")),
        request("8.3.1 two methods", get + [(":method", "GET")]),
        request("8.3.1 two schemes", get + [(":scheme", "https")]),
        request("8.3.1 two paths", get + [(":path", "/")]),
        request("8.3.1 two authorities", get + [(":authority", "app.example")]),
        request("8.3.1 no authority", without(":authority")),
        request("8.3.1 empty authority", replacing(":authority", "")),
        request("8.3.1 user in the authority", replacing(":authority", "user@app.example")),
        request("8.3.1 another host", get + [("host", "evil.example")]),
        request("8.3.1 two hosts", without(":authority") + [("host", "a"), ("host", "b")]),
        Case("8.3.1 the same host", [.headers(1, get + [("host", "App.example")])], .response(1)),
        Case("8.3.1 host without an authority", [.headers(1, without(":authority") + [("host", "a")])], .response(1)),
        request("8.5 CONNECT with a path", replacing(":method", "CONNECT")),
        Case(
            "8.1.1 content-length and less DATA",
            [.headers(1, post + [("content-length", "5")], end: false), .data(1)], .stream(1, [.protocolError])),
        Case(
            "8.1.1 content-length and more DATA",
            [.headers(1, post + [("content-length", "5")], end: false), .data(1, end: false), .data(1)],
            .stream(1, [.protocolError])),
        Case(
            "8.1.1 content-length without DATA", [.headers(1, post + [("content-length", "5")])],
            .stream(1, [.protocolError])),
        request("8.1.1 content-length that is no number", post + [("content-length", "+0")]),
        request("8.1.1 two content-lengths", post + [("content-length", "0"), ("content-length", "1")]),
        Case(
            "8.1.1 content-length and as much DATA",
            [.headers(1, post + [("content-length", "4")], end: false), .data(1)], .response(1)),
    ]

    /// RFC 7541; blocks begin with a good request.
    static let compression: [Case] =
        [
            ("2.3.3 index beyond the tables", [0xC6]),
            ("2.3.3 name's index beyond the tables", [0x7F, 0x07, 0x01, 0x61]),
            ("4.2 size update after a field", [0x3F, 0x61]),
            ("5.2 padding of more than 7 bits", [0x00, 0x85, 0xF2, 0xB2, 0x4A, 0x87, 0xFF, 0x81, 0x1F, 0xFF]),
            ("5.2 padding that is not EOS", [0x00, 0x85, 0xF2, 0xB2, 0x4A, 0x84, 0xFF, 0x83, 0x90, 0x48, 0x4A, 0x90]),
            (
                "5.2 EOS in a string",
                [0x00, 0x85, 0xF2, 0xB2, 0x4A, 0x84, 0xFF, 0x87, 0xFF, 0xFF, 0xFF, 0xFD, 0x25, 0x42, 0x7F]
            ),
            ("6.1 index 0", [0x80]),
            ("5.1 endless number", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            ("5.2 string beyond the block", [0x00, 0x7E, 0x61]),
        ].map { (name: String, block: [UInt8]) in
            Case("RFC 7541 " + name, [.raw(1, 5, 1, RawFrame.block(get) + block)], .connection([.compressionError]))
        } + [
            Case(
                "RFC 7541 6.3 size beyond SETTINGS", [.raw(1, 5, 1, [0x3F, 0xE2, 0x1F] + RawFrame.block(get))],
                .connection([.compressionError])),
            Case(
                "RFC 7541 6.1 static table",
                [.raw(1, 5, 1, [0x82, 0x87, 0x84] + [0x01] + RawFrame.string("app.example"))], .response(1)),
            Case(
                "RFC 7541 6.2.1 dynamic table",
                [
                    .raw(1, 5, 1, [0x82, 0x87, 0x84, 0x41] + RawFrame.string("app.example")),
                    .raw(1, 5, 3, [0x82, 0x87, 0x84, 0xBE]),
                ], .response(3)),
            Case(
                "RFC 7541 5.2 Huffman",
                [
                    .raw(
                        1, 5, 1,
                        [
                            0x82, 0x87, 0x84, 0x41, 0x8C, 0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB, 0x90,
                            0xF4, 0xFF,
                        ])
                ], .response(1)),
            Case(
                "RFC 7541 6.3 size updates first", [.raw(1, 5, 1, [0x20, 0x3F, 0xE1, 0x1F] + RawFrame.block(get))],
                .response(1)),
        ]
}
