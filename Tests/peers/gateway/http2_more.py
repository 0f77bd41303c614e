"""What a gateway must hold over HTTP/2 besides: what goes on to the upstream and what comes back, hostile fields,
floods, the end of streams and of the connection.

`upstream` of a case are expectations of the requests that the upstream got, in the words of cases/README.md.
"""

import signal

import frames
from frames import END_HEADERS, END_STREAM, continuation, data, headers, ping, priority, reset, settings, window
from http2_cases import Ask, Case
from http2_client import Answer, Ended, Failed, alive, answered, rejected, stopped

KEPT = 16_384


def passing(ask):
    """Requests on their way to the upstream."""
    return [
        Case("te-trailers", "9110 10.1.4", [ask.get(("te", "trailers"))], answered(),
             upstream=["header TE: trailers", "header Connection ~ (?i)^te$"]),
        Case("te-trailers-over-http2", "9113 8.2.2", [ask.get(("te", "trailers"), path="/again/x")], answered(),
             upstream=["header TE: trailers", "line GET /x HTTP/1.1"]),
        Case("no-te", "9110 10.1.4", [ask.get()], answered(), upstream=["no header TE", "no header Connection"]),
        Case("cookie-crumbs", "9113 8.2.3",
             [ask.get(("cookie", "a=b"), ("x", "y"), ("cookie", "c=d"), ("cookie", "e=f"))],
             answered(), upstream=["header Cookie: a=b; c=d; e=f", "count Cookie 1"]),
        Case("fields-more-than-once", "9110 5.3",
             [ask.get(("x-a", "1"), ("x-a", "2"))], answered(), upstream=["count x-a 2"]),
        Case("host-the-same", "9113 8.3.1", [ask.get(("host", "gateway.test"))], answered(),
             upstream=["header Host: gateway.test", "count Host 1"]),
        Case("host-alone", "9113 8.3.1", [ask.without(":authority", ("host", "other.test"))], answered(),
             upstream=["header Host: other.test", "count Host 1"]),
        Case("get-with-a-body", "9113 8.1", [ask.get(flags=END_HEADERS), data(1, b"abc", END_STREAM)], answered(),
             upstream=["body abc"]),
        Case("length-passes", "9113 8.1.1",
             [ask.post(("content-length", "8")), data(1, b"test"), data(1, b"test", END_STREAM)],
             answered(), upstream=["framing length 8", "body testtest", "complete"]),
        Case("length-0", "9113 8.1.1", [ask.post(("content-length", "0"), flags=END_HEADERS | END_STREAM)], answered(),
             upstream=["framing length 0"]),
        Case("no-length", "9112 6.3", [ask.post(), data(1, b"test"), data(1, b"", END_STREAM)], answered(),
             upstream=["framing chunked", "body test"]),
        Case("trailers-pass", "9113 8.1",
             [ask.post(), data(1, b"test"), headers(1, [("x-sum", "7"), ("content-length", "1")])],
             answered(), upstream=["trailer x-sum: 7", "no trailer content-length"]),
        Case("trailers-without-data", "9113 8.1", [ask.post(), headers(1, [("x-sum", "7")])], answered(),
             upstream=["trailer x-sum: 7", "complete"]),
        Case("options-asterisk", "9113 8.3.1", [ask.get(method="OPTIONS", path="*")], answered(),
             upstream=["line OPTIONS * HTTP/1.1"]),
        Case("an-upload", "9113 6.9", [ask.post(), lambda session: upload(session, 3 << 20, KEPT)], answered(),
             upstream=[f"body size {3 << 20}"]),
        Case("an-upload-in-bytes", "9113 6.9", [ask.post(), lambda session: upload(session, 3000, 1)], answered(),
             upstream=["body size 3000"]),
        Case("an-upload-of-padding", "9113 6.1",
             [ask.post(), lambda session: upload(session, 6000, 1, 255)], answered(),
             upstream=["body size 6000"]),
        Case("an-upload-over-http2", "9113 6.9",
             [ask.post(path="/again/"), lambda session: upload(session, 3 << 20, KEPT)],
             answered(), upstream=[f"body size {3 << 20}"]),
        Case("expect-continue", "9110 10.1.1",
             [ask.post(("expect", "100-continue"), ("content-length", "4")), continued, data(1, b"test", END_STREAM)],
             answered(then=has_interims(100)), upstream=["body test"]),
        Case("as-many-as-allowed", "9113 5.1.2",
             [lambda session: session.send(b"".join(ask.get(stream=2 * index + 1) for index in range(most(session))))],
             all_answered),
        Case("in-pieces", "9113 4.1",
             [bytes([octet]) for octet in ask.post() + data(1, b"test", END_STREAM)], answered()),
    ]


def most(session):
    return session.peer[frames.MAX_CONCURRENT_STREAMS]


def all_answered(session):
    for index in range(most(session)):
        answer = session.answer(2 * index + 1)
        if answer.status != 200 or not answer.whole:
            raise Failed(f"stream {2 * index + 1}: {answer}")
    alive(session)


def continued(session):
    answer = session.answers.setdefault(1, Answer())
    session.wait(lambda: answer.interims or answer.status)


def has_interims(*statuses):
    def check(answer):
        if answer.interims != list(statuses):
            raise Failed(f"interim answers {answer.interims}")
    return check


def upload(session, size, piece, padding=None):
    """DATA within both windows, padding included (RFC 9113 section 6.9.1)."""
    sent = spent = 0
    initial = session.peer.get(frames.INITIAL_WINDOW_SIZE, 65_535)
    while sent < size:
        octets = bytes(min(piece, size - sent))
        cost = len(octets) + (0 if padding is None else padding + 1)
        session.wait(lambda: spent + cost <= min(65_535 + session.credits.get(0, 0),
                                                 initial + session.credits.get(1, 0)))
        sent, spent = sent + len(octets), spent + cost
        session.send(data(1, octets, END_STREAM if sent == size else 0, padding))


def coming(ask):
    """Answers on their way to the client."""
    def whole(**words):
        def check(answer):
            for name, wanted in words.items():
                if getattr(answer, name) != wanted:
                    raise Failed(f"{name}: {getattr(answer, name)!r}")
        return check

    def without(*names):
        def check(answer):
            found = [field for field in answer.fields if field[0] in names]
            if found:
                raise Failed(f"fields of another connection: {found}")
        return check

    return [
        Case("answer-trailers", "9113 8.1", [ask.get(("te", "trailers"), path="/?trailers=1&size=10")],
             answered(then=whole(trailers=[("x-checksum", "1")], body=b"0123456789"))),
        Case("answer-trailers-over-http2", "9113 8.1", [ask.get(("te", "trailers"), path="/again/?trailers=1&size=10")],
             answered(then=whole(trailers=[("x-checksum", "1")], body=b"0123456789"))),
        Case("answer-interim", "9113 8.1", [ask.get(path="/?interim=103")], answered(then=has_interims(103))),
        Case("answer-to-head", "9113 8.1.1", [ask.get(method="HEAD", path="/?size=1000")],
             answered(body=b"", then=lambda answer: whole(pieces=[])(answer) if answer.all("content-length") == ["1000"]
                      else whole(fields="content-length: 1000")(answer))),
        Case("answer-204", "9110 15.3.5", [ask.get(path="/?status=204")], answered(204, body=b"")),
        Case("answer-304", "9110 15.4.5", [ask.get(path="/?status=304")], answered(304, body=b"")),
        Case("answer-chunked", "9113 8.1", [ask.get(path="/?chunked=1&size=3000")],
             answered(then=lambda answer: whole(body=(b"0123456789abcdef" * 188)[:3000])(answer))),
        Case("answer-empty", "9113 8.1", [ask.get(path="/?size=0")], answered(body=b"")),
        Case("answer-hop-by-hop", "9113 8.2.2",
             [ask.get(path="/?header=Connection:X-Secret&header=X-Secret:1&header=Keep-Alive:timeout%3D5"
                           "&header=Upgrade:h2c")],
             answered(then=without("x-secret"))),
        Case("answer-cut", "9113 8.1", [ask.get(path="/?size=100&early=50")], broken_off),
        Case("answer-shorter-than-said", "9113 8.1.1", [ask.get(path="/?size=100&wrong-length=50")], broken_off),
        Case("answer-cut-in-chunks", "9112 8", [ask.get(path="/?chunked=1&size=3000&early=2500")], broken_off),
        Case("answer-reset", "9110 15.6.3", [ask.get(path="/?reset=1")], answered(502)),
        Case("downloads", "9113 5.2",
             [taking, *[ask.get(stream=stream, path="/?size=400000") for stream in (1, 3, 5)]],
             all_of((1, 3, 5), 400_000)),
        Case("download-over-http2", "9113 5.2", [taking, ask.get(path="/again/?size=400000")], all_of((1,), 400_000)),
        Case("a-stream-without-a-window-holds-no-other", "9113 5.2.2",
             [settings((frames.INITIAL_WINDOW_SIZE, 0)), ask.get(path="/?size=100000"), ask.get(stream=3),
              window(3, 100)], answered(stream=3)),
    ]


def broken_off(session):
    """Half an answer does not look whole (RFC 9113 section 8.1.1)."""
    try:
        answer = session.answer()
    except Ended:
        return
    if not answer.reset and answer.status not in (502, 504):
        raise Failed(f"half an answer looks whole: {answer}")
    session.round_trip()


def taking(session):
    """From now on room for more is given as DATA comes."""
    session.gives_room = True


def all_of(streams, size):
    def check(session):
        for stream in streams:
            answer = session.answer(stream)
            if not answer.whole or len(answer.body) != size:
                raise Failed(f"stream {stream}: {answer}")
        alive(session)
    return check


def hostile(ask):
    """Requests that must not go on, or not as they are."""
    def refusing(name, rfc, *more, **words):
        return Case(name, rfc, [ask.get(*more, **words)], rejected(400), upstream=["requests 0"])

    fields = {
        "cr": ("x", "a\rb"), "lf": ("x", "a\nx-evil: 1"), "crlf": ("x", "a\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"),
        "nul": ("x", "a\0b"), "control": ("x", "a\x01b"), "del": ("x", "a\x7fb"), "space-before": ("x", " a"),
        "tab-after": ("x", "a\t"), "space-alone": ("x", " "), "name-space": ("x y", "a"), "name-colon": ("x:y", "a"),
        "name-lf": ("x\ny", "a"), "name-latin": ("x\xe9", "a"), "name-capital": ("xY", "a"),
    }
    paths = {"space": "/a b", "fragment": "/a#b", "relative": "a", "absolute": "http://gateway.test/", "asterisk": "*",
             "crlf": "/ HTTP/1.1\r\nhost: evil\r\n\r\n", "latin": "/\xe9", "nul": "/\0", "tab": "/a\tb"}
    authorities = {"user": "user@gateway.test", "space": "gateway .test", "path": "gateway.test/a", "ports": "a:1:2",
                   "port": "gateway.test:99999", "bracket": "[::1", "lf": "gateway.test\nx: y", "empty": ""}
    lengths = {"sign": ["+4"], "words": ["4, 4"], "hex": ["0x4"], "empty": [""], "differing": ["4", "5"],
               "huge": ["9" * 30], "negative": ["-4"]}
    cases = [refusing(f"field-{name}", "9113 8.2.1", field) for name, field in fields.items()]
    cases += [refusing(f"path-{name}", "9113 8.3.1", path=path) for name, path in paths.items()]
    cases += [refusing(f"authority-{name}", "9113 8.3.1", authority=text) for name, text in authorities.items()]
    cases += [Case(f"length-{name}", "9113 8.1.1",
                   [ask.post(*[("content-length", text) for text in texts]), data(1, b"test", END_STREAM)],
                   rejected(400), upstream=["requests 0"]) for name, texts in lengths.items()]
    connect = headers(1, [(":method", "CONNECT"), (":authority", "other.test:443")], END_HEADERS)
    return cases + [
        Case("length-twice-the-same", "9113 8.1.1",
             [ask.post(("content-length", "4"), ("content-length", "4")), data(1, b"test", END_STREAM)],
             rejected(200, 400)),
        refusing("host-another", "9113 8.3.1", ("host", "other.test")),
        refusing("host-twice", "9113 8.3.1", ("host", "gateway.test"), ("host", "gateway.test")),
        refusing("method-space", "9113 8.3.1", method="GET /evil HTTP/1.1\r\n"),
        refusing("method-empty", "9113 8.3.1", method=""),
        Case("trailers-with-lf", "9113 8.2.1", [ask.post(), data(1, b"test"), headers(1, [("x", "a\nb")])],
             stopped("PROTOCOL_ERROR")),
        Case("trailers-with-a-connection-field", "9113 8.2.2",
             [ask.post(), data(1, b"test"), headers(1, [("transfer-encoding", "chunked")])], stopped("PROTOCOL_ERROR")),
        Case("connect", "9113 8.5", [connect], rejected(400, 405, 501), upstream=["requests 0"]),
        Case("connect-with-a-path", "9113 8.5", [ask.get(method="CONNECT")], rejected(400), upstream=["requests 0"]),
        Case("protocol-without-connect", "8441 4", [ask.get((":protocol", "websocket"))], rejected(400),
             upstream=["requests 0"]),
    ]


def limits(ask):
    """Bounds, and what is above them."""
    block = frames.block(ask())
    entry = frames.literal("x-bomb", "x" * 3900, frames.WITH_INDEXING)
    calm = ended_by("ENHANCE_YOUR_CALM")
    over = rejected(431, 414, 400)
    return [
        Case("header-list-large", "9113 10.5.1",
             [ask.get(*[(f"x-{index}", "x" * 600) for index in range(20)])], answered()),
        Case("header-list-too-large", "9113 10.5.1", [in_frames(frames.block(ask(*[("x", "x" * 4000)] * 12)))], over),
        Case("header-list-far-too-large", "9113 10.5.1",
             [in_frames(frames.block(ask(*[("x", "x" * 4000)] * 40)))], over),
        Case("too-many-fields", "9113 10.5.1", [ask.get(*[(f"x-{index}", "1") for index in range(200)])], over),
        Case("path-too-long", "9110 15.5.15", [ask.get(path="/" + "x" * 9000)], over),
        Case("hpack-bomb", "7541 7.3", [headers(1, block + entry + frames.indexed(62) * 8000)],
             over_or("COMPRESSION_ERROR", "PROTOCOL_ERROR", "ENHANCE_YOUR_CALM", "INTERNAL_ERROR")),
        Case("rapid-reset", "9113 10.5",
             [flood(400, lambda index: ask.get(stream=2 * index + 1) + reset(2 * index + 1))], calm),
        Case("ping-flood", "9113 10.5", [flood(2000, lambda index: ping(frames.big(index, 8)))], calm),
        Case("settings-flood", "9113 10.5", [flood(2000, lambda index: settings((0xfe, index)))], calm),
        Case("priority-flood", "9113 10.5", [flood(2000, lambda index: priority(1, 3, index & 255))], calm),
        Case("empty-data-flood", "9113 10.5", [ask.post() + data(1) * 100], calm),
        Case("continuation-flood", "9113 10.5", [headers(1, block, 0) + continuation(1, b"", 0) * 100], calm),
        Case("errors-flood", "9113 10.5",
             [flood(400, lambda index: ask.get(("BAD", "x"), stream=2 * index + 1))], calm),
    ]


def in_frames(block):
    """A header block in as many frames as it takes."""
    pieces = [block[start:start + KEPT] for start in range(0, len(block), KEPT)]
    last = len(pieces) - 1
    octets = headers(1, pieces[0], END_STREAM | (0 if last else END_HEADERS))
    for index, piece in enumerate(pieces[1:], 1):
        octets += continuation(1, piece, END_HEADERS if index == last else 0)
    return octets


def flood(count, make):
    def step(session):
        session.send(b"".join(make(index) for index in range(count)))
    return step


def ended_by(code):
    def check(session):
        session.wait_for_end()
        if session.goaways[:1] != [code]:
            raise Failed(f"GOAWAY {session.goaways}")
    return check


def over_or(*codes):
    """431, or a connection error of one of the codes: what a decoder has given up cannot be gone on with."""
    def check(session):
        rejecting = rejected(431, 400)
        try:
            rejecting(session)
        except Failed:
            if session.goaways[:1] == [] or session.goaways[0] not in codes:
                raise
            session.wait_for_end()
    return check


def ending(ask):
    """The ends of streams and connections."""
    return [
        Case("reset-frees-the-upstream", "9113 5.4.2",
             [ask.get(path="/?silent=1"), upstream_has(1), reset(1), abandoned], alive),
        Case("reset-frees-the-upstream-over-http2", "9113 5.4.2",
             [ask.get(path="/again/?silent=1"), upstream_has(1), reset(1), abandoned], alive),
        Case("reset-within-the-body", "9113 5.4.2",
             [ask.post(("content-length", "1000")), data(1, b"test"), upstream_has(1), reset(1)], alive,
             upstream=["incomplete"]),
        Case("the-end-frees-the-upstream", "9113 5.4.1",
             [ask.get(path="/?silent=1"), upstream_has(1), lambda session: session.close(), abandoned],
             lambda session: None),
        Case("a-breach-frees-the-upstream", "9113 5.4.1",
             [ask.get(path="/?silent=1"), upstream_has(1), data(0, b"what?"), abandoned], ended_by("PROTOCOL_ERROR")),
        Case("drain", "9113 6.8", [ask.get(path="/?delay=0.5"), upstream_has(1), terminate], drained, ends=True),
        Case("drain-of-an-idle-connection", "9113 6.8", [ask.get(), lambda session: session.answer(), terminate],
             ended_gracefully, ends=True),
    ]


def upstream_has(count):
    def step(session):
        if not session.lane.upstream.wait_for(count, session.limit):
            raise Failed(f"the upstream has not got {count} requests")
    return step


def abandoned(session):
    """The upstream sees that nobody waits for its answer any more."""
    upstream = session.lane.upstream
    with upstream.changed:
        if not upstream.changed.wait_for(lambda: any(request.abandoned for request in upstream.seen()), session.limit):
            raise Failed("the upstream's connection stays")


def terminate(session):
    session.lane.proxy.process.send_signal(signal.SIGTERM)


def drained(session):
    """GOAWAY comes, the stream goes on to its end, and then the connection ends."""
    session.wait(lambda: session.goaways)
    answer = session.answer()
    if answer.status != 200 or not answer.whole:
        raise Failed(str(answer))
    ended_gracefully(session)


def ended_gracefully(session):
    session.wait_for_end()
    if not session.goaways or set(session.goaways) != {"NO_ERROR"}:
        raise Failed(f"GOAWAY {session.goaways}")


def all_cases(scheme):
    ask = Ask(scheme)
    return [case for section in (passing, coming, hostile, limits, ending) for case in section(ask)]
