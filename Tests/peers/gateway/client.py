"""A client that sends bytes as they are and reads answers without mercy (RFC 9112)."""

import dataclasses
import re
import select
import socket
import ssl
import struct
import time

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t \x21-\x7e\x80-\xff]*)\Z")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t \x21-\x7e\x80-\xff]*?)[ \t]*\Z")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t \x21-\x7e\x80-\xff]*)?\Z")


class Closed(Exception):
    """The connection ended before an answer was whole. `reset` tells a RST from a FIN."""

    def __init__(self, left=b"", reset=False):
        super().__init__(f"the connection ended{' by a reset' if reset else ''} after {left[:200]!r}")
        self.left, self.reset = left, reset


class TooLate(Exception):
    pass


class MalformedAnswer(Exception):
    pass


@dataclasses.dataclass
class Answer:
    status: int
    fields: list
    interims: list = dataclasses.field(default_factory=list)
    framing: str = "none"
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]


class Client:
    def __init__(self, port, limit=5, context=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=limit)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.limit, self.buffer, self.log = limit, b"", []

    def send(self, data):
        """Sends all of it. A gateway that has refused may have closed already: that shows when the answer is read."""
        self.log.append(f"> {shorten(data)}")
        try:
            self.socket.sendall(data)
        except (ConnectionError, TimeoutError) as error:
            self.log.append(f"  ({error})")

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def more(self, deadline):
        left = deadline - time.monotonic()
        has_more = isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()
        if left <= 0 or not (has_more or select.select([self.socket], [], [], left)[0]):
            raise TooLate(f"nothing came within {self.limit} s; before it {shorten(self.buffer)}")
        try:
            piece = self.socket.recv(1 << 16)
        except (ConnectionError, ssl.SSLEOFError):
            raise Closed(self.buffer, reset=True) from None
        if not piece:
            raise Closed(self.buffer)
        self.log.append(f"< {shorten(piece)}")
        self.buffer += piece

    def take(self, count, deadline):
        while len(self.buffer) < count:
            self.more(deadline)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_until(self, mark, deadline):
        while mark not in self.buffer:
            self.more(deadline)
        data, _, self.buffer = self.buffer.partition(mark)
        return data

    def receive(self, method="GET"):
        """The next final answer, with the interim ones before it."""
        deadline, interims = time.monotonic() + self.limit, []
        while True:
            answer = self.receive_head(deadline)
            if not 100 <= answer.status < 200 or answer.status == 101:
                break
            interims.append(answer.status)
        answer.interims = interims
        self.receive_body(answer, method, deadline)
        return answer

    def receive_head(self, deadline):
        lines = self.take_until(b"\r\n\r\n", deadline).split(b"\r\n")
        start = STATUS_LINE.match(lines[0])
        if not start:
            raise MalformedAnswer(f"no status line: {lines[0][:200]!r}")
        return Answer(int(start[1]), parse_fields(lines[1:]))

    def receive_body(self, answer, method, deadline):
        lengths, codings = answer.all("content-length"), answer.all("transfer-encoding")
        no_body = answer.status in (101, 204, 304)
        if (answer.status in (101, 204) and (lengths or codings)) or (lengths and codings) or len(lengths) > 1:
            raise MalformedAnswer(f"framing of a {answer.status}: {lengths} {codings}")
        if method == "HEAD" or no_body or (method == "CONNECT" and answer.status < 300):
            return
        if codings:
            if [coding.lower() for coding in codings] != ["chunked"]:
                raise MalformedAnswer(f"Transfer-Encoding {codings}")
            answer.framing = "chunked"
            self.receive_chunks(answer, deadline)
        elif lengths:
            answer.framing = f"length {int(lengths[0])}"
            answer.body = self.take(int(lengths[0]), deadline)
        else:
            answer.framing = "close"
            try:
                while True:
                    self.more(deadline)
            except Closed as end:
                if end.reset:
                    raise
            answer.body, self.buffer = self.buffer, b""

    def receive_chunks(self, answer, deadline):
        while True:
            size = CHUNK_SIZE.match(self.take_until(b"\r\n", deadline))
            if not size:
                raise MalformedAnswer("a chunk's size")
            count = int(size[1], 16)
            if count == 0:
                break
            answer.body += self.take(count, deadline)
            if self.take(2, deadline) != b"\r\n":
                raise MalformedAnswer("no CRLF after a chunk")
        while line := self.take_until(b"\r\n", deadline):
            answer.trailers += parse_fields([line])

    def expect_end(self):
        """Waits until the gateway closes. Returns bytes that came in place of it, or before it."""
        deadline = time.monotonic() + self.limit
        try:
            while not self.buffer:
                self.more(deadline)
        except Closed:
            pass
        return self.buffer


def parse_fields(lines):
    fields = []
    for line in lines:
        found = FIELD.match(line)
        if not found:
            raise MalformedAnswer(f"no field: {line[:200]!r}")
        fields.append((found[1].decode("latin-1"), found[2].decode("latin-1")))
    return fields


def shorten(data):
    return repr(data) if len(data) <= 400 else f"{data[:300]!r}… {len(data)} bytes"
