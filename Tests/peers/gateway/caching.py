"""The cache of a running gateway: an origin with scripted answers behind it, clients before it.

    caching.py APUS FOLDER

Says what is wrong, one line each, and ends with 1 when something is.
"""

import asyncio
import contextlib
import email.utils
import http.client
import os
import socket
import subprocess
import sys
import threading
import time

CONFIGURATION = """
admin: { listen: "127.0.0.1:0" }
gateway:
  listen: 127.0.0.1:0
  routes:
    - name: cached
      match: { path: / }
      upstream: app
      cache: { maxBytes: 8MiB, maxObjectBytes: 1MiB }
      fallback: [ { on: [5xx, connect-failure], cached: true } ]
  upstreams:
    app: { hosts: ["127.0.0.1:%d"] }
"""


class Origin:
    """Answers by the path's first word; remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.open = threading.Event()
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait(10)

    async def serve(self, ready):
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    def count(self, path):
        return sum(1 for _, target, _ in self.asked if target == path)

    async def handle(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self.answer(reader, writer):
                await writer.drain()
        writer.close()

    async def answer(self, reader, writer):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        pairs = (line.split(":", 1) for line in lines[1:] if line)
        fields = {name.lower(): value.strip() for name, value in pairs}
        await reader.readexactly(int(fields.get("content-length", "0")))
        self.asked.append((method, target, fields))
        return await self.write(writer, method, target, fields)

    async def write(self, writer, method, target, fields):
        kind = target.split("/")[1].split("?")[0]
        status, body = 200, f"{target} {len(self.asked)}".encode()
        control, again = "max-age=60", self.count(target) > 1
        if kind in ("short", "mismatch"):
            control = "max-age=1"
            if fields.get("if-none-match") == '"e"':
                status, body = 304, b""
        elif kind == "renewing":
            control = "max-age=1, stale-while-revalidate=30"
        elif kind == "failing":
            control = "max-age=1, stale-if-error=30"
            if again:
                status, control = 503, "no-store"
        elif kind == "closing":
            control = "max-age=1"
            if again:
                return False
        elif kind in ("held", "unstorable"):
            while not self.open.is_set():
                await asyncio.sleep(0.005)
            control = "max-age=60" if kind == "held" else "no-store"
        elif kind == "big":
            body = b"x" * 900_000
        tag = '"other"' if kind == "mismatch" and status == 304 else '"e"'
        head = f"HTTP/1.1 {status} X\r\nDate: {email.utils.formatdate(usegmt=True)}\r\nCache-Control: {control}\r\n"
        head += f"ETag: {tag}\r\n"
        if kind == "chunked":
            pieces = b"".join(b"%x\r\n%s\r\n" % (len(body), body) for _ in range(3))
            writer.write(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n")
            return True
        if kind == "cut":
            writer.write(head.encode() + b"Content-Length: 99\r\n\r\nabc")
            await writer.drain()
            return False
        if status != 304:
            head += f"Content-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"\r\n" + (b"" if method == "HEAD" else body))
        return True


class Gateway:
    def __init__(self, program, folder, configuration):
        file = os.path.join(folder, "caching.yaml")
        with open(file, "w") as out:
            out.write(configuration)
        self.process = subprocess.Popen([program, "run", file], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "gateway listening" in line:
                self.port = int(line.split('"addresses":"127.0.0.1:')[1].split('"')[0])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def get(self, path, method="GET", **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


class Checks:
    def __init__(self, gateway, origin):
        self.gateway, self.origin, self.failures = gateway, origin, 0

    def check(self, name, good, *seen):
        if not good:
            self.failures += 1
            print(f"{name}: {seen}")

    def until(self, name, path, good):
        """Asks until the answer is as wanted, for 20 s at most."""
        end = time.monotonic() + 20
        while True:
            answer = self.gateway.get(path)
            if good(answer) or time.monotonic() > end:
                self.check(name, good(answer), answer)
                return answer
            time.sleep(0.02)

    def hits(self):
        get = self.gateway.get
        first, second = get("/plain"), get("/plain")
        self.check("miss", first[1]["cache-status"] == "apus; fwd=uri-miss; stored", first)
        self.check("hit", second[2] == first[2] and "hit" in second[1]["cache-status"] and "age" in second[1], second)
        answer = get("/plain", "HEAD")
        self.check("HEAD", answer[2] == b"" and answer[1]["content-length"] == str(len(first[2])), answer)
        self.check("304", get("/plain", If_None_Match='"e"')[0] == 304)
        answer = get("/plain", Range="bytes=1-2")
        self.check("206", answer[0] == 206 and answer[2] == first[2][1:3], answer)
        answer = get("/plain", Range="bytes=99-")
        self.check("416", answer[0] == 416 and answer[1]["content-range"] == f"bytes */{len(first[2])}", answer)
        get("/plain", "POST")
        self.check("invalidated", get("/plain")[2] != first[2])
        self.check("504", get("/never", Cache_Control="only-if-cached")[0] == 504 and self.origin.count("/never") == 0)

    def bodies(self):
        get = self.gateway.get
        for path in ("/big", "/chunked"):
            first, second = get(path), get(path)
            self.check(path, first[2] == second[2] and "hit" in second[1]["cache-status"], second[1])
        self.check("part of much", len(get("/big", Range="bytes=100000-299999")[2]) == 200_000)
        for _ in range(2):
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                get("/cut")
        self.check("what broke off is not stored", self.origin.count("/cut") >= 2)

    def slow_reader(self):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(20)
            client.connect(("127.0.0.1", self.gateway.port))
            request = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
            client.sendall(request % (b"/big", self.gateway.port))
            got = b""
            while len(got.partition(b"\r\n\r\n")[2]) < 900_000:
                piece = client.recv(8192)
                if not piece:
                    break
                got += piece
            self.check("slow reader", got.endswith(b"x" * 900_000), len(got))
            client.sendall(request % (b"/plain", self.gateway.port))
            self.check("then another", client.recv(9999).startswith(b"HTTP/1.1 200"))
        for _ in range(100):
            with socket.socket() as client:
                client.connect(("127.0.0.1", self.gateway.port))
                client.sendall(request % (b"/big", self.gateway.port))

    def staleness(self):
        get = self.gateway.get
        first = {path: get(path) for path in ("/short", "/renewing", "/failing", "/closing", "/mismatch")}
        answer = self.until("renewed", "/short", lambda answer: "fwd=stale; fwd-status=304" in answer[1]["cache-status"])
        self.check("renewed, same body", answer[0] == 200 and answer[2] == first["/short"][2], answer)
        self.until("other version", "/mismatch", lambda answer: answer[2] != first["/mismatch"][2] and answer[0] == 200)
        answer = self.until("stale", "/renewing", lambda answer: "ttl=-" in answer[1]["cache-status"])
        self.until("renewed behind the client", "/renewing", lambda answer: answer[2] != first["/renewing"][2])
        for path in ("/failing", "/closing"):
            self.until(path, path, lambda answer: self.origin.count(path) > 1)
            answer = get(path)
            self.check(path, answer[0] == 200 and answer[2] == first[path][2], answer)

    def together(self, path, clients=16):
        """All ask before the origin answers any."""
        self.origin.open.clear()
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.gateway.get(path))) for _ in range(clients)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 20
        while self.origin.count(path) == 0 and time.monotonic() < end:
            time.sleep(0.005)
        self.origin.open.set()
        for thread in threads:
            thread.join()
        self.check(path, len(answers) == clients and all(answer[0] == 200 for answer in answers), answers)

    def collapsing(self):
        self.together("/held")
        # One fetch for each worker, of which there may be as many as processors.
        self.check("one fetch for all", self.origin.count("/held") <= (os.cpu_count() or 1), self.origin.count("/held"))
        self.together("/unstorable")
        self.check("each its own", self.origin.count("/unstorable") == 16, self.origin.count("/unstorable"))


def main(program, folder):
    origin = Origin()
    gateway = Gateway(program, folder, CONFIGURATION % origin.port)
    checks = Checks(gateway, origin)
    try:
        checks.hits()
        checks.bodies()
        checks.slow_reader()
        checks.staleness()
        checks.collapsing()
    finally:
        gateway.stop()
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
