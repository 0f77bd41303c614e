#!/usr/bin/env python3
"""Real clients, and real upstreams, at both ends of a gateway. One client a run:

    clients.py NAME [--against apus|nginx|haproxy] [--apus PATH]

websockets  PyPI websockets: texts, binaries to a megabyte, pings, close codes, fifty sockets at a time, subprotocols
curl        files of a real nginx by HTTP/1.0, 1.1, and 2 over TLS and by prior knowledge; HEAD, ranges, uploads with Expect
nghttp      many streams at a time over one connection, uploads, over TLS and by prior knowledge
h2load      20,000 requests over HTTP/2 and HTTP/1.1, plain and TLS
resets      h2load and nghttp leave in the middle: the gateway goes on

Prints JSON: problems (the exit code is 1 when there are any). What a peer cannot do is left out for that peer.
"""

import argparse
import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys

import faults
import proxies

#: nginx speaks HTTP/2 without TLS only at a port of its own.
NO_PRIOR_KNOWLEDGE = {"nginx", "haproxy"}


class Meeting(faults.Fault):
    """The parts of a fault, with proxies that stay until the end."""

    def __init__(self, options):
        super().__init__(options)
        self.others = []

    def proxy_at(self, profile):
        proxy = proxies.Proxy(self.options.against, profile, self.upstream_port, f"{self.folder}/{profile}",
                              self.options.apus, self.options.workers)
        self.others.append(proxy)
        return proxy

    def run(self, *words, limit=40):
        result = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
                                errors="replace", text=True)
        return result.returncode, result.stdout

    def addresses(self):
        """The same upstream, plain and over TLS."""
        plain, tls = self.proxy_at("plain"), self.proxy_at("tls")
        return f"http://127.0.0.1:{plain.port}", f"https://127.0.0.1:{tls.port}"

    def stop(self):
        for proxy in self.others:
            if proxy.has_ended():
                self.problems.append(f"the gateway has ended: {proxy.said()}")
            proxy.stop()
        super().stop()


async def talk(meeting, port, server):
    import websockets

    async def one(number):
        async with websockets.connect(f"ws://127.0.0.1:{port}/chat?{number}", max_size=None, subprotocols=["echo"],
                                      proxy=None) as socket:
            meeting.expect(socket.subprotocol == "echo", f"subprotocol {socket.subprotocol}")
            for message in ("", "hello", "ü" * 1000, b"\0\1\2", os.urandom(70_000), os.urandom(1 << 20 if number < 3 else 10)):
                await socket.send(message)
                meeting.expect(await socket.recv() == message, f"a message of {len(message)} came back changed")
            await (await socket.ping(b"are you there"))
        meeting.expect(socket.close_code == 1000, f"close code {socket.close_code}")

    await asyncio.wait_for(asyncio.gather(*(one(number) for number in range(50))), 100)
    async with websockets.connect(f"ws://127.0.0.1:{port}/chat", subprotocols=["echo"], proxy=None) as socket:
        await socket.send("close me")
        try:
            await asyncio.wait_for(socket.recv(), 30)
            meeting.problems.append("the server's close did not come")
        except websockets.ConnectionClosed as end:
            meeting.expect(end.rcvd and (end.rcvd.code, end.rcvd.reason) == (4001, "asked"), f"close {end.rcvd}")
    # Longer than an idle connection of HTTP is kept in memory as it is: one who only listens is not idle.
    async with websockets.connect(f"ws://127.0.0.1:{port}/chat", subprotocols=["echo"], proxy=None) as socket:
        try:
            message = await asyncio.wait_for(socket.recv(), 2.5)
            meeting.problems.append(f"a message that nobody sent: {message}")
        except asyncio.TimeoutError:
            await socket.send("still here")
            meeting.expect(await socket.recv() == "still here", "a silent socket does not work any more")
        except websockets.ConnectionClosed as end:
            meeting.problems.append(f"a silent socket was closed: {end}")
    meeting.expect(len(server) == 52, f"the server has seen {len(server)} sockets")


def websockets(meeting):
    async def work():
        import websockets as library
        seen = []

        async def echo(socket):
            seen.append(socket.request.headers)
            async for message in socket:
                if message == "close me":
                    await socket.close(4001, "asked")
                    return
                await socket.send(message)

        async with library.serve(echo, "127.0.0.1", 0, max_size=None, subprotocols=["echo"]) as server:
            meeting.upstream_port = server.sockets[0].getsockname()[1]
            proxy = await asyncio.to_thread(proxies.Proxy, meeting.options.against, "plain", meeting.upstream_port,
                                            f"{meeting.folder}/plain", meeting.options.apus, meeting.options.workers)
            meeting.others.append(proxy)
            await talk(meeting, proxy.port, seen)
            meeting.expect(all(headers.get("X-Forwarded-For") == "127.0.0.1" for headers in seen), "no X-Forwarded-For")

    asyncio.run(work())


def curl(meeting):
    meeting.start_nginx_upstream()
    plain, tls = meeting.addresses()
    with open(f"{meeting.folder}/upload", "wb") as file:
        file.write(os.urandom(3 << 20))
    # nginx answers before the upload is whole, and curl 7.88 then reads no more of HTTP/2 (HAProxy's clients neither):
    # an upload there fits into the first window.
    with open(f"{meeting.folder}/upload2", "wb") as file:
        file.write(os.urandom(60_000))
    ways = [(plain, "--http1.0"), (plain, "--http1.1"), (tls, "--http1.1"), (tls, "--http2")]
    if meeting.options.against not in NO_PRIOR_KNOWLEDGE:
        ways.append((plain, "--http2-prior-knowledge"))
    for address, way in ways:
        ask(meeting, address, way)


def ask(meeting, address, way):
    body = f"{meeting.folder}/body"
    common = ["curl", "--silent", "--show-error", "--insecure", "--max-time", "15", "--output", body, way]
    told = "%{http_code} %{http_version} %{size_download}"
    version = {"--http1.0": "1.1", "--http1.1": "1.1"}.get(way, "2")
    size = 100_000

    def expect(what, wanted, *words):
        code, said = meeting.run(*common, "--write-out", told, *words)
        meeting.expect((code, said) == (0, wanted), f"curl {way} {address[:5]} {what}: exit code {code}, {said!r}")

    expect("GET", f"200 {version} {size}", f"{address}/index.html")
    with open(body, "rb") as file:
        meeting.expect(hashlib.sha256(file.read()).digest() == hashlib.sha256(b"x" * size).digest(), f"{way}: other bytes")
    expect("HEAD", f"200 {version} 0", "--head", f"{address}/index.html")
    expect("range", f"206 {version} 11", "--range", "100-110", f"{address}/index.html")
    expect("not there", f"404 {version} 153", f"{address}/nothing")
    expect("upload", f"200 {version} {size}", "--data-binary", f"@{meeting.folder}/upload{'2' if version == '2' else ''}", f"{address}/index.html")
    if way != "--http1.0":
        expect("chunked upload", f"200 {version} {size}", "--header", "Transfer-Encoding: chunked", "--header", "Expect:",
               "--data-binary", f"@{meeting.folder}/upload", f"{address}/index.html") if version == "1.1" else None
        # curl 7.88 cannot use a connection of prior knowledge twice, nghttpd's neither.
        if way != "--http2-prior-knowledge":
            expect("two at once", f"200 {version} {size}" * 2, f"{address}/index.html", "--output", body, f"{address}/index.html")


def nghttp(meeting):
    meeting.start_nginx_upstream()
    plain, tls = meeting.addresses()
    with open(f"{meeting.folder}/upload", "wb") as file:
        file.write(os.urandom(1 << 20))
    addresses = [tls] + ([] if meeting.options.against in NO_PRIOR_KNOWLEDGE else [plain])
    for address in addresses:
        code, said = meeting.run("nghttp", "--null-out", "--no-verify-peer", "--stat", "--multiply=100",
                                 f"{address}/index.html")
        statuses = re.findall(r"^ *\d+ .* (\d{3}) +\S+ /index.html$", said, re.M)
        meeting.expect(code == 0 and statuses == ["200"] * 100, f"nghttp {address}: {code}, {len(statuses)}: {said[-600:]}")
        code, said = meeting.run("nghttp", "--null-out", "--no-verify-peer", "--stat", f"--data={meeting.folder}/upload",
                                 f"{address}/index.html")
        meeting.expect(code == 0 and re.search(r" 200 +\S+ /index.html$", said, re.M), f"nghttp upload {address}: {said[-600:]}")


def h2load(meeting):
    meeting.start_upstream()
    plain, tls = meeting.addresses()
    ways = [(tls, []), (tls, ["--h1"]), (plain, ["--h1"])]
    if meeting.options.against not in NO_PRIOR_KNOWLEDGE:
        ways.append((plain, []))
    for address, words in ways:
        expect_load(meeting, 5000, "--clients=20", "--max-concurrent-streams=10", *words, f"{address}/?size=2000")


def expect_load(meeting, count, *words):
    code, said = meeting.run("h2load", f"--requests={count}", *words)
    found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout\nstatus codes: (\d+) 2xx", said)
    numbers = found.groups() if found else said[-600:]
    meeting.expect(code == 0 and numbers == (str(count), "0", "0", "0", str(count)), f"h2load {words}: {numbers}")


def resets(meeting):
    meeting.start_upstream()
    plain, tls = meeting.addresses()
    for address in [tls] + ([] if meeting.options.against in NO_PRIOR_KNOWLEDGE else [plain]):
        for _ in range(5):
            # Kept for a moment only: it is killed with all its streams open.
            with subprocess.Popen(["h2load", "--requests=100000", "--clients=5", "--max-concurrent-streams=50",
                                   f"{address}/?delay=0.5"], stdout=subprocess.DEVNULL) as process:
                meeting.run("nghttp", "--null-out", "--no-verify-peer", "--timeout=100ms", f"{address}/?delay=5")
                process.kill()
        expect_load(meeting, 500, "--clients=5", "--max-concurrent-streams=10", f"{address}/?size=2000")


CLIENTS = {function.__name__: function for function in (websockets, curl, nghttp, h2load, resets)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(CLIENTS))
    parser.add_argument("--against", choices=list(proxies.SUFFIX), default="apus")
    parser.add_argument("--apus", default="apus", metavar="PATH")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    meeting = Meeting(options)
    try:
        CLIENTS[options.name](meeting)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        meeting.problems.append(f"too late: {error}")
    finally:
        meeting.stop()
    print(json.dumps({"problems": meeting.problems, "facts": meeting.facts}))
    sys.exit(1 if meeting.problems else 0)


if __name__ == "__main__":
    main()
