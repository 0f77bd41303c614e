import HTTPWire
import Testing

/// A chunked body and what comes out: `data|trailers|rest` when it ends, `data+` when it does not, or a refusal.
struct ChunkedCase: CustomTestStringConvertible, Sendable {
    let name: String
    let input: [UInt8]
    let expected: String
    var limits = ChunkedLimits()

    init(_ name: String, _ input: String, _ expected: String, limits: ChunkedLimits = ChunkedLimits()) {
        self.name = name
        self.input = Array(input.utf8)
        self.expected = expected
        self.limits = limits
    }

    var testDescription: String { name }
}

private func bad(_ input: String, _ reason: String) -> ChunkedCase {
    ChunkedCase(String(input.prefix(40)).debugDescription, input, reason)
}

let chunkedCases: [ChunkedCase] = [
    ChunkedCase("empty", "0\r\n\r\n", "||"),
    ChunkedCase("one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc||"),
    ChunkedCase("what follows stays", "3\r\nabc\r\n0\r\n\r\nGET /", "abc||GET /"),
    ChunkedCase(
        "several chunks", "1\r\na\r\nA\r\n0123456789\r\nb\r\n0123456789X\r\n000\r\n\r\n", "a01234567890123456789X||"),
    ChunkedCase("data that looks like framing", "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n\r\n||"),
    ChunkedCase("extensions", "1;a\r\nx\r\n1; b=c;d=\"e f\"\r\ny\r\n0;\tf\r\n\r\n", "xy||"),
    ChunkedCase("trailers", "0\r\nA: b\r\nc:\td \r\n\r\nX", "|A: b\r\nc: d\r\n|X"),
    ChunkedCase(
        "trailers that must not be merged",
        "0\r\nContent-Length: 1\r\nHost: a\r\ntransfer-encoding: chunked\r\nAuthorization: a\r\nSet-Cookie: a\r\nETag: b\r\n"
            + "Connection: a\r\nTrailer: a\r\nTE: a\r\nCache-Control: a\r\nX-Forwarded-For: a\r\nGrpc-Status: 0\r\n\r\n",
        "|ETag: b\r\nGrpc-Status: 0\r\n|"),
    ChunkedCase("leading zeros", "0000000000000001\r\na\r\n0\r\n\r\n", "a||"),
    ChunkedCase("half a chunk", "5\r\nab", "ab+"),
    ChunkedCase("no last chunk", "2\r\nab\r\n", "ab+"),
    ChunkedCase("no end of the trailers", "0\r\nA: b\r\n", "+"),
    ChunkedCase("the largest size", "7fffffffffffffff\r\nab", "ab+"),
    bad("\r\n", "400 invalid chunk size"),
    bad(";a\r\n", "400 invalid chunk size"),
    bad("0x1\r\na\r\n", "400 invalid chunk size"),
    bad(" 1\r\na\r\n", "400 invalid chunk size"),
    bad("1 \r\na\r\n", "400 invalid chunk size"),
    bad("1 ;a\r\na\r\n", "400 invalid chunk size"),
    bad("+1\r\na\r\n", "400 invalid chunk size"),
    bad("-1\r\na\r\n", "400 invalid chunk size"),
    bad("1_0\r\n", "400 invalid chunk size"),
    bad("1,1\r\n", "400 invalid chunk size"),
    bad("g\r\n", "400 invalid chunk size"),
    bad("1\0\r\n", "400 invalid chunk size"),
    bad("1\u{B}\r\n", "400 invalid chunk size"),
    bad("8000000000000000\r\n", "400 chunk too large"),
    bad("ffffffffffffffff\r\n", "400 chunk too large"),
    bad("10000000000000001\r\n", "400 chunk too large"),
    bad("00000000000000001\r\n", "400 chunk too large"),
    bad("1\na\r\n", "400 LF without CR"),
    bad("1\ra\r\n", "400 CR without LF"),
    bad("1\r\r\n", "400 CR without LF"),
    bad("1\r\nab\r\n", "400 no CRLF after chunk data"),
    bad("1\r\na\n0\r\n", "400 no CRLF after chunk data"),
    bad("1\r\na\r0\r\n", "400 no CRLF after chunk data"),
    bad("1\r\na0\r\n\r\n", "400 no CRLF after chunk data"),
    bad("1;\r\na\r\n", "400 invalid chunk extension"),
    bad("1; =a\r\na\r\n", "400 invalid chunk extension"),
    bad("1;;a\r\na\r\n", "400 invalid chunk extension"),
    bad("1;a\n\r\na\r\n", "400 LF without CR"),
    bad("1;a\rb\r\na\r\n", "400 CR without LF"),
    bad("1;a\0\r\na\r\n", "400 invalid chunk extension"),
    bad("1;a\u{7F}\r\na\r\n", "400 invalid chunk extension"),
    bad("0\r\nA : b\r\n\r\n", "400 invalid field name"),
    bad("0\r\n A: b\r\n\r\n", "400 folded or indented field line"),
    bad("0\r\nA: b\r\n c\r\n\r\n", "400 folded or indented field line"),
    bad("0\r\nA: b\nC: d\r\n\r\n", "400 LF without CR"),
    bad("0\r\nA: b\rC: d\r\n\r\n", "400 CR without LF"),
    bad("0\r\nA: b\0\r\n\r\n", "400 control character"),
    bad("0\r\n\n", "400 LF without CR"),
    bad("0\r\n\rX", "400 CR without LF"),
    bad("0\r\nGET / HTTP/1.1\r\n\r\n", "400 invalid field name"),
    ChunkedCase(
        "extensions at their limit", "1;abc\r\na\r\n0\r\n\r\n", "a||", limits: ChunkedLimits(extensionBytes: 4)),
    ChunkedCase(
        "extensions over their limit", "1;abc\r\na\r\n0\r\n\r\n", "400 chunk extensions too long",
        limits: ChunkedLimits(extensionBytes: 3)),
    ChunkedCase(
        "extensions of several chunks", "1;ab\r\na\r\n1;ab\r\na\r\n0\r\n\r\n", "400 chunk extensions too long",
        limits: ChunkedLimits(extensionBytes: 5)),
    ChunkedCase("trailers at their limit", "0\r\na: b\r\n\r\n", "|a: b\r\n|", limits: ChunkedLimits(trailerBytes: 6)),
    ChunkedCase(
        "trailers over their limit", "0\r\na: bc\r\n\r\n", "431 trailers too long",
        limits: ChunkedLimits(trailerBytes: 6)),
]
