"""A client of HTTP/2 that sends frames as they are and reads without mercy (RFC 9113), and what a case may await of it.

It keeps both windows in mind and takes nothing that does not fit in, reads header blocks whole, and answers SETTINGS.
"""

import dataclasses
import re
import select
import socket
import ssl
import time

import frames

MOST = 16_384  # our SETTINGS_MAX_FRAME_SIZE
CONNECTION_FIELDS = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te"}
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+\Z")
VALUE = re.compile(r"(?:[\x21-\x7e\x80-\xff](?:[\t \x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\Z")


class Failed(Exception):
    """What came is not what the case allows."""


class Ended(Exception):
    """The gateway has closed the connection."""


@dataclasses.dataclass
class Answer:
    """What came on one stream."""
    status: int = 0
    fields: list = dataclasses.field(default_factory=list)
    interims: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    pieces: list = dataclasses.field(default_factory=list)  # the lengths of its DATA
    trailers: list = dataclasses.field(default_factory=list)
    whole: bool = False
    reset: str = ""

    def all(self, name):
        return [value for key, value in self.fields if key == name]

    def __str__(self):
        return (f"status {self.status}, {len(self.body)} bytes in {self.pieces[:9]}, whole: {self.whole}, "
                f"reset: {self.reset or 'no'}")


class Session:
    def __init__(self, port, context=None, limit=5):
        self.limit, self.log, self.buffer = limit, [], b""
        self.sent = b""  # the beginning of a frame of our own
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=limit)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            if self.socket.selected_alpn_protocol() != "h2":
                raise Failed(f"ALPN gave {self.socket.selected_alpn_protocol()}")
        self.peer, self.answers, self.decoder = {}, {}, frames.Decoder()
        self.window, self.initial, self.windows, self.unacknowledged = 65_535, 65_535, {}, []
        self.goaways, self.pings, self.credits = [], [], {}
        self.has_ended = self.gives_room = False

    # Sending

    def shake_hands(self, *pairs):
        """Preface and SETTINGS, until both sides have acknowledged."""
        self.send(frames.PREFACE)
        self.send(frames.settings(*(pairs or [(frames.INITIAL_WINDOW_SIZE, 65_535)])))
        self.wait(lambda: self.peer and not self.unacknowledged)

    def send(self, octets):
        """A gateway that has refused may have closed already: that shows when the answer is read."""
        self.note(octets)
        try:
            self.socket.sendall(octets)
        except (ConnectionError, TimeoutError, ssl.SSLError) as error:
            self.log.append(f"  ({error})")

    def note(self, octets):
        """Keeps in mind what our own frames allow the gateway."""
        self.sent += octets
        if self.sent.startswith(frames.PREFACE):
            self.log.append("> preface")
            self.sent = self.sent[len(frames.PREFACE):]
        while len(self.sent) >= 9 and not self.sent.startswith(b"PRI "):
            count = int.from_bytes(self.sent[:3], "big")
            if len(self.sent) < 9 + count:
                break
            stream = int.from_bytes(self.sent[5:9], "big")
            one = frames.Frame(self.sent[3], self.sent[4], stream, self.sent[9:9 + count])
            self.sent = self.sent[9 + count:]
            self.log.append(f"> {one}")
            if one.kind == frames.SETTINGS and not one.flags and count % 6 == 0:
                self.unacknowledged.append(one.settings())
            elif one.kind == frames.WINDOW_UPDATE and count == 4:
                self.widen(one.stream, one.code)

    def widen(self, stream, increment):
        if stream == 0:
            self.window += increment
        else:
            self.windows[stream] = self.windows.get(stream, self.initial) + increment

    # Receiving

    def fill(self, count, deadline):
        while len(self.buffer) < count:
            left = deadline - time.monotonic()
            has_more = isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()
            if not has_more and (left <= 0 or not select.select([self.socket], [], [], left)[0]):
                raise Failed(f"nothing more came within {self.limit} s; until then: {self.seen()}")
            try:
                piece = self.socket.recv(1 << 16)
            except ssl.SSLWantReadError:
                continue
            except (ConnectionError, ssl.SSLEOFError):
                piece = b""
            if not piece:
                self.has_ended = True
                self.log.append("< end")
                raise Ended
            self.buffer += piece

    def seen(self):
        answers = "; ".join(f"{stream}: {answer}" for stream, answer in self.answers.items())
        return f"GOAWAY {self.goaways}, answers {{{answers}}}"

    def next(self, deadline):
        self.fill(9, deadline)
        count = int.from_bytes(self.buffer[:3], "big")
        if count > MOST:
            raise Failed(f"no frame, or one of {count} bytes: {self.buffer[:60]!r}")
        self.fill(9 + count, deadline)
        stream = int.from_bytes(self.buffer[5:9], "big")
        one = frames.Frame(self.buffer[3], self.buffer[4], stream, self.buffer[9:9 + count])
        self.buffer = self.buffer[9 + count:]
        self.log.append(f"< {one}")
        if not self.peer and one.kind != frames.SETTINGS:
            raise Failed(f"the first frame is no SETTINGS: {one}")
        self.take(one)
        return one

    def take(self, one):
        answer = self.answers.setdefault(one.stream, Answer()) if one.stream else None
        if answer and (answer.whole or answer.reset) and one.kind in (frames.HEADERS, frames.DATA):
            raise Failed(f"after the end of the stream: {one}")
        if one.kind == frames.SETTINGS:
            self.take_settings(one)
        elif one.kind == frames.HEADERS:
            self.take_headers(one, answer)
        elif one.kind == frames.DATA:
            self.take_data(one, answer)
        elif one.kind == frames.RST_STREAM:
            answer.reset = frames.code_name(one.code)
        elif one.kind == frames.GOAWAY:
            self.goaways.append(frames.code_name(one.code))
        elif one.kind == frames.PING:
            if one.flags & frames.ACK:
                self.pings.append(one.payload)
            else:
                self.send(frames.ping(one.payload, frames.ACK))
        elif one.kind == frames.WINDOW_UPDATE:
            self.credits[one.stream] = self.credits.get(one.stream, 0) + one.code
        else:
            raise Failed(f"a server does not send {one}")

    def take_settings(self, one):
        if one.flags & frames.ACK:
            if not self.unacknowledged:
                raise Failed("SETTINGS are acknowledged that were not sent")
            new = self.unacknowledged.pop(0).get(frames.INITIAL_WINDOW_SIZE, self.initial)
            for stream in self.windows:
                self.windows[stream] += new - self.initial
            self.initial = new
        else:
            self.peer = {**self.peer, **one.settings(), "seen": True}
            self.send(frames.frame(frames.SETTINGS, flags=frames.ACK))

    def take_headers(self, one, answer):
        if not one.flags & frames.END_HEADERS or one.flags & (frames.PADDED | frames.HAS_PRIORITY):
            raise Failed(f"this client reads whole blocks only: {one}")
        fields = self.decoder.decode(one.payload)
        if answer.status:
            answer.trailers = fields
            if not one.ends:
                raise Failed("trailers without END_STREAM")
        else:
            if not fields or fields[0][0] != ":status" or not re.fullmatch(r"[1-5]\d\d", fields[0][1]):
                raise Failed(f"a head without a status: {fields}")
            status, fields = int(fields[0][1]), fields[1:]
            if status < 200:
                answer.interims.append(status)
            else:
                answer.status, answer.fields = status, fields
        for name, value in fields:
            if not NAME.match(name) or not VALUE.match(value) or name in CONNECTION_FIELDS:
                raise Failed(f"a field that HTTP/2 forbids: {name!r}: {value!r}")
        answer.whole = one.ends

    def take_data(self, one, answer):
        if not answer.status:
            raise Failed(f"DATA before a head: {one}")
        left = min(self.window, self.windows.setdefault(one.stream, self.initial))
        if one.payload and len(one.payload) > left:
            raise Failed(f"{len(one.payload)} bytes of DATA in a window of {left}")
        self.window -= len(one.payload)
        self.windows[one.stream] -= len(one.payload)
        if self.gives_room and one.payload:
            for stream in (0,) if one.ends else (0, one.stream):
                self.send(frames.window(stream, len(one.payload)))
        answer.body += one.payload
        answer.pieces.append(len(one.payload))
        answer.whole = one.ends
        if one.ends and answer.all("content-length") not in ([], [str(len(answer.body))]):
            raise Failed(f"{len(answer.body)} bytes of {answer.all('content-length')}")

    # Waiting

    def wait(self, is_there):
        deadline = time.monotonic() + self.limit
        while not is_there():
            self.next(deadline)

    def answer(self, stream=1, whole=True):
        """What came on the stream, when it is over; without `whole`, when there is a head."""
        answer = self.answers.setdefault(stream, Answer())
        self.wait(lambda: answer.whole or answer.reset or (not whole and answer.status))
        return answer

    def round_trip(self, text=b"are you?"):
        """Everything that was sent before has had its effect when this returns."""
        self.send(frames.ping(text))
        self.wait(lambda: text in self.pings)

    def wait_for_end(self):
        try:
            self.wait(lambda: False)
        except Ended:
            pass

    def close(self):
        self.socket.close()


# What cases await: functions of a session that return nothing or raise `Failed`.

def refused(*codes):
    """A connection error (RFC 9113 section 5.4.1): GOAWAY with one of the codes, then the end of the connection."""
    def check(session):
        session.wait_for_end()
        errors = [code for code in session.goaways if code != "NO_ERROR" or "NO_ERROR" in codes]
        if not errors or errors[0] not in codes:
            raise Failed(f"GOAWAY {session.goaways} before the end")
    return check


def stopped(*codes, stream=1):
    """A stream error (section 5.4.2): RST_STREAM on this stream, or the same as a connection error."""
    def check(session):
        answer = session.answers.setdefault(stream, Answer())
        try:
            session.wait(lambda: answer.reset in codes or session.goaways)
        except Ended:
            raise Failed(f"the end, and no GOAWAY: {session.seen()}") from None
        if answer.reset not in codes:
            refused(*codes)(session)
        else:
            session.round_trip()
    return check


def answered(status=200, stream=1, body=None, then=None):
    """A whole answer of that status (or one of several), on a connection that goes on."""
    def check(session):
        statuses = status if isinstance(status, tuple) else (status,)
        try:
            answer = session.answer(stream)
        except Ended:
            raise Failed(f"the end in place of an answer: {session.seen()}") from None
        if not answer.whole or answer.status not in statuses or (body is not None and answer.body != body):
            raise Failed(f"{answer} {answer.body[:60]!r}")
        if then:
            then(answer)
        alive(session)
    return check


def rejected(*statuses, stream=1, code="PROTOCOL_ERROR"):
    """A malformed request (section 8.1.1): an answer of 4xx, or a stream error."""
    def check(session):
        answer = session.answers.setdefault(stream, Answer())
        try:
            session.wait(lambda: answer.whole or answer.reset or session.goaways)
        except Ended:
            raise Failed(f"the end in place of an answer: {session.seen()}") from None
        if answer.reset == code or session.goaways == [code]:
            return
        if not answer.whole or answer.status not in statuses:
            raise Failed(f"{answer}, GOAWAY {session.goaways}")
    return check


def alive(session):
    """The connection goes on, and nothing was refused."""
    try:
        session.round_trip()
    except Ended:
        raise Failed(f"the connection has ended: {session.seen()}") from None
    resets = {stream: answer.reset for stream, answer in session.answers.items()
              if answer.reset not in ("", "NO_ERROR")}
    if session.goaways or resets:
        raise Failed(f"GOAWAY {session.goaways}, RST_STREAM {resets}")


def closed(session):
    """The connection ends, whatever was said before."""
    session.wait_for_end()


def hung_up(session):
    """The same, where the gateway may answer in HTTP/1.1."""
    deadline = time.monotonic() + session.limit
    try:
        while True:
            session.fill(len(session.buffer) + 1, deadline)
    except Ended:
        pass
