#!/usr/bin/env python3
"""A TCP proxy on loopback that cuts, stalls or delays what it forwards, and counts it.

    cutproxy.py --to PORT [--listen PORT] [--cut-after N --from client|server [--how reset|close|stall]]
                [--connection K] [--delay-ms RTT] [--report FILE]
    ssh -o ProxyCommand='cutproxy.py --stdio --to %p …' …

Listening, it prints `{"port": …}` and works until standard input ends or SIGTERM; then it prints its report (or writes
it to FILE): `{"open", "clientBytes", "serverBytes", "roundTrips", "connections": [{"clientBytes", "serverBytes",
"roundTrips", "seconds", "end"}]}`. With --stdio the client is standard input and output, and only FILE gets the report.

Exactly N bytes of the side that --from names arrive at the other one, never one more; N = 0 cuts at the first moment.
Both ends have taken what was forwarded before `reset` sends them an RST, `close` an end of file (and an RST to one that
still sends); `stall` keeps both open and forwards nothing from then on. --connection K cuts the K-th connection only
(from 1), otherwise each one is cut.

A delay is a round-trip time: each direction takes half, and a connection first takes its handshake. Bandwidth is not
limited. `roundTrips` counts how often the server spoke after the client had; `end` is open, eof, cut, stalled, lost or
refused. At most 1024 connections are open at a time (the rest wait in the backlog); 64 pieces of 64 KiB are on the way
in each direction; the report lists the last 1000 connections.
"""

import argparse
import asyncio
import collections
import contextlib
import fcntl
import json
import os
import signal
import socket
import struct
import termios
import time

PIECE, PIECES, CONNECTIONS, REPORTED = 65536, 64, 1024, 1000
SIOCOUTQ = termios.TIOCOUTQ
CUT = object()  # what stands in a queue behind the last byte that is let through


async def ready(descriptor, writing=False):
    """Returns when the descriptor can be read, or written."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    add(descriptor, lambda: future.done() or future.set_result(None))
    try:
        await future
    finally:
        remove(descriptor)


class End:
    """One side of a connection: a socket, or a pair of descriptors."""

    def __init__(self, source, sink, sock=None):
        self.source, self.sink, self.socket = source, sink, sock
        for descriptor in (source, sink):
            os.set_blocking(descriptor, False)

    @classmethod
    def of(cls, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock.fileno(), sock.fileno(), sock)

    async def read(self):
        while True:
            try:
                return os.read(self.source, PIECE)
            except BlockingIOError:
                await ready(self.source)

    async def write(self, data):
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.sink, view):]
            except BlockingIOError:
                await ready(self.sink, writing=True)

    async def taken(self):
        """Waits until the kernel at the other end has all that was written; for 5 s at most."""
        end = time.monotonic() + 5
        while self.socket and time.monotonic() < end:
            if struct.unpack("i", fcntl.ioctl(self.sink, SIOCOUTQ, b"\0" * 4))[0] == 0:
                return
            await asyncio.sleep(0.001)

    def finish_writing(self):
        with contextlib.suppress(OSError):
            if self.socket:
                self.socket.shutdown(socket.SHUT_WR)
            else:
                os.close(self.sink)

    def close(self, reset=False):
        if self.socket:
            if reset:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
        else:
            os.closerange(0, 2)


class Connection:
    """Forwards between two ends until both are at their end, or the cut."""

    def __init__(self, number, rules):
        self.rules = rules
        self.left = None  # bytes that the cut side may still send
        if rules.cut_after is not None and rules.connection in (None, number):
            self.left = rules.cut_after
        self.bytes = {"client": 0, "server": 0}
        self.speaker, self.round_trips, self.how = None, 0, "open"
        self.started, self.ended = time.monotonic(), None

    def report(self):
        seconds = (self.ended or time.monotonic()) - self.started
        return {"clientBytes": self.bytes["client"], "serverBytes": self.bytes["server"],
                "roundTrips": self.round_trips, "seconds": round(seconds, 6), "end": self.how}

    def count(self, side, size):
        if side == "server" and self.speaker == "client":
            self.round_trips += 1
        self.speaker = side
        self.bytes[side] += size

    async def take(self, side, end, queue):
        """Reads a side into its queue, with the time at which each piece is due at the other end."""
        cuts = side == self.rules.side and self.left is not None
        while not (cuts and self.left == 0):
            data = await end.read()
            if cuts:
                data = data[: self.left]
                self.left -= len(data)
            if data:
                self.count(side, len(data))
            await queue.put((time.monotonic() + self.rules.delay, data))
            if not data:
                return
        await queue.put((0, CUT))

    async def give(self, end, queue):
        """Writes what a queue holds; True when that ends with the cut."""
        while True:
            due, data = await queue.get()
            if due > time.monotonic():
                await asyncio.sleep(due - time.monotonic())
            if data is CUT:
                return True
            if not data:
                end.finish_writing()
                return False
            await end.write(data)

    async def forward(self, client, server):
        tasks, gives = [], []
        for side, source, sink in (("client", client, server), ("server", server, client)):
            queue = asyncio.Queue(PIECES)
            tasks.append(asyncio.create_task(self.take(side, source, queue)))
            gives.append(asyncio.create_task(self.give(sink, queue)))
        tasks += gives
        try:
            pending = set(tasks)
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                if any(task in gives and task.result() for task in done):
                    return "cut"
                for task in done:
                    task.result()
            return "eof"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self, client, port):
        server, reset = None, False
        try:
            await asyncio.sleep(self.rules.delay * 3)  # SYN, SYN and ACK, ACK; the first bytes come behind them
            sock = socket.socket()
            sock.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
            except OSError:
                sock.close()
                raise
            server = End.of(sock)
            self.how = await self.forward(client, server)
            if self.how == "cut":
                await asyncio.gather(client.taken(), server.taken())
                reset = self.rules.how == "reset"
                if self.rules.how == "stall":
                    self.how = "stalled"
                    await asyncio.get_running_loop().create_future()  # for ever, that is until the proxy ends
        except OSError:
            self.how, reset = ("lost" if server else "refused"), True
        finally:
            self.ended = time.monotonic()
            for end in (client, server):
                if end:
                    end.close(reset)


class Proxy:
    """The connections of any number of listening sockets; `changed` is called when one starts or ends."""

    def __init__(self, rules, changed=lambda: None):
        self.rules, self.changed = rules, changed
        self.number, self.open = 0, 0
        self.totals = collections.Counter(clientBytes=0, serverBytes=0, roundTrips=0)
        self.connections = collections.deque(maxlen=REPORTED)
        self.running, self.slots = set(), asyncio.Semaphore(CONNECTIONS)

    async def carry(self, client, port):
        self.number += 1
        connection = Connection(self.number, self.rules)
        self.running.add(connection)
        self.changed()
        try:
            await connection.run(client, port)
        finally:
            self.running.discard(connection)
            report = connection.report()
            self.connections.append(report)
            self.totals.update({key: report[key] for key in self.totals})
            self.slots.release()
            self.changed()

    async def listen(self, listener, port):
        listener.setblocking(False)
        tasks = set()
        while True:
            await self.slots.acquire()
            sock, _ = await asyncio.get_running_loop().sock_accept(listener)
            task = asyncio.create_task(self.carry(End.of(sock), port))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    def report(self):
        open_now = [connection.report() for connection in self.running]
        totals = collections.Counter(self.totals)
        for report in open_now:
            totals.update({key: report[key] for key in self.totals})
        return {"open": len(open_now), **totals, "connections": list(self.connections) + open_now}


class Rules:
    """What is done to the bytes: a cut, a delay (one way, in seconds)."""

    def __init__(self, cut_after=None, side="client", how="reset", connection=None, round_trip_ms=0.0):
        self.cut_after, self.side, self.how, self.connection = cut_after, side, how, connection
        self.delay = round_trip_ms / 2000


def listening(port=0):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def write_whole(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)


async def told_to_end():
    """Returns at SIGTERM, SIGINT and at the end of standard input."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)

    def drain():
        if not os.read(0, PIECE):
            loop.remove_reader(0)
            told.set()

    try:
        loop.add_reader(0, drain)
    except PermissionError:  # a file or /dev/null: what epoll cannot watch is at its end already
        return
    await told.wait()


async def serve(options, rules):
    proxy = Proxy(rules)
    if options.stdio:
        ending = [asyncio.create_task(proxy.carry(End(0, 1), options.to))]
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending[0].cancel)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, ending[0].cancel)
    else:
        listener = listening(options.listen)
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        ending = [asyncio.create_task(told_to_end()), asyncio.create_task(proxy.listen(listener, options.to))]
    await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
    text = json.dumps(proxy.report())
    if options.report:
        write_whole(options.report, text + "\n")
    elif not options.stdio:
        print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=int, required=True, metavar="PORT")
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="default: a free one")
    parser.add_argument("--stdio", action="store_true", help="be a ProxyCommand: one connection")
    parser.add_argument("--cut-after", type=int, metavar="N")
    parser.add_argument("--from", dest="side", choices=["client", "server"], default="client")
    parser.add_argument("--how", choices=["reset", "close", "stall"], default="reset")
    parser.add_argument("--connection", type=int, metavar="K")
    parser.add_argument("--delay-ms", type=float, default=0, metavar="RTT")
    parser.add_argument("--report", metavar="FILE")
    options = parser.parse_args()
    rules = Rules(options.cut_after, options.side, options.how, options.connection, options.delay_ms)
    asyncio.run(serve(options, rules))


if __name__ == "__main__":
    main()
