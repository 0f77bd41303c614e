import HTTPWire

private let long = String(repeating: "a", count: 100)

/// Each limit at its last good value and one above it.
let limitedRequests: [HeadCase] = [
    HeadCase("a target at its limit", "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\(long) host=a body=none keep")
        .limited { $0.target = 101 },
    HeadCase("a target over its limit", "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", "414 request target too long")
        .limited { $0.target = 100 },
    HeadCase("a target that does not end", "GET /\(long)", "414 request target too long").limited { $0.target = 100 },
    HeadCase(
        "a field at its limit", "GET / HTTP/1.1\r\nHost: a\r\nX:\(long)\r\n\r\n",
        "GET / host=a body=none keep X=\(long)"
    )
    .limited { $0.fieldBytes = 102 },
    HeadCase("a field over its limit", "GET / HTTP/1.1\r\nHost: a\r\nX:\(long)\r\n\r\n", "431 field too long")
        .limited { $0.fieldBytes = 101 },
    HeadCase("a name over the field's limit", "GET / HTTP/1.1\r\nHost: a\r\n\(long)", "431 field too long")
        .limited { $0.fieldBytes = 99 },
    HeadCase(
        "a name of 1025 bytes", "GET / HTTP/1.1\r\n\(String(repeating: "a", count: 1025)):\r\n\r\n",
        "431 field too long"),
    HeadCase("fields at their limit", "GET / HTTP/1.1\r\nHost: a\r\nb:\r\n\r\n", "GET / host=a body=none keep b=")
        .limited { $0.fields = 2 },
    HeadCase("fields over their limit", "GET / HTTP/1.1\r\nHost: a\r\nb:\r\nc:\r\n\r\n", "431 too many fields")
        .limited { $0.fields = 2 },
    HeadCase("a head at its limit", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / host=a body=none keep")
        .limited { $0.bytes = 27 },
    HeadCase("a head over its limit", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "431 head too long").limited {
        $0.bytes = 26
    },
    HeadCase("a head over its limit that does not end", "GET / HTTP/1.1\r\nHost: a\r\n\(long)", "431 head too long")
        .limited { $0.bytes = 50 },
]
