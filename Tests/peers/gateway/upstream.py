#!/usr/bin/env python3
"""A strict upstream that keeps the bytes of every request it gets, and answers as it is told.

    upstream.py [--port N] [--control FILE] [--record FILE] [--seed N] [--certificate FILE --key FILE]

prints its port, and serves until it is killed. --record gets one JSON line a request (head and
body as Latin-1, what is wrong with it under `faults`). A request that RFC 9112 forbids is answered 400 and closed: behind
a gateway it must never arrive.

How it answers stands in the query of the target, or in the control file: lines `PATH-PREFIX key=value …`, read again when
the file has changed; the first prefix that fits wins, and the query wins over it.

status=503         instead of 200                       size=N           the body has N bytes
delay=S            seconds before the head              drip=S           seconds before each further byte of the body
chunked=1          chunks of at most 1000 bytes         until-close=1    the body ends with the connection
close=1            Connection: close                    trailers=1       X-Checksum and a forbidden one after the chunks
interim=103        that answer first (or 100)           early=N          closes after N bytes of the body
half=head          closes in the middle of the head     wrong-length=N   Content-Length says N more than there are
reset=1            a RST in place of an answer          silent=1         no answer at all
fail=N             the first N requests of this target get `status` (or 503); with reset=1 a RST
flaky=12.7         so many of 100 answers are 503, at random with the seed
header=NAME:VALUE  one field more (may come often)    tunnel=1         takes an upgrade, and sends back what comes
"""

import argparse
import asyncio
import base64
import collections
import dataclasses
import hashlib
import json
import os
import random
import re
import socket
import ssl
import struct
import sys
import threading
import urllib.parse

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/1\.([01])\Z")
VALUE = re.compile(rb"[\t \x21-\x7e\x80-\xff]*\Z")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}(?:[ \t]*;[\t \x21-\x7e\x80-\xff]*)?\Z")
HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?\Z")
HEAD_LIMIT = 1 << 20
BODY_LIMIT = 256 << 20
KEPT_BODY = 1 << 20


@dataclasses.dataclass
class Request:
    """What came, byte for byte."""
    connection: int
    number: int
    head: bytes = b""
    method: str = ""
    target: str = ""
    version: str = ""
    fields: list = dataclasses.field(default_factory=list)
    framing: str = "none"
    body: bytes = b""
    body_size: int = 0
    trailers: list = dataclasses.field(default_factory=list)
    complete: bool = False
    over: bool = False  # nothing more of it will come
    abandoned: bool = False  # the gateway has gone while `silent` let it wait
    faults: list = dataclasses.field(default_factory=list)

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def first(self, name):
        return next(iter(self.all(name)), None)

    def as_json(self):
        return json.dumps({**dataclasses.asdict(self), "head": self.head.decode("latin-1"),
                           "body": self.body.decode("latin-1")})


@dataclasses.dataclass
class Answer:
    """Bytes to be sent as they are, in place of an answer made by the script.

    words: closes, resets (after the bytes), early (before the body has come), echoes (what comes after it, as a tunnel)
    """
    raw: bytes
    words: tuple = ()


class Malformed(Exception):
    pass


def parse_fields(lines, faults):
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.match(name):
            faults.append(f"no field: {line!r}")
            continue
        value = value.strip(b" \t")
        if not VALUE.match(value):
            faults.append(f"a control in a value: {line!r}")
        fields.append((name.decode("latin-1"), value.decode("latin-1")))
    return fields


def read_framing(request):
    """RFC 9112 section 6.3, without any mercy."""
    lengths, codings = request.all("content-length"), request.all("transfer-encoding")
    if codings:
        if lengths:
            request.faults.append("Content-Length beside Transfer-Encoding")
        if [coding.lower() for coding in codings] != ["chunked"]:
            request.faults.append(f"Transfer-Encoding {codings}")
        return "chunked"
    if not lengths:
        return "none"
    if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,18}", lengths[0]):
        request.faults.append(f"Content-Length {lengths}")
        return "length 0"
    return f"length {int(lengths[0])}"


def parse_head(request):
    lines = request.head[:-4].split(b"\r\n")
    faults = request.faults
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
        faults.append("a bare CR, a bare LF or a NUL in the head")
    start = REQUEST_LINE.match(lines[0])
    if not start:
        faults.append(f"no request line: {lines[0]!r}")
    else:
        request.method, request.target = start[1].decode(), start[2].decode()
        request.version = f"HTTP/1.{start[3].decode()}"
    request.fields = parse_fields(lines[1:], faults)
    hosts = request.all("host")
    if request.version == "HTTP/1.1" and len(hosts) != 1:
        faults.append(f"{len(hosts)} Host fields")
    if any(not HOST.match(host.encode("latin-1")) for host in hosts):
        faults.append(f"Host {hosts}")
    request.framing = read_framing(request)


def switching(request):
    """The head that takes an upgrade; for WebSocket as RFC 6455 section 4.2.2 has it."""
    key = (request.first("sec-websocket-key") or "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    return (f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {request.first('upgrade')}\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode()


class Upstream:
    """Serves on loopback inside an event loop. Its records may be read from any thread."""

    def __init__(self, port=0, control=None, record=None, seed=1, tls=None, keeps=True, host="127.0.0.1"):
        self.host, self.port, self.control, self.tls, self.keeps = host, port, control, tls, keeps
        self.file = open(record, "a", buffering=1) if record else None
        self.random = random.Random(seed)
        self.requests, self.answers, self.leftovers = [], collections.deque(), []
        self.failures_left = {}
        self.changed = threading.Condition()
        self.rules, self.rules_stamp = [], None
        self.connections = 0
        self.writers = set()

    async def start(self):
        self.server = await asyncio.start_server(self.serve, self.host, self.port, limit=HEAD_LIMIT, ssl=self.tls,
                                                 backlog=4096, reuse_address=True)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        for writer in list(self.writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)

    def forget(self):
        with self.changed:
            self.requests, self.leftovers = [], []
            self.answers.clear()

    def seen(self):
        """What came, but for the probes of the runner."""
        return [request for request in list(self.requests) if not request.target.startswith("/fence/")]

    def wait_for(self, count, seconds):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.seen()) >= count, seconds)

    def note(self, request=None):
        with self.changed:
            if request is not None and self.keeps:
                self.requests.append(request)
            self.changed.notify_all()

    async def serve(self, reader, writer):
        self.connections += 1
        connection, number = self.connections, 0
        self.writers.add(writer)
        try:
            while True:
                number += 1
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except asyncio.IncompleteReadError as error:
                    if error.partial:
                        self.leftovers.append(error.partial)
                    return
                except asyncio.LimitOverrunError:
                    self.leftovers.append(b"a head beyond the limit")
                    return
                if not await self.exchange(Request(connection, number, head), reader, writer):
                    return
        except (ConnectionError, TimeoutError, ssl.SSLError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def exchange(self, request, reader, writer):
        """One request and its answer. Returns whether the connection goes on."""
        parse_head(request)
        self.note(request)
        answer = None
        if self.answers and not request.target.startswith("/fence/"):
            answer = self.answers.popleft()
        try:
            if answer and "early" in answer.words:
                writer.write(answer.raw)
                await writer.drain()
            elif (request.first("expect") or "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await self.read_body(request, reader)
            request.complete = True
        except Malformed as error:
            request.faults.append(str(error))
        except asyncio.IncompleteReadError:
            return False
        finally:
            request.over = True
            if self.file:
                self.file.write(request.as_json() + "\n")
            self.note()
        if request.faults:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return False
        if not answer and request.first("upgrade") and "tunnel" in self.script(request.target):
            answer = Answer(switching(request), ("echoes",))
        if answer:
            return await self.answer_raw(answer, reader, writer)
        if "silent" in self.script(request.target):
            await self.keep_silent(request, reader)
            return False
        return await self.answer(request, writer)

    async def keep_silent(self, request, reader):
        while not reader.at_eof():
            await asyncio.sleep(0.01)
        request.abandoned = True
        self.note()

    async def read_body(self, request, reader):
        if request.framing == "chunked":
            await self.read_chunks(request, reader)
        elif request.framing.startswith("length"):
            left = int(request.framing.split()[1])
            while left:
                piece = await reader.read(min(left, 1 << 16))
                if not piece:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(piece)
                self.keep(request, piece)

    def keep(self, request, piece):
        request.body_size += len(piece)
        if request.body_size > BODY_LIMIT:
            raise Malformed("a body beyond the limit")
        if len(request.body) < KEPT_BODY:
            request.body += piece

    async def read_chunks(self, request, reader):
        async def line():
            text = await reader.readuntil(b"\n")
            if not text.endswith(b"\r\n") or b"\r" in text[:-2]:
                raise Malformed(f"a bare line end between chunks: {text!r}")
            return text[:-2]
        while True:
            size = await line()
            if not CHUNK_SIZE.match(size):
                raise Malformed(f"chunk size {size!r}")
            count = int(size.split(b";")[0].strip(), 16)
            if count == 0:
                break
            self.keep(request, await reader.readexactly(count))
            if await reader.readexactly(2) != b"\r\n":
                raise Malformed("no CRLF after a chunk")
        while trailer := await line():
            request.trailers += parse_fields([trailer], request.faults)

    async def answer_raw(self, answer, reader, writer):
        if "early" not in answer.words:
            writer.write(answer.raw)
            await writer.drain()
        if "resets" in answer.words:
            return self.reset(writer)
        if "echoes" in answer.words:
            while piece := await reader.read(1 << 16):
                writer.write(piece)
                await writer.drain()
            return False
        return "closes" not in answer.words

    def reset(self, writer):
        plain = writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    def script(self, target):
        path, _, query = target.partition("?")
        values = {}
        if self.control and os.path.exists(self.control):
            stamp = os.stat(self.control).st_mtime_ns
            if stamp != self.rules_stamp:
                with open(self.control) as file:
                    self.rules = [line.split() for line in file if line.strip() and not line.startswith("#")]
                self.rules_stamp = stamp
            for prefix, *words in self.rules:
                if path.startswith(prefix):
                    values = {}
                    for word in words:
                        values.setdefault(word.partition("=")[0], []).append(word.partition("=")[2])
                    break
        return {**values, **urllib.parse.parse_qs(query, keep_blank_values=True)}

    async def answer(self, request, writer):
        script = self.script(request.target)

        def word(name, default=None):
            return script[name][-1] if name in script else default

        status, resets = int(word("status", 200)), "reset" in script
        if "fail" in script:
            left = self.failures_left.setdefault(request.target, int(word("fail")))
            if left > 0:
                self.failures_left[request.target] = left - 1
                status = int(word("status", 503))
            else:
                status, resets = 200, False
        if "flaky" in script and self.random.random() * 100 < float(word("flaky")):
            status = 503
        if "delay" in script:
            await asyncio.sleep(float(word("delay")))
        if resets:
            return self.reset(writer)
        body = f"{request.method} {request.target}\n".encode()
        if "size" in script:
            body = (b"0123456789abcdef" * (int(word("size")) // 16 + 1))[:int(word("size"))]
        return await self.write(request, writer, status, body, script, word)

    async def write(self, request, writer, status, body, script, word):
        chunked = ("chunked" in script or "trailers" in script) and request.version == "HTTP/1.1"
        closes = any(name in script for name in ("close", "early", "until-close", "half", "wrong-length")) \
            or (request.first("connection") or "").lower() == "close" or request.version == "HTTP/1.0"
        head = [f"HTTP/1.1 {status} Scripted" if status != 200 else "HTTP/1.1 200 OK", "Content-Type: text/plain"]
        head += [value.replace(":", ": ", 1) for value in script.get("header", [])]
        bodiless = status in (204, 304) or request.method == "HEAD"
        if chunked:
            head.append("Transfer-Encoding: chunked")
        elif "until-close" not in script and status != 204:
            head.append(f"Content-Length: {len(body) + int(word('wrong-length', 0))}")
        if "trailers" in script:
            head.append("Trailer: X-Checksum")
        if closes:
            head.append("Connection: close")
        text = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        if "interim" in script:
            text = f"HTTP/1.1 {word('interim')} Interim\r\nLink: </a.css>; rel=preload\r\n\r\n".encode() + text
        if "half" in script:
            writer.write(text[:len(text) // 2])
            await writer.drain()
            return False
        if bodiless:
            writer.write(text)
        else:
            if chunked:
                pieces = [body[start:start + 1000] for start in range(0, len(body), 1000)]
                body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n"
                body += (b"X-Checksum: 1\r\nContent-Length: 5\r\n" if "trailers" in script else b"") + b"\r\n"
            await self.write_body(writer, text, body[:int(word("early"))] if "early" in script else body, word)
        await writer.drain()
        return not closes

    async def write_body(self, writer, head, body, word):
        """Head and body in one write, unless the body drips."""
        if word("drip") is None:
            writer.write(head + body)
            return
        writer.write(head)
        for index in range(len(body)):
            writer.write(body[index:index + 1])
            await writer.drain()
            await asyncio.sleep(float(word("drip")))


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", metavar="FILE")
    parser.add_argument("--record", metavar="FILE")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--certificate", metavar="FILE")
    parser.add_argument("--key", metavar="FILE")
    options = parser.parse_args()
    tls = None
    if options.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate, options.key)
    upstream = Upstream(options.port, options.control, options.record, options.seed, tls, keeps=False,
                        host=options.host)
    await upstream.start()
    print(upstream.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(130)
