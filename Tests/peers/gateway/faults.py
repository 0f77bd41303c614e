#!/usr/bin/env python3
"""What a gateway must survive. One fault a run:

    faults.py NAME [--against apus|nginx|haproxy] [--apus PATH] [--count N] [--workers N] [--seed N]

restart   the upstream is killed and started again --count (5) times under load: clients get whole answers or a 502, 503 or
          504, no connection to the gateway breaks, and 200 comes back each time
reload    --count (100) changed configurations under load: no request fails, each takes effect, and a tunnel and a download
          that began before the first one go on to the end
aborts    --count (50000) connections that end rudely: descriptors and memory are as before
slow      --count (10000) connections that send their heads a byte at a time: others are served meanwhile, and the slow ones
          are ended by the header time-out
leavers   --count (400) clients ask for an answer that is there at once, alone (HTTP/1.1) or among other requests (HTTP/2), and
          reset the connection: those who ask later get the answers to their own questions
flaky     --count (3000) requests to an upstream that answers 12.7 % of them with 503: with two retries nearly none is seen

Prints JSON: problems (the exit code is 1 when there are any), and facts in numbers.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import client
import frames
import load
import programs
import proxies

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER_ERRORS = (502, 503, 504)


class Fault:
    """The parts that a fault is made of: a folder, an upstream of its own process, and a proxy before it."""

    def __init__(self, options):
        self.options, self.problems, self.facts = options, [], {}
        self.folder = tempfile.mkdtemp(prefix="apus-fault-")
        self.upstream, self.upstream_port, self.proxy = None, 0, None

    def start_upstream(self, *words):
        command = [sys.executable, f"{HERE}/upstream.py", "--port", str(self.upstream_port),
                   "--seed", str(self.options.seed), *words]
        self.upstream = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                         process_group=0,
                                         preexec_fn=proxies.end_with_parent)
        self.upstream_port = int(self.upstream.stdout.readline())

    def start_nginx_upstream(self):
        """A real nginx: it serves any number of aborted requests at little cost."""
        files = f"{self.folder}/files"
        os.makedirs(files)
        self.upstream_port = proxies.free_port()
        with open(f"{files}/index.html", "w") as file:
            file.write("x" * 100_000)
        with open(f"{HERE}/profiles/files.nginx.conf") as file:
            text = file.read()
        for name, value in {"port": self.upstream_port, "folder": self.folder}.items():
            text = text.replace(f"@{name}@", str(value))
        with open(f"{self.folder}/files.conf", "w") as file:
            file.write(text)
        self.upstream = subprocess.Popen(["nginx", "-p", self.folder, "-c", f"{self.folder}/files.conf"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0,
                                         preexec_fn=proxies.end_with_parent)

    def start_proxy(self, profile, **values):
        options = self.options
        self.proxy = proxies.Proxy(options.against, profile, self.upstream_port, f"{self.folder}/proxy", options.apus,
                                   options.workers, values)

    def expect(self, holds, problem):
        if not holds:
            self.problems.append(problem)

    def expect_served(self):
        """The gateway lives and serves."""
        self.expect(not self.proxy.has_ended(), f"the gateway has ended: {self.proxy.said()}")
        try:
            probe = client.Client(self.proxy.port)
            probe.send(load.GET % b"/")
            answer = probe.receive()
            self.expect(answer.status == 200, f"afterwards it answers {answer.status}")
        except (OSError, client.Closed, client.TooLate, client.MalformedAnswer) as error:
            self.problems.append(f"afterwards it does not serve: {error}")

    def expect_clean(self, clients):
        self.facts["statuses"] = dict(clients.statuses)
        self.expect(clients.failed == 0, f"{clients.failed} requests failed: {clients.failures[:5]}")

    def eventually(self, what, holds, limit=60):
        deadline = time.monotonic() + limit
        while not holds():
            if time.monotonic() > deadline:
                self.problems.append(f"waited {limit} s in vain for: {what}")
                return False
            time.sleep(0.02)
        return True

    def stop(self):
        if self.proxy:
            self.proxy.stop()
        if self.upstream:
            proxies.kill_group(self.upstream)
        shutil.rmtree(self.folder, ignore_errors=True)


def restart(fault):
    fault.start_upstream()
    fault.start_proxy("plain")
    with load.Load(fault.proxy.port) as clients:
        for _ in range(fault.options.count or 5):
            clients.wait_for("the upstream serves", 50, lambda status: status == 200)
            fault.upstream.kill()
            fault.upstream.wait()
            clients.wait_for("it is missed", 20, lambda status: status in SERVER_ERRORS)
            fault.start_upstream()
        clients.wait_for("the upstream serves again", 50, lambda status: status == 200)
    fault.expect_clean(clients)
    fault.facts["cut"] = clients.cut
    strange = set(clients.statuses) - {200, *SERVER_ERRORS}
    fault.expect(not strange, f"answers {strange}")
    fault.expect_served()


def open_tunnel(port):
    tunnel = client.Client(port, limit=30)
    tunnel.send(b"GET /?tunnel=1 HTTP/1.1\r\nHost: load.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    answer = tunnel.receive()
    return tunnel if answer.status == 101 else None


def echo(fault, tunnel, text, when):
    tunnel.send(text)
    try:
        seen = tunnel.take(len(text), time.monotonic() + 30)
        fault.expect(seen == text, f"the tunnel says {seen!r} {when}")
        return True
    except (OSError, client.Closed, client.TooLate) as error:
        fault.problems.append(f"the tunnel {when}: {error}")
        return False


def reload(fault):
    count = fault.options.count or 100
    fault.start_upstream()
    fault.start_proxy("reload", generation=0)
    tunnel = open_tunnel(fault.proxy.port)
    fault.expect(tunnel is not None, "no tunnel")
    download = client.Client(fault.proxy.port, limit=120)
    download.send(load.GET % f"/?drip=0.05&size={max(20, count)}".encode())
    with load.Load(fault.proxy.port) as clients:
        clients.wait_for("the load runs", 20)
        for generation in range(1, count + 1):
            fault.proxy.write(generation=generation)
            fault.proxy.reload()
            if not fault.eventually(f"generation {generation}", lambda: clients.generations[str(generation)] > 0):
                break
            if tunnel and generation % 10 == 0 and not echo(fault, tunnel, b"still here", f"after {generation} reloads"):
                tunnel = None
        clients.wait_for("the load goes on", 20)
    fault.expect_clean(clients)
    fault.facts["generations"] = len(clients.generations)
    fault.expect(set(clients.statuses) == {200} and clients.cut == 0, f"{dict(clients.statuses)}, {clients.cut} cut")
    try:
        body = download.receive().body
        fault.expect(len(body) == max(20, count), f"the download has {len(body)} bytes")
    except (OSError, client.Closed, client.TooLate, client.MalformedAnswer) as error:
        fault.problems.append(f"the download: {error}")
    fault.expect_served()


def aborts(fault):
    count, seed = fault.options.count or 50_000, fault.options.seed
    crowd = programs.build("crowd", fault.folder)
    fault.start_nginx_upstream()
    fault.start_proxy("patient")

    def abort(number, seed):
        port = str(fault.proxy.port)
        said = subprocess.run([crowd, "abort", port, str(number), str(seed)], stdout=subprocess.PIPE, text=True, check=True)
        return int(said.stdout.split()[1])

    abort(max(500, count // 5), seed)
    descriptors, memory = calm(fault)
    done = abort(count, seed + 1000)
    fault.expect(done >= count * 0.99, f"only {done} of {count} could be aborted")
    fault.eventually("descriptors are closed", lambda: fault.proxy.descriptors() <= descriptors + 32)
    after, grown = calm(fault)
    fault.facts = {"aborted": done, "descriptorsBefore": descriptors, "descriptorsAfter": after,
                   "bytesBefore": memory, "bytesAfter": grown}
    # 128 bytes a connection, or what an allocator may need for a hundred connections at a time
    allowed = max(4 << 20, 128 * count)
    fault.expect(grown - memory <= allowed, f"memory grew from {memory} to {grown}")
    fault.expect_served()


def calm(fault):
    """Descriptors and memory, once neither has moved for two seconds; 30 s at most."""
    last, since, deadline = None, time.monotonic(), time.monotonic() + 30
    while time.monotonic() < deadline:
        seen = fault.proxy.descriptors(), fault.proxy.memory() >> 18
        if seen != last:
            last, since = seen, time.monotonic()
        if time.monotonic() - since >= 2:
            break
        time.sleep(0.1)
    return fault.proxy.descriptors(), fault.proxy.memory()


def slow(fault):
    count = fault.options.count or 10_000
    crowd = programs.build("crowd", fault.folder)
    fault.start_upstream()
    fault.start_proxy("patient")
    with load.Load(fault.proxy.port, threads=2, limit=10) as clients:
        clients.wait_for("the load runs", 200)
        before = fault.proxy.descriptors()
        process = subprocess.Popen([crowd, "slow", str(fault.proxy.port), str(count), "500"], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        words = process.stdout.readline().split()
        fault.facts.update(connected=int(words[1]) + int(words[3]))
        clients.wait_for("others are served beside the slow ones", 200)
        fault.eventually("the slow ones are ended", lambda: fault.proxy.descriptors() <= before + 16, limit=90)
        left = int(process.communicate()[0].split()[-1])
    fault.facts["left"] = left
    fault.expect(left == 0, f"{left} slow connections are still open")
    fault.expect_clean(clients)
    fault.expect(set(clients.statuses) == {200} and clients.cut == 0, f"{dict(clients.statuses)}, {clients.cut} cut")
    fault.expect_served()


def leavers(fault):
    count = fault.options.count or 400
    fault.start_upstream()
    fault.start_proxy("leavers", page="x" * 200_000)
    for number in range(count):
        leaver = client.Client(fault.proxy.port)
        leaver.send(load.GET % b"/page" if number % 2 else several_requests())
        leaver.reset()
    calm(fault)
    # Concurrent ones, since it takes two to get the answers mixed up.
    for turn in range(5):
        askers = []
        for number in range(60):
            askers.append((b"/mine-%d-%d?delay=0.05" % (turn, number), client.Client(fault.proxy.port)))
            askers[-1][1].send(load.GET % askers[-1][0])
        for target, asker in askers:
            try:
                body = asker.receive().body
                fault.expect(target in body, f"{target} is answered {body[:60]}")
            except (OSError, client.Closed, client.TooLate, client.MalformedAnswer) as error:
                fault.problems.append(f"{target}: {error}")
            asker.close()
    fault.expect_served()


def several_requests():
    """The first is answered at once, so that the others are read when the socket is known to be broken."""
    def request(stream, path):
        fields = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", path), (b":authority", b"load.test")]
        return frames.headers(stream, frames.block(fields))

    later = b"".join(request(3 + 2 * number, b"/later?delay=0.1") for number in range(20))
    return frames.PREFACE + frames.settings() + request(1, b"/page") + later


def flaky(fault):
    count = fault.options.count or 3000
    fault.start_upstream()
    fault.start_proxy("patient")
    shares = {}
    for name in ("plain", "retried"):
        connection, failed = client.Client(fault.proxy.port), 0
        for _ in range(count):
            connection.send(load.GET % f"/{name}?flaky=12.7".encode())
            failed += connection.receive().status != 200
            connection.log.clear()
        shares[name] = 100 * failed / count
    fault.facts = shares
    # Six standard deviations of a binomial around 12.7 %, and around its third power.
    fault.expect(abs(shares["plain"] - 12.7) < 6 * 33.3 / count ** 0.5, f"without retries {shares['plain']:.2f} %")
    fault.expect(shares["retried"] < 0.21 + 6 * 4.6 / count ** 0.5, f"with two retries {shares['retried']:.2f} %")


FAULTS = {function.__name__: function for function in (restart, reload, aborts, slow, leavers, flaky)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(FAULTS))
    parser.add_argument("--against", choices=list(proxies.SUFFIX), default="apus")
    parser.add_argument("--apus", default="apus", metavar="PATH")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    fault = Fault(options)
    try:
        FAULTS[options.name](fault)
    except OSError as error:
        has_ended = fault.proxy is not None and fault.proxy.has_ended()
        fault.problems.append(f"{error}{': the gateway has ended' if has_ended else ''}")
    finally:
        fault.stop()
    print(json.dumps({"problems": fault.problems, "facts": fault.facts}))
    sys.exit(1 if fault.problems else 0)


if __name__ == "__main__":
    main()
