import HTTPWire

/// `GET / HTTP/1.1` with Host and these field lines.
private func get(_ name: String, _ lines: String, _ expected: String) -> HeadCase {
    HeadCase(name, "GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n", expected)
}

private func post(_ name: String, _ lines: String, _ expected: String) -> HeadCase {
    HeadCase(name, "POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n", expected)
}

private func target(_ name: String, _ target: String, _ expected: String, method: String = "GET") -> HeadCase {
    HeadCase(name, "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n", expected)
}

private func host(_ value: String, _ expected: String) -> HeadCase {
    HeadCase("Host \(value)", "GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n", expected)
}

/// What is taken from a good request. To add a row, write the bytes and what `describe` should say.
let acceptedRequests: [HeadCase] = [
    HeadCase("least", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / host=a body=none keep"),
    HeadCase("1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET / host= body=none close minor=0"),
    HeadCase(
        "1.0 kept", "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "GET / host=a body=none keep minor=0"
    ),
    HeadCase("1.2 is spoken as 1.1", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET / host=a body=none keep"),
    HeadCase("1.9 is spoken as 1.1", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET / host=a body=none keep"),
    HeadCase("an empty line before it", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / host=a body=none keep"),
    HeadCase("a body behind it", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET \0", "GET / host=a body=none keep"),
    HeadCase("an unknown method", "PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", "PURGE / host=a body=none keep"),
    HeadCase("methods have case", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "get / host=a body=none keep"),
    get("close", "Connection: close", "GET / host=a body=none close"),
    get("close in a list", "Connection: keep-alive , Close", "GET / host=a body=none close"),
    get("close in a second line", "Connection: x\r\nConnection: close", "GET / host=a body=none close"),
    get("white space around a value", "X: \t b\t c \t", "GET / host=a body=none keep X=b\t c"),
    get("no white space", "X:b", "GET / host=a body=none keep X=b"),
    get("an empty value", "X:\r\nY: ", "GET / host=a body=none keep X= Y="),
    get("colons in a value", "X: a:b:c", "GET / host=a body=none keep X=a:b:c"),
    get("text above ASCII in a value", "X: é", "GET / host=a body=none keep X=é"),
    get(
        "every token character in a name", "!#$%&'*+-.^_`|~09azAZ: b",
        "GET / host=a body=none keep !#$%&'*+-.^_`|~09azAZ=b"),
    get(
        "hop-by-hop fields",
        "Keep-Alive: 1\r\nProxy-Connection: a\r\nTE: gzip\r\nUpgrade: b\r\nHTTP2-Settings: c\r\nVia: d",
        "GET / host=a body=none keep Via=d"),
    get(
        "fields that Connection names", "X-a: 1\r\nConnection: ,x-A,, Y\r\ny: 2\r\nz: 3",
        "GET / host=a body=none keep z=3"),
    get("Connection cannot take Host", "Connection: Host, Cookie\r\nCookie: a", "GET / host=a body=none keep"),
    get("upgrade", "Connection: Upgrade\r\nUpgrade: websocket", "GET / host=a body=none keep upgrade=websocket"),
    get("upgrade that Connection does not announce", "Upgrade: websocket", "GET / host=a body=none keep"),
    get("TE: trailers", "TE: gzip, Trailers\r\nConnection: TE", "GET / host=a body=none keep trailers"),
    post("a length", "Content-Length: 5", "POST / host=a body=length(5) keep"),
    post("length 0", "Content-Length: 0", "POST / host=a body=length(0) keep"),
    post("leading zeros", "Content-Length: 0005", "POST / host=a body=length(5) keep"),
    post(
        "the largest length", "Content-Length: 9223372036854775807",
        "POST / host=a body=length(9223372036854775807) keep"),
    post("chunked", "Transfer-Encoding: chunked", "POST / host=a body=chunked keep"),
    post("chunked in any case", "transfer-encoding:\tChUnKeD \t", "POST / host=a body=chunked keep"),
    post(
        "expects 100", "Expect: 100-Continue\r\nContent-Length: 1",
        "POST / host=a body=length(1) keep continue Expect=100-Continue"),
    post("expects 100 for no body", "Expect: 100-continue", "POST / host=a body=none keep Expect=100-continue"),
    HeadCase(
        "1.0 expects nothing", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        "POST / host= body=length(1) close minor=0"),
    HeadCase(
        "1.0 cannot upgrade", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / host= body=none close minor=0"),
    target("a query", "/a/b?c=d?e", "GET /a/b?c=d?e host=a body=none keep"),
    target("an empty query", "/?", "GET /? host=a body=none keep"),
    target("two slashes", "//evil", "GET //evil host=a body=none keep"),
    target("what browsers leave unescaped", "/a|b{c}\"<>\\^`", "GET /a|b{c}\"<>\\^` host=a body=none keep"),
    target(
        "the absolute form overrides Host", "http://b:81/c?d",
        "GET /c?d host=b:81 form=absolute scheme=http body=none keep"),
    target("the absolute form without path", "HTTPS://b?d", "GET ?d host=b form=absolute scheme=HTTPS body=none keep"),
    target("asterisk", "*", "OPTIONS * host=a form=asterisk body=none keep", method: "OPTIONS"),
    target("authority", "b:443", "CONNECT  host=b:443 form=authority body=none keep", method: "CONNECT"),
    target(
        "authority of IPv6", "[::1]:443", "CONNECT  host=[::1]:443 form=authority body=none keep", method: "CONNECT"),
    host("a.b-c.example:8080", "GET / host=a.b-c.example:8080 body=none keep"),
    host("a_b", "GET / host=a_b body=none keep"),
    host("a.", "GET / host=a. body=none keep"),
    host("a:", "GET / host=a: body=none keep"),
    host("127.0.0.1:65535", "GET / host=127.0.0.1:65535 body=none keep"),
    host("[::]", "GET / host=[::] body=none keep"),
    host("[2001:db8::1:0:0:1]:80", "GET / host=[2001:db8::1:0:0:1]:80 body=none keep"),
    host("[1:2:3:4:5:6:7:8]", "GET / host=[1:2:3:4:5:6:7:8] body=none keep"),
    host("[::ffff:10.0.0.1]", "GET / host=[::ffff:10.0.0.1] body=none keep"),
]

/// Lines, names and values that are refused.
let refusedRequests: [HeadCase] =
    [
        HeadCase("nothing", "", "incomplete"),
        HeadCase("half a head", "GET / HTTP/1.1\r\nHost: a\r\n\r", "incomplete"),
        HeadCase("a TLS hello", bytes: [0x16, 3, 1, 2, 0, 1, 0], "400 TLS on a plain port"),
        HeadCase("two empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 invalid method"),
        HeadCase("white space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 invalid method"),
        HeadCase("no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 invalid method"),
        HeadCase("a method with a control", "GE\u{1}T / HTTP/1.1\r\n", "400 invalid method"),
        HeadCase("a method of 33 bytes", String(repeating: "A", count: 33), "501 method too long"),
        HeadCase("HTTP/0.9", "GET /\r\n\r\n", "400 invalid HTTP version"),
        HeadCase("HTTP/0.9 in full", "GET / HTTP/0.9\r\n\r\n", "505 unsupported HTTP version"),
        HeadCase("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 unsupported HTTP version"),
        HeadCase("HTTP/3.1", "GET / HTTP/3.1\r\nHost: a\r\n\r\n", "505 unsupported HTTP version"),
        HeadCase("HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "400 invalid HTTP version"),
        HeadCase("HTTP/11.1", "GET / HTTP/11.1\r\nHost: a\r\n\r\n", "400 invalid HTTP version"),
        HeadCase("HTTP/1,1", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", "400 invalid HTTP version"),
        HeadCase("http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", "400 invalid HTTP version"),
        HeadCase("a short version", "GET / HTTP\r\n", "400 invalid HTTP version"),
        HeadCase("white space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400 invalid HTTP version"),
        HeadCase("two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400 invalid request target"),
        HeadCase("two spaces behind the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "400 invalid HTTP version"),
        HeadCase("a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 invalid method"),
        HeadCase("bare LF behind the request line", "GET / HTTP/1.1\nHost: a\n\n", "400 LF without CR"),
        HeadCase("bare CR behind the request line", "GET / HTTP/1.1\rHost: a\r\r", "400 CR without LF"),
        get("bare LF behind a field", "X: a\nY: b", "400 LF without CR"),
        get("bare LF in a name", "X\n: a", "400 LF without CR"),
        get("bare CR in a value", "X: a\rb", "400 CR without LF"),
        get("CR CR LF", "X: a\r", "400 CR without LF"),
        get("a folded line", "X: a\r\n b", "400 folded or indented field line"),
        get("a line folded by a tab", "X: a\r\n\tb", "400 folded or indented field line"),
        HeadCase("an indented first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400 folded or indented field line"),
        get("white space before the colon", "X : a", "400 invalid field name"),
        get("a tab before the colon", "X\t: a", "400 invalid field name"),
        get("an empty name", ": a", "400 invalid field name"),
        get("no colon", "abc", "400 invalid field name"),
        get("a separator in a name", "X(a): b", "400 invalid field name"),
        get("a letter above ASCII in a name", "Xé: b", "400 invalid field name"),
        get("NUL in a name", "X\0: b", "400 invalid field name"),
        get("NUL in a value", "X: a\0b", "400 control character"),
        get("a vertical tab in a value", "X: a\u{B}b", "400 control character"),
        get("DEL in a value", "X: a\u{7F}b", "400 control character"),
        get("an escape at a value's start", "X: \u{1B}[0m", "400 control character"),
        get("an unknown expectation", "Expect: 200-ok", "417 unknown expectation"),
        get("two expectations", "Expect: 100-continue\r\nExpect: 100-continue", "417 unknown expectation"),
        get(
            "65 connection options", "Connection: " + String(repeating: "x,", count: 65),
            "400 too many connection options"),
        target("a fragment", "/a#b", "400 invalid request target"),
        target("a space", "/a b", "400 invalid HTTP version"),
        target("a control", "/a\u{1}b", "400 invalid request target"),
        target("NUL", "/a\0b", "400 invalid request target"),
        target("DEL", "/a\u{7F}b", "400 invalid request target"),
        target("above ASCII", "/é", "400 invalid request target"),
        target("no slash", "a", "400 invalid request target"),
        target("a query alone", "?a", "400 invalid request target"),
        target("asterisk for GET", "*", "400 request target does not fit the method"),
        target("authority for GET", "a:80", "400 invalid request target"),
        target("origin for CONNECT", "/a", "400 request target does not fit the method", method: "CONNECT"),
        target("absolute for CONNECT", "http://a/", "400 request target does not fit the method", method: "CONNECT"),
        target("CONNECT without a port", "a", "400 request target does not fit the method", method: "CONNECT"),
        target("CONNECT to port 0", "a:0", "400 request target does not fit the method", method: "CONNECT"),
        target("CONNECT with an empty port", "a:", "400 request target does not fit the method", method: "CONNECT"),
        target("another scheme", "ftp://a/", "400 invalid request target"),
        target("an absolute form without host", "http:///a", "400 invalid request target"),
        target("one slash", "http:/a", "400 invalid request target"),
        target("user information", "http://u@a/", "400 invalid request target"),
        target("an absolute form with a bad port", "http://a:b/", "400 invalid request target"),
        HeadCase("no Host", "GET / HTTP/1.1\r\n\r\n", "400 no Host"),
        HeadCase("no Host beside the absolute form", "GET http://a/ HTTP/1.1\r\n\r\n", "400 no Host"),
        HeadCase(
            "a bad Host beside the absolute form", "GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n", "400 invalid Host"),
        HeadCase("a bad Host in 1.0", "GET / HTTP/1.0\r\nHost: b/c\r\n\r\n", "400 invalid Host"),
        get("two Hosts", "Host: b", "400 more than one Host"),
        get("the same Host twice", "Host: a", "400 more than one Host"),
    ]
    + [
        "", "a b", "a/b", "a@b", "a?b", "a#b", "a,b", "a\\b", "é", "a:b", "a:80:80", "a:65536", "a:+80", "a:000080",
        ".", "a..b", ".a",
        ":80", "[::1", "::1", "[]", "[:]", "[1::2::3]", "[::1]a", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[12345::]",
        "[fe80::1%25eth0]",
        "[::256.0.0.1]", "[::1.2.3]", "[v1.a]", "a%20b", "a\"", "<a>", "{a}",
    ].map { host($0, "400 invalid Host") }

/// What two recipients could frame differently.
let framingRequests: [HeadCase] =
    [
        post(
            "length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "400 Content-Length with Transfer-Encoding"),
        post(
            "chunked and length", "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "400 Content-Length with Transfer-Encoding"),
        post(
            "length and an unknown coding", "Content-Length: 0\r\nTransfer-Encoding: x",
            "400 Content-Length with Transfer-Encoding"),
        post("differing lengths", "Content-Length: 5\r\nContent-Length: 6", "400 more than one Content-Length"),
        post("equal lengths", "Content-Length: 5\r\nContent-Length: 5", "400 more than one Content-Length"),
        post("two codings", "Transfer-Encoding: gzip, chunked", "501 unknown transfer coding"),
        post("an unknown coding", "Transfer-Encoding: xchunked", "501 unknown transfer coding"),
        post("identity", "Transfer-Encoding: identity", "501 unknown transfer coding"),
        post("chunked is not last", "Transfer-Encoding: chunked, gzip", "400 invalid Transfer-Encoding"),
        post("chunked twice", "Transfer-Encoding: chunked, chunked", "400 invalid Transfer-Encoding"),
        post(
            "chunked on two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "400 invalid Transfer-Encoding"),
        post(
            "chunked and identity on two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "400 invalid Transfer-Encoding"),
        HeadCase(
            "chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400 Transfer-Encoding in HTTP/1.0"),
        HeadCase(
            "a body with TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
            "400 body where none is allowed"),
        post("a coding split by a vertical tab", "Transfer-Encoding: \u{B}chunked", "400 control character"),
        post("a coding on a folded line", "Transfer-Encoding:\r\n chunked", "400 folded or indented field line"),
        post("white space before the coding's colon", "Transfer-Encoding : chunked", "400 invalid field name"),
        post(
            "another name that looks like it", "Transfer_Encoding: chunked",
            "POST / host=a body=none keep Transfer_Encoding=chunked"),
    ]
    + [
        "", "+1", "-1", "1,1", "1, 1", "0x1", "1 1", "1.0", "1e1", "a", "１", "9223372036854775808",
        "99999999999999999999",
        "00000000000000000001", "\"1\"", "1;",
    ].map { post("Content-Length \($0)", "Content-Length: \($0)", "400 invalid Content-Length") }
    + [
        "", ",", "chunked,", ",chunked", "chunked;a=b", "chunked chunked", "\"chunked\"", "chunked\u{E9}",
        "gzip;q=1, chunked",
    ].map {
        post("Transfer-Encoding \($0)", "Transfer-Encoding: \($0)", "400 invalid Transfer-Encoding")
    }
