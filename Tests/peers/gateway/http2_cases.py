"""What RFC 9113 and RFC 7541 ask of a server, as a table: name, section, what is sent, what is allowed.

A step is bytes, or a function that gets the session. All of it is said of `http` and of `https` by `all_cases(scheme)`.
"""

import dataclasses

import frames
from frames import (DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, LARGEST, PING,
                    PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, continuation, data, frame, headers,
                    ping, priority, priority_fields, reset, settings, window)
from http2_client import Failed, alive, answered, closed, hung_up, refused, stopped


@dataclasses.dataclass
class Case:
    name: str
    rfc: str
    steps: list
    awaited: object
    upstream: list = dataclasses.field(default_factory=list)  # of the requests it got: `cases.check_upstream`
    greets: bool = True  # the hands are shaken before
    ends: bool = False  # the gateway ends with it


class Ask:
    """Makes the fields of requests."""

    def __init__(self, scheme):
        self.scheme = scheme

    def __call__(self, *more, method="GET", path="/", authority="gateway.test"):
        fields = [(":method", method), (":scheme", self.scheme), (":path", path), (":authority", authority)]
        return fields + list(more)

    def get(self, *more, stream=1, flags=END_STREAM | END_HEADERS, **words):
        return headers(stream, self(*more, **words), flags)

    def post(self, *more, stream=1, flags=END_HEADERS, **words):
        return headers(stream, self(*more, method="POST", **words), flags)

    def without(self, name, *more):
        return headers(1, [field for field in self(*more) if field[0] != name])


def acknowledged(session):
    """SETTINGS that were sent hold now."""
    session.wait(lambda: not session.unacknowledged)


def head(session):
    session.answer(whole=False)


def whole(session):
    session.answer()


def first_data(size, stream=1):
    def check(session):
        answer = session.answer(stream, whole=False)
        session.wait(lambda: answer.pieces)
        if answer.pieces[0] != size:
            raise Failed(f"DATA of {answer.pieces[0]} in place of {size} bytes")
    return check


def next_data(size, stream=1):
    """The next DATA has that size, and nothing came before it."""
    def check(session):
        answer = session.answer(stream, whole=False)
        before = getattr(session, "counted", 0)
        session.wait(lambda: len(answer.pieces) > before)
        session.counted = len(answer.pieces)
        if answer.pieces[before] != size:
            raise Failed(f"DATA of {answer.pieces[before]} in place of {size} bytes")
    return check


def no_data(session):
    session.round_trip()
    before = getattr(session, "counted", 0)
    if any(answer.pieces[before:] for answer in session.answers.values()):
        raise Failed(f"DATA without a window: {session.seen()}")


def pinged(payload):
    """PING is acknowledged with what it held, and only that is."""
    def check(session):
        session.wait(lambda: session.pings)
        if session.pings != [payload]:
            raise Failed(f"PING {session.pings}")
        session.pings.clear()
        alive(session)
    return check


def starting(ask):
    def settings_came_first(session):
        session.wait(lambda: session.peer)

    return [
        Case("preface", "9113 3.4", [frames.PREFACE, settings((INITIAL_WINDOW_SIZE, 65_535))], settings_came_first,
             greets=False),
        Case("preface-in-pieces", "9113 3.4",
             [bytes([octet]) for octet in frames.PREFACE + settings() + ask.get()], answered(), greets=False),
        Case("preface-with-a-request", "9113 3.4", [frames.PREFACE + settings() + ask.get()], answered(), greets=False),
        Case("preface-wrong-at-its-end", "9113 3.4",
             [frames.PREFACE[:-3] + b"X\r\n" + settings()], hung_up, greets=False),
        Case("preface-of-another-protocol", "9113 3.4", [b"INVALID CONNECTION PREFACE\r\n\r\n"], hung_up, greets=False),
        Case("preface-without-settings", "9113 3.4", [frames.PREFACE, ping()], refused("PROTOCOL_ERROR"), greets=False),
    ]


def framing(ask):
    block = frames.block(ask())
    return [
        Case("unknown-type", "9113 4.1", [frame(0x16, 0, bytes(8)), ping(bytes(8))], pinged(bytes(8))),
        Case("unknown-type-on-a-stream", "9113 5.5", [frame(0xff, 7, b"what?"), ask.get()], answered()),
        Case("undefined-flags", "9113 4.1", [frame(PING, 0, bytes(8), 0x16)], pinged(bytes(8))),
        Case("reserved-bit", "9113 4.1", [frame(PING, 1 << 31, bytes(8), 0x16)], pinged(bytes(8))),
        Case("largest-data", "9113 4.2", [ask.post(), data(1, b"x" * 16_384, END_STREAM)], answered()),
        Case("data-too-large", "9113 4.2",
             [ask.post(), data(1, b"x" * 16_385, END_STREAM)], stopped("FRAME_SIZE_ERROR")),
        Case("headers-too-large", "9113 4.2", [ask.get(*[(f"x-dummy{index}", "x" * 4096) for index in range(5)])],
             refused("FRAME_SIZE_ERROR")),
        Case("unknown-type-too-large", "9113 4.2", [frame(0x16, 0, bytes(16_385))], refused("FRAME_SIZE_ERROR")),
        Case("damaged-block", "9113 4.3", [headers(1, b"\x40")], refused("COMPRESSION_ERROR")),
        Case("priority-within-a-block", "9113 4.3",
             [headers(1, block, 0), priority(1), continuation(1, [("x-dummy", "x")])], refused("PROTOCOL_ERROR")),
        Case("headers-within-a-block", "9113 4.3",
             [headers(1, block, 0), headers(3, block), continuation(1, [("x-dummy", "x")])], refused("PROTOCOL_ERROR")),
        Case("unknown-type-within-a-block", "9113 5.5",
             [headers(1, block, END_STREAM), frame(0x16, 0, bytes(8))], refused("PROTOCOL_ERROR")),
        Case("data-within-a-block", "9113 6.10",
             [headers(1, block, 0), continuation(1, [("x", "y")], 0), data(1, b"test", END_STREAM)],
             refused("PROTOCOL_ERROR")),
    ]


def streams(ask):
    """Section 5.1: each frame in each state that it does not belong to, and those that may always come."""
    block, more = frames.block(ask()), [("x-dummy0", "x" * 256)]
    opened, ended = ask.post(), [ask.get(), whole]
    late = refused("STREAM_CLOSED", "PROTOCOL_ERROR")
    return [
        Case("idle-data", "9113 5.1", [data(1, b"test", END_STREAM)], refused("PROTOCOL_ERROR")),
        Case("idle-reset", "9113 5.1", [reset(1)], refused("PROTOCOL_ERROR")),
        Case("idle-window", "9113 5.1", [window(1, 100)], refused("PROTOCOL_ERROR")),
        Case("idle-continuation", "9113 5.1", [continuation(1, block)], refused("PROTOCOL_ERROR")),
        Case("idle-priority", "9113 5.1", [priority(1)], alive),
        Case("half-closed-data", "9113 5.1", [ask.get(), data(1, b"test", END_STREAM)], stopped("STREAM_CLOSED")),
        Case("half-closed-data-waits", "9113 5.1",
             [settings((INITIAL_WINDOW_SIZE, 0)), ask.get() + data(1, b"test", END_STREAM)], stopped("STREAM_CLOSED")),
        Case("half-closed-headers", "9113 5.1", [ask.get() + ask.get()], stopped("STREAM_CLOSED")),
        Case("half-closed-headers-waits", "9113 5.1",
             [settings((INITIAL_WINDOW_SIZE, 0)), ask.get(stream=5), ask.get(stream=5)],
             stopped("STREAM_CLOSED", stream=5)),
        Case("half-closed-continuation", "9113 5.1", [ask.get() + continuation(1, block)],
             stopped("STREAM_CLOSED", "PROTOCOL_ERROR")),
        Case("half-closed-window", "9113 5.1", [settings((INITIAL_WINDOW_SIZE, 0)), ask.get() + window(1, 1)],
             first_data(1)),
        Case("half-closed-priority", "9113 5.1",
             [settings((INITIAL_WINDOW_SIZE, 0)), ask.get() + priority(1) + window(1, 1)], first_data(1)),
        Case("half-closed-reset", "9113 5.1", [ask.get() + reset(1), ping(bytes(8))], pinged(bytes(8))),
        Case("reset-data", "9113 5.1", [opened, reset(1), data(1, b"test", END_STREAM)], stopped("STREAM_CLOSED")),
        Case("reset-headers", "9113 5.1", [opened, reset(1), ask.get()], stopped("STREAM_CLOSED")),
        Case("reset-continuation", "9113 5.1", [opened, reset(1), continuation(1, more)],
             stopped("STREAM_CLOSED", "PROTOCOL_ERROR")),
        Case("reset-again", "9113 5.1", [opened, reset(1), reset(1), window(1, 1), priority(1)], alive),
        Case("closed-data", "9113 5.1", [*ended, data(1, b"test", END_STREAM)], refused("STREAM_CLOSED")),
        Case("closed-headers", "9113 5.1", [*ended, ask.get()], refused("STREAM_CLOSED")),
        Case("closed-continuation", "9113 5.1", [*ended, continuation(1, more)], late),
        Case("closed-priority", "9113 5.1", [*ended, priority(1)], alive),
        Case("closed-window", "9113 6.9", [*ended, window(1, 10)], alive),
        Case("closed-reset", "9113 5.1", [*ended, reset(1)], alive),
        Case("even-stream", "9113 5.1.1", [ask.get(stream=2)], refused("PROTOCOL_ERROR")),
        Case("lower-stream", "9113 5.1.1",
             [ask.get(stream=5), ask.get(stream=3)], refused("PROTOCOL_ERROR", "STREAM_CLOSED")),
        Case("lower-stream-than-a-whole-one", "9113 5.1.1",
             [ask.get(stream=5), lambda session: session.answer(5), ask.get(stream=3)],
             refused("PROTOCOL_ERROR", "STREAM_CLOSED")),
        Case("too-many-streams", "9113 5.1.2", [settings((INITIAL_WINDOW_SIZE, 0)), too_many(ask)], one_is_refused),
        Case("headers-depend-on-themselves", "7540 5.3.1", [headers(1, block, priority=priority_fields(1))],
             stopped("PROTOCOL_ERROR")),
        Case("priority-depends-on-itself", "7540 5.3.1", [priority(1, 1)], stopped("PROTOCOL_ERROR")),
        Case("ping-on-a-stream", "9113 5.4.1", [frame(PING, 3, bytes(8))], refused("PROTOCOL_ERROR")),
    ]


def too_many(ask):
    """One stream more than the gateway allows at a time; their answers have no window."""
    def step(session):
        most = session.peer[frames.MAX_CONCURRENT_STREAMS]
        session.send(b"".join(ask.get(stream=2 * index + 1) for index in range(most + 1)))
    return step


def one_is_refused(session):
    session.wait(lambda: session.goaways or any(answer.reset for answer in session.answers.values()))
    resets = {answer.reset for answer in session.answers.values() if answer.reset}
    if not resets <= {"REFUSED_STREAM", "PROTOCOL_ERROR"} or session.goaways not in ([], ["PROTOCOL_ERROR"]):
        raise Failed(f"GOAWAY {session.goaways}, RST_STREAM {resets}")


def kinds(ask):
    """Section 6, frame by frame."""
    block, opened = frames.block(ask()), ask.post()
    return [
        Case("data-on-0", "9113 6.1", [data(0, b"test", END_STREAM)], refused("PROTOCOL_ERROR")),
        Case("data-padded", "9113 6.1", [opened, data(1, b"test", END_STREAM, padding=6)], answered(body=b"POST /\n")),
        Case("data-all-padding", "9113 6.1", [opened, data(1, b"", END_STREAM, padding=255)], answered()),
        Case("data-padding-too-long", "9113 6.1",
             [ask.post(("content-length", "4")), frame(DATA, 1, b"\x06test", frames.PADDED | END_STREAM)],
             refused("PROTOCOL_ERROR")),
        Case("data-padding-without-a-length", "9113 6.1", [opened, frame(DATA, 1, b"", frames.PADDED | END_STREAM)],
             refused("FRAME_SIZE_ERROR", "PROTOCOL_ERROR")),
        Case("data-in-pieces", "9113 6.1", [opened, data(1, b"test"), data(1, b"test", END_STREAM)], answered()),
        Case("headers-on-0", "9113 6.2", [headers(0, block)], refused("PROTOCOL_ERROR")),
        Case("headers-padded", "9113 6.2", [headers(1, block, padding=8)], answered()),
        Case("headers-with-priority", "9113 6.2", [headers(1, block, priority=priority_fields())], answered()),
        Case("headers-padding-too-long", "9113 6.2",
             [frame(HEADERS, 1, bytes([len(block) + 2]) + block, frames.PADDED | END_STREAM | END_HEADERS)],
             refused("PROTOCOL_ERROR")),
        Case("headers-padded-and-priority-padding-too-long", "9113 6.2",
             [frame(HEADERS, 1, bytes([len(block) + 1]) + priority_fields() + block, 0x2d)], refused("PROTOCOL_ERROR")),
        Case("priority-on-0", "9113 6.3", [priority(0)], refused("PROTOCOL_ERROR")),
        Case("priority-too-short", "9113 6.3",
             [opened, frame(PRIORITY, 1, b"\x80\0\0\1")], stopped("FRAME_SIZE_ERROR")),
        Case("priority-least", "9113 6.3", [priority(1, weight=0), ask.get()], answered()),
        Case("priority-most", "9113 6.3", [priority(1, weight=255), ask.get()], answered()),
        Case("priority-on-another", "9113 6.3", [priority(3, on=1), ask.get()], answered()),
        Case("priority-exclusive", "9113 6.3", [priority(1, exclusive=True), ask.get()], answered()),
        Case("priority-then-a-lower-stream", "9113 6.3", [priority(3), ask.get()], answered()),
        Case("reset-on-0", "9113 6.4", [reset(0)], refused("PROTOCOL_ERROR")),
        Case("reset-too-short", "9113 6.4", [opened, frame(RST_STREAM, 1, bytes(3))], refused("FRAME_SIZE_ERROR")),
        Case("settings-acknowledgement-with-a-payload", "9113 6.5", [frame(SETTINGS, 0, b"\0", frames.ACK)],
             refused("FRAME_SIZE_ERROR")),
        Case("settings-on-a-stream", "9113 6.5", [frame(SETTINGS, 1, b"\0\3\0\0\0\x64")], refused("PROTOCOL_ERROR")),
        Case("settings-of-no-whole-number", "9113 6.5", [frame(SETTINGS, 0, b"\0\3\0\0\0\x64\0\2")],
             refused("FRAME_SIZE_ERROR")),
        Case("settings-empty", "9113 6.5", [settings(), acknowledged], alive),
        Case("settings-all", "9113 6.5",
             [settings((1, 4096), (2, 1), (3, 100), (4, 65_535), (5, 16_384), (6, 100)), acknowledged], alive),
        Case("settings-push-2", "9113 6.5.2", [settings((frames.ENABLE_PUSH, 2))], refused("PROTOCOL_ERROR")),
        Case("settings-window-too-large", "9113 6.5.2", [settings((INITIAL_WINDOW_SIZE, 1 << 31))],
             refused("FLOW_CONTROL_ERROR")),
        Case("settings-frame-size-too-small", "9113 6.5.2", [settings((frames.MAX_FRAME_SIZE, 16_383))],
             refused("PROTOCOL_ERROR")),
        Case("settings-frame-size-too-large", "9113 6.5.2", [settings((frames.MAX_FRAME_SIZE, 1 << 24))],
             refused("PROTOCOL_ERROR")),
        Case("settings-unknown", "9113 6.5.2", [settings((0xff, 1), (0xfefe, LARGEST)), acknowledged], alive),
        Case("settings-connect-protocol-2", "8441 3", [settings((frames.ENABLE_CONNECT_PROTOCOL, 2))],
             refused("PROTOCOL_ERROR")),
        Case("settings-acknowledged", "9113 6.5.3", [settings((frames.ENABLE_PUSH, 0)), acknowledged], alive),
        Case("ping", "9113 6.7", [ping(b"h2 apus!")], pinged(b"h2 apus!")),
        Case("ping-acknowledgement", "9113 6.7",
             [ping(b"invalid!", frames.ACK), ping(b"h2 apus!")], pinged(b"h2 apus!")),
        Case("ping-too-short", "9113 6.7", [frame(PING, 0, bytes(6))], refused("FRAME_SIZE_ERROR")),
        Case("ping-too-long", "9113 6.7", [frame(PING, 0, bytes(9))], refused("FRAME_SIZE_ERROR")),
        Case("ping-too-short-on-a-stream", "9113 6.7", [frame(PING, 1, bytes(6))],
             refused("PROTOCOL_ERROR", "FRAME_SIZE_ERROR")),
        Case("goaway-on-a-stream", "9113 6.8", [frame(GOAWAY, 1, bytes(8))], refused("PROTOCOL_ERROR")),
        Case("goaway-too-short", "9113 6.8", [frame(GOAWAY, 0, bytes(7))], refused("FRAME_SIZE_ERROR")),
        Case("goaway", "9113 6.8", [frames.goaway()], closed),
        Case("goaway-then-the-answer", "9113 6.8", [ask.get(path="/?delay=0.2"), frames.goaway(), whole], closed),
        Case("goaway-unknown-code", "9113 7", [frames.goaway(code=0xff)], closed),
        Case("reset-unknown-code", "9113 7", [opened, reset(1, 0xff), ping(bytes(8))], pinged(bytes(8))),
        Case("continuations", "9113 6.10",
             [headers(1, block[:5], END_STREAM), continuation(1, block[5:10], 0), continuation(1, block[10:])],
             answered()),
        Case("continuation-empty", "9113 6.10",
             [headers(1, b"", END_STREAM), continuation(1, b"", 0), continuation(1, block)],
             answered()),
        Case("continuation-with-more-fields", "9113 6.10",
             [headers(1, block, END_STREAM), continuation(1, [("x-dummy0", "x" * 4096)], 0),
              continuation(1, [("x-dummy0", "x" * 4096)])], answered()),
        Case("continuation-on-0", "9113 6.10", [headers(1, block, END_STREAM), continuation(0, [("x", "y")])],
             refused("PROTOCOL_ERROR")),
        Case("continuation-after-the-end", "9113 6.10",
             [opened, continuation(1, [("x", "y")])], refused("PROTOCOL_ERROR")),
        Case("continuation-after-continuation", "9113 6.10",
             [headers(1, block, 0), continuation(1, [("x", "y")]), continuation(1, [("x", "y")])],
             refused("PROTOCOL_ERROR")),
        Case("continuation-after-data", "9113 6.10", [opened, data(1, b"test"), continuation(1, [("x", "y")])],
             refused("PROTOCOL_ERROR")),
        Case("push-promise", "9113 8.4", [opened, frame(PUSH_PROMISE, 1, frames.big(3) + block, END_HEADERS)],
             refused("PROTOCOL_ERROR")),
        Case("push-promise-idle", "9113 8.4", [frame(PUSH_PROMISE, 1, frames.big(3) + block, END_HEADERS)],
             refused("PROTOCOL_ERROR")),
    ]


def windows(ask):
    """Section 6.9."""
    def narrow(size):
        return [settings((INITIAL_WINDOW_SIZE, size)), acknowledged]

    return [
        Case("window-of-the-connection", "9113 6.9", [window(0, 1), ping(bytes(8))], pinged(bytes(8))),
        Case("window-of-a-stream", "9113 6.9", [ask.get() + window(1, 1)], answered()),
        Case("window-0", "9113 6.9", [window(0, 0)], refused("PROTOCOL_ERROR")),
        Case("window-0-of-a-stream", "9113 6.9", [ask.post(), window(1, 0)], stopped("PROTOCOL_ERROR")),
        Case("window-too-short", "9113 6.9", [frame(WINDOW_UPDATE, 0, b"\0\0\1")], refused("FRAME_SIZE_ERROR")),
        Case("one-byte", "9113 6.9.1", [*narrow(1), ask.get(), next_data(1), no_data], alive),
        Case("byte-by-byte", "9113 6.9.1",
             [*narrow(0), ask.get(), head, no_data]
             + [step for _ in b"GET /\n" for step in (window(1, 1), next_data(1), no_data)], answered(body=b"GET /\n")),
        Case("overflow", "9113 6.9.1", [window(0, LARGEST), window(0, LARGEST)], refused("FLOW_CONTROL_ERROR")),
        Case("overflow-of-a-stream", "9113 6.9.1", [ask.get(flags=END_HEADERS), window(1, LARGEST), window(1, LARGEST)],
             stopped("FLOW_CONTROL_ERROR")),
        Case("settings-in-order", "9113 6.5.3",
             [settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)), acknowledged, ask.get(), next_data(1),
              no_data],
             alive),
        Case("settings-open-a-stream", "9113 6.9.2",
             [*narrow(0), ask.get(), head, no_data, *narrow(1), next_data(1), no_data], alive),
        Case("settings-open-before-the-answer", "9113 6.9.2", [*narrow(0), ask.get(), *narrow(1)], first_data(1)),
        Case("negative-window", "9113 6.9.2",
             [*narrow(3), ask.get(), next_data(3), *narrow(2), no_data, window(1, 1), no_data, window(1, 1),
              next_data(1)],
             alive),
        Case("settings-overflow", "9113 6.9.2",
             [settings((INITIAL_WINDOW_SIZE, 1 << 31))], refused("FLOW_CONTROL_ERROR")),
        Case("settings-largest-window-after-a-stream-with-more", "9113 6.9.2",
             [*narrow(0), ask.get(), head, window(1, LARGEST), whole, ask.get(stream=3),
              settings((INITIAL_WINDOW_SIZE, LARGEST))], answered(stream=3)),
        Case("settings-overflow-with-a-stream", "9113 6.9.2",
             [ask.post(), window(1, LARGEST - 65_535), settings((INITIAL_WINDOW_SIZE, LARGEST))],
             refused("FLOW_CONTROL_ERROR")),
        Case("connection-window-bounds-all", "9113 6.9.1",
             [settings((INITIAL_WINDOW_SIZE, LARGEST)), ask.get(path="/?size=100000"),
              lambda session: session.wait(lambda: 1 in session.answers and len(session.answers[1].body) == 65_535),
              lambda session: session.round_trip(), window(0, LARGEST - 65_535)], answered()),
        Case("upload-beyond-the-window", "9113 6.9.1", [ask.post(path="/deaf"), beyond_the_window],
             stopped("FLOW_CONTROL_ERROR")),
    ]


def beyond_the_window(session):
    """More DATA than the gateway has room for, to an upstream that reads nothing."""
    session.send(data(1, bytes(16_384)) * 384)


def messages(ask):
    """Section 8."""
    def malformed(name, rfc, *more, **words):
        return Case(name, rfc, [ask.get(*more, **words)], stopped("PROTOCOL_ERROR"))

    long = ask.post(("content-length", "1"))
    return [
        Case("get", "9113 8.1", [ask.get()], answered(body=b"GET /\n")),
        Case("head", "9113 8.1", [ask.get(method="HEAD")], answered(body=b"")),
        Case("post", "9113 8.1", [ask.post(), data(1, b"test", END_STREAM)], answered(body=b"POST /\n")),
        Case("post-with-trailers", "9113 8.1",
             [ask.post(("trailer", "x-test")), data(1, b"test"), headers(1, [("x-test", "ok")])], answered()),
        Case("trailers-without-the-end", "9113 8.1",
             [ask.post(), data(1, b"test"), headers(1, [("x-test", "ok")], END_HEADERS)], stopped("PROTOCOL_ERROR")),
        malformed("capitals-in-a-name", "9113 8.2.1", ("X-TEST", "ok")),
        malformed("pseudo-unknown", "9113 8.3", (":test", "ok")),
        malformed("pseudo-of-an-answer", "9113 8.3", (":status", "200")),
        Case("pseudo-in-trailers", "9113 8.3", [ask.post(), data(1, b"test"), headers(1, [(":method", "POST")])],
             stopped("PROTOCOL_ERROR")),
        Case("pseudo-in-trailers-without-the-end", "9113 8.3",
             [ask.post(), data(1, b"test"), headers(1, [(":method", "POST")], END_HEADERS)], stopped("PROTOCOL_ERROR")),
        Case("pseudo-after-others", "9113 8.3", [headers(1, [("x-test", "ok")] + ask())], stopped("PROTOCOL_ERROR")),
        malformed("connection", "9113 8.2.2", ("connection", "keep-alive")),
        malformed("keep-alive", "9113 8.2.2", ("keep-alive", "timeout=5")),
        malformed("proxy-connection", "9113 8.2.2", ("proxy-connection", "close")),
        malformed("transfer-encoding", "9113 8.2.2", ("transfer-encoding", "chunked")),
        malformed("upgrade", "9113 8.2.2", ("upgrade", "h2c")),
        malformed("te-other", "9113 8.2.2", ("trailers", "test"), ("te", "trailers, deflate")),
        malformed("path-empty", "9113 8.3.1", path=""),
        Case("method-missing", "9113 8.3.1", [ask.without(":method")], stopped("PROTOCOL_ERROR")),
        Case("scheme-missing", "9113 8.3.1", [ask.without(":scheme")], stopped("PROTOCOL_ERROR")),
        Case("path-missing", "9113 8.3.1", [ask.without(":path")], stopped("PROTOCOL_ERROR")),
        malformed("method-twice", "9113 8.3.1", (":method", "GET")),
        malformed("scheme-twice", "9113 8.3.1", (":scheme", ask.scheme)),
        malformed("path-twice", "9113 8.3.1", (":path", "/")),
        malformed("authority-twice", "9113 8.3.1", (":authority", "gateway.test")),
        Case("length-and-more", "9113 8.1.1", [long, data(1, b"test", END_STREAM)], stopped("PROTOCOL_ERROR")),
        Case("length-and-more-in-pieces", "9113 8.1.1", [long, data(1, b"test"), data(1, b"test", END_STREAM)],
             stopped("PROTOCOL_ERROR")),
        Case("length-and-less", "9113 8.1.1", [ask.post(("content-length", "5")), data(1, b"test", END_STREAM)],
             stopped("PROTOCOL_ERROR")),
        Case("length-and-nothing", "9113 8.1.1", [ask.post(("content-length", "5"), flags=END_HEADERS | END_STREAM)],
             stopped("PROTOCOL_ERROR")),
        Case("length-and-trailers-too-early", "9113 8.1.1",
             [ask.post(("content-length", "5")), data(1, b"test"), headers(1, [("x", "y")])],
             stopped("PROTOCOL_ERROR")),
    ]


def compression(ask):
    """RFC 7541. Blocks begin with a good request."""
    block = frames.block(ask())
    name, agent, value = "x-test", "user-agent", "h2 apus"
    good = {
        "indexed": frames.indexed(58),
        "indexed-name": frames.literal(58, value, frames.WITH_INDEXING),
        "indexing": frames.literal(agent, value, frames.WITH_INDEXING),
        "indexing-huffman": frames.literal(agent, value, frames.WITH_INDEXING, coded=True),
        "indexing-new-name": frames.literal(name, value, frames.WITH_INDEXING),
        "indexing-new-name-huffman": frames.literal(name, value, frames.WITH_INDEXING, coded=True),
        "no-indexing-indexed-name": frames.literal(58, value, coded=True),
        "no-indexing": frames.literal(name, value),
        "no-indexing-huffman": frames.literal(name, value, coded=True),
        "never-indexed-indexed-name": frames.literal(58, value, frames.NEVER_INDEXED),
        "never-indexed": frames.literal(name, value, frames.NEVER_INDEXED),
        "never-indexed-huffman": frames.literal(name, value, frames.NEVER_INDEXED, coded=True),
        "value-empty": frames.literal(name, ""),
    }
    bad = {
        "index-beyond": ("2.3.3", b"\xfe"),
        "index-of-a-name-beyond": ("2.3.3", b"\x7f\x07\x01a"),
        "index-huge": ("5.1", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        "index-0": ("6.1", b"\x80"),
        "table-size-after-fields": ("4.2", frames.table_size(1)),
        "padding-of-a-byte": ("5.2", b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"),
        "padding-of-zeros": ("5.2", b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90"),
        "eos-in-a-string": ("5.2", b"\x00\x85\xf2\xb2\x4a\x84\xff\x87\xff\xff\xff\xfd\x25\x42\x7f"),
        "string-beyond-the-block": ("5.2", b"\x00\x7ea"),
        "string-huge": ("5.2", b"\x00\x7f\xff\xff\xff\xff\x0fa"),
        "number-cut": ("5.1", b"\xff\x80"),
    }
    cases = [Case(f"hpack-{what}", "7541 6", [headers(1, block + field)], answered()) for what, field in good.items()]
    cases += [Case(f"hpack-{what}", f"7541 {section}", [headers(1, block + octets)], refused("COMPRESSION_ERROR"))
              for what, (section, octets) in bad.items()]
    rest = frames.block(ask()[1:])
    kept = headers(1, frames.literal(":method", "GET", frames.WITH_INDEXING) + rest)
    again = headers(3, frames.indexed(62) + frames.block(ask(method="POST")[1:]))
    return cases + [
        Case("hpack-table-size-0", "7541 6.3", [headers(1, frames.table_size(0) + block)], answered()),
        Case("hpack-table-sizes", "7541 4.2", [headers(1, frames.table_size(0) + frames.table_size(4096) + block)],
             answered()),
        Case("hpack-table-size-beyond", "7541 6.3",
             [lambda session: session.send(headers(
                 1, frames.table_size(session.peer.get(frames.HEADER_TABLE_SIZE, 4096) + 1) + block))],
             refused("COMPRESSION_ERROR")),
        Case("hpack-table-lives-on", "7541 2.3.2",
             [kept, whole, again],
             answered(stream=3, body=b"GET /\n")),
        Case("hpack-table-emptied", "7541 4.3",
             [kept, whole,
              headers(3, frames.table_size(0) + frames.table_size(4096) + frames.indexed(62) + rest)],
             refused("COMPRESSION_ERROR")),
        Case("hpack-entry-larger-than-the-table", "7541 4.4",
             [headers(1, block + frames.literal("x-large", "x" * 5000, frames.WITH_INDEXING)), whole, again],
             refused("COMPRESSION_ERROR")),
        Case("hpack-table-used-by-refused-requests", "7541 2.2",
             [headers(1, frames.literal(":method", "GET", frames.WITH_INDEXING) + frames.block([("BAD", "x")])),
              lambda session: session.wait(lambda: session.answers.get(1) and session.answers[1].reset), again,
              lambda session: session.answer(3)], first_whole(3)),
    ]


def first_whole(stream):
    def check(session):
        answer = session.answers[stream]
        if not answer.whole or answer.status != 200:
            raise Failed(str(answer))
        session.round_trip()
    return check


def all_cases(scheme):
    ask = Ask(scheme)
    sections = (starting, framing, streams, kinds, windows, messages, compression)
    return [case for section in sections for case in section(ask)]
