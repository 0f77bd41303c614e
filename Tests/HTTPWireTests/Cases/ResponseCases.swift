import HTTPWire

private func answer(_ name: String, _ lines: String, _ expected: String, status: String = "200 OK") -> HeadCase {
    HeadCase(name, "HTTP/1.1 \(status)\r\n\(lines.isEmpty ? "" : lines + "\r\n")\r\n", expected)
}

/// What is taken from an upstream's answer, in the words of `describe`; refusals become 502.
let responseCases: [HeadCase] = [
    answer("a length", "Content-Length: 3", "200 reason=OK body=length(3) keep"),
    answer("length 0", "Content-Length: 0", "200 reason=OK body=length(0) keep"),
    answer("chunked", "Transfer-Encoding: Chunked", "200 reason=OK body=chunked keep"),
    answer("until close", "X: a", "200 reason=OK body=untilClose close X=a"),
    answer("close", "Connection: close\r\nContent-Length: 3", "200 reason=OK body=length(3) close"),
    HeadCase("1.0", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", "200 reason=OK body=length(3) close minor=0"),
    HeadCase(
        "1.0 kept", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\n",
        "200 reason=OK body=length(3) keep minor=0"),
    HeadCase("1.5", "HTTP/1.5 200 OK\r\nContent-Length: 3\r\n\r\n", "200 reason=OK body=length(3) keep"),
    answer("an empty reason", "Content-Length: 0", "200 body=length(0) keep", status: "200 "),
    answer("no space before the empty reason", "Content-Length: 0", "200 body=length(0) keep", status: "200"),
    answer(
        "a long reason", "Content-Length: 0", "404 reason=Not\tfound é body=length(0) keep", status: "404 Not\tfound é"),
    answer("equal lengths on two lines", "Content-Length: 3\r\nContent-Length: 3", "200 reason=OK body=length(3) keep"),
    answer(
        "hop-by-hop fields", "Connection: x\r\nX: a\r\nKeep-Alive: b\r\nContent-Length: 3\r\nDate: c",
        "200 reason=OK body=length(3) keep Date=c"),
    // no body
    answer("continue", "", "100 body=none keep interim", status: "100"),
    answer("early hints", "Link: a", "103 reason=Early Hints body=none keep interim Link=a", status: "103 Early Hints"),
    answer(
        "switching protocols", "Connection: upgrade\r\nUpgrade: websocket",
        "101 body=none keep upgrade=websocket", status: "101"),
    answer("HEAD with a length", "Content-Length: 3", "200 reason=OK body=none keep declared=3").answering(.head),
    answer("HEAD with chunked", "Transfer-Encoding: chunked", "200 reason=OK body=none keep").answering(.head),
    answer("HEAD without framing", "", "200 reason=OK body=none keep").answering(.head),
    answer("CONNECT", "", "200 reason=OK body=none keep").answering(.connect),
    answer("a refused CONNECT", "Content-Length: 3", "403 body=length(3) keep", status: "403").answering(.connect),
    answer("204", "", "204 body=none keep", status: "204"),
    answer("204 with length 0", "Content-Length: 0", "204 body=none keep declared=0", status: "204"),
    answer("204 that announces a body", "Content-Length: 3", "204 body=none close declared=3", status: "204"),
    answer("204 that announces chunks", "Transfer-Encoding: chunked", "204 body=none close", status: "204"),
    answer("304 with a length", "Content-Length: 3", "304 body=none keep declared=3", status: "304"),
    // refused
    answer("continue with a length", "Content-Length: 3", "502 body where none is allowed", status: "100"),
    answer("101 with chunks", "Transfer-Encoding: chunked", "502 body where none is allowed", status: "101"),
    answer("differing lengths", "Content-Length: 3\r\nContent-Length: 4", "502 more than one Content-Length"),
    answer(
        "differing lengths with 304", "Content-Length: 3\r\nContent-Length: 4", "502 more than one Content-Length",
        status: "304"),
    answer(
        "three lengths", "Content-Length: 3\r\nContent-Length: 4\r\nContent-Length: 3",
        "502 more than one Content-Length"),
    answer("a list of lengths", "Content-Length: 3, 3", "502 invalid Content-Length"),
    answer("a signed length", "Content-Length: +3", "502 invalid Content-Length"),
    answer(
        "length and chunked", "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "502 Content-Length with Transfer-Encoding"),
    answer("an unknown coding", "Transfer-Encoding: gzip", "502 unknown transfer coding"),
    answer("an unknown coding before chunked", "Transfer-Encoding: gzip, chunked", "502 unknown transfer coding"),
    HeadCase(
        "chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "502 Transfer-Encoding in HTTP/1.0"),
    answer("a folded line", "X: a\r\n b", "502 folded or indented field line"),
    answer("white space before the colon", "X : a", "502 invalid field name"),
    answer("NUL", "X: a\0", "502 control character"),
    answer("a control in the reason", "", "502 control character", status: "200 O\u{1}K"),
    answer("bare LF", "X: a\nY: b", "502 LF without CR"),
    answer("bare CR", "X: a\rY: b", "502 CR without LF"),
    answer("two digits", "", "502 invalid status line", status: "20 OK"),
    answer("four digits", "", "502 invalid status line", status: "2000 OK"),
    answer("letters", "", "502 invalid status line", status: "2x0 OK"),
    answer("status 99", "", "502 invalid status line", status: "099 OK"),
    answer("status 600", "", "502 invalid status line", status: "600 OK"),
    answer("two spaces", "", "502 invalid status line", status: " 200 OK"),
    HeadCase("HTTP/2", "HTTP/2 200 OK\r\n\r\n", "502 invalid status line"),
    HeadCase("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", "502 unsupported HTTP version"),
    HeadCase("ICY", "ICY 200 OK\r\n\r\n", "502 invalid status line"),
    HeadCase("an empty line before it", "\r\nHTTP/1.1 200 OK\r\n\r\n", "502 invalid status line"),
    HeadCase("a short line", "HTTP/1.1\r\n\r\n", "502 invalid status line"),
    HeadCase("a shorter line", "HTTP\r\n", "502 invalid status line"),
    HeadCase("half a head", "HTTP/1.1 200 OK\r\nX: a\r\n", "incomplete"),
    answer("a reason over the limit", "", "502 field too long", status: "200 abc").limited { $0.fieldBytes = 2 },
    answer("a reason at the limit", "", "200 reason=abc body=untilClose close", status: "200 abc").limited {
        $0.fieldBytes = 3
    },
    answer("a head over the limit", "X: a", "502 head too long").limited { $0.bytes = 24 },
]
