#!/usr/bin/env python3
"""Runs the rows of caching_cases.py through a gateway between a client and an origin that gives what the row says.

    caching_table.py APUS FOLDER [--only PATTERN] [--counts]

Rows run side by side, each with a URL of its own. Says what is wrong, one row a line, and ends with 1 when something
is. A row that is declined must fail: else its reason is gone. `--counts` says how many hold.
"""

import argparse
import asyncio
import collections
import email.utils
import re
import sys
import time

import caching
import caching_cases
from caching_cases import ANY, DATE, ETAG, FETCHED, HIT

CONFIGURATION = """
admin: { listen: "127.0.0.1:0" }
gateway:
  listen: 127.0.0.1:0
  routes:
    - match: { path: / }
      upstream: app
      cache: {}
    - match: { path: /guess }
      upstream: app
      cache: { heuristic: true }
  upstreams:
    app: { hosts: ["127.0.0.1:%d"] }
"""
SIDE_BY_SIDE = 150
LIMIT = 15
# What the client of the public suite sends with each request. The first two keep its own library from caching.
USUAL = {"Pragma": "foo", "Cache-Control": "nothing-to-see-here", "Accept": "*/*", "Accept-Language": "*",
         "User-Agent": "node",
         "Accept-Encoding": "gzip, deflate"}
BODILESS = (204, 304)


def date(seconds, form=""):
    if form == "rfc850":
        return time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(seconds))
    return email.utils.formatdate(seconds, usegmt=True)


def filled(text, now, url):
    """With dates and the case's own path in place of their braces."""
    def one(found):
        return date(now + int(found[1] or 0), (found[2] or "").strip())

    return re.sub(r"\{now([+-]\d+)?( rfc850)?\}", one, text).replace("{self}", url)


def pairs(lines):
    split = (line.partition(":") for line in lines)
    return [(name.strip().lower(), value.strip()) for name, _, value in split]


def value(fields, name):
    found = [text for key, text in fields if key == name.lower()]
    return ", ".join(found) if found else None


async def read_head(reader):
    """The first line and the fields."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
    return lines[0], pairs(line for line in lines[1:] if line)


class Run:
    """One row on its way: what the origin was asked, and what the client got."""

    def __init__(self, case, number):
        self.case, self.now, self.problems = case, time.time(), []
        self.url = f"{'/guess' if case.guesses else '/t'}/{number}"
        self.asked = []
        self.given = {}

    def expect(self, step, good, text):
        if not good:
            self.problems.append(f"{step}: {text}")

    # The origin's side

    def answer(self, method, fields):
        """The bytes for a request of this row; None to break off."""
        number = int(value(fields, "req-num"))
        step = self.case.steps[number - 1]
        now = int(time.time())
        given = [(name, filled(text, now, self.url)) for name, text in pairs(step.gives)]
        self.asked.append((number, method, fields))
        self.given.setdefault(number, (now, given))
        if step.closes:
            return None
        status = self.status(number, step, fields)
        said = [("server-request-count", str(len(self.asked))), ("client-request-count", str(number)),
                ("server-now", str(now))]
        body = self.body(step)
        if status not in BODILESS and value(given, "content-length") is None:
            said.append(("content-length", str(len(body))))
        lines = [f"HTTP/1.1 {code} X\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n"
                 for code, *lines in step.interims]
        head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {text}\r\n" for name, text in said + given) + "\r\n"
        return "".join(lines + [head]).encode("latin1") + (b"" if method == "HEAD" or status in BODILESS else body)

    def status(self, number, step, fields):
        """304 where the row wants to be asked about what it gave before, and is."""
        if step.want not in (ETAG, DATE):
            return step.status
        _, before = self.given.get(number - 1) or (0, pairs(self.case.steps[number - 2].gives))
        name, condition = ("etag", "if-none-match") if step.want == ETAG else ("last-modified", "if-modified-since")
        own = value(before, name)
        return 304 if own is not None and value(fields, condition) == own else 599

    def body(self, step):
        return (step.body or self.url).encode()

    # The client's side

    async def run(self, port):
        for number, step in enumerate(self.case.steps, 1):
            try:
                await asyncio.wait_for(self.step(port, number, step), LIMIT)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.problems.append(f"{number}: no answer: {error!r}")
            if self.problems:
                return
            await asyncio.sleep(step.wait)

    async def step(self, port, number, step):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(self.request(port, number, step))
            status, fields, body, interims = await self.read(reader, step)
        finally:
            writer.close()
        self.check(number, step, status, fields, body)
        sent = [] if step.want == HIT else [code for code, *_ in step.interims]
        self.expect(number, interims == sent, f"interim answers {interims}, not {sent}")

    def request(self, port, number, step):
        own = pairs(filled(line, time.time(), self.url) for line in step.sends_fields)
        usual = dict(USUAL)
        lines = []
        for name, text in own:
            joined = next((key for key in ("Pragma", "Cache-Control") if key.lower() == name), None)
            if joined:
                usual[joined] += f", {text}"
                continue
            usual = {key: kept for key, kept in usual.items() if key.lower() != name}
            lines.append(f"{name}: {text}")
        target = self.url + step.path + (f"?{step.query}" if step.query else "")
        sent = (step.sends or "").encode()
        head = [f"{step.method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Req-Num: {number}"]
        head += [f"{name}: {text}" for name, text in usual.items()] + lines
        head += [f"Content-Length: {len(sent)}"] if step.sends else []
        return ("\r\n".join(head) + "\r\n\r\n").encode("latin1") + sent

    async def read(self, reader, step):
        interims = []
        while True:
            line, fields = await read_head(reader)
            status = int(line.split(" ")[1])
            if status >= 200:
                break
            interims.append(status)
        body = b""
        if step.method != "HEAD" and status not in BODILESS:
            length = value(fields, "content-length")
            body = await (reader.readexactly(int(length)) if length else reader.read())
        return status, fields, body.decode("latin1"), interims

    def check(self, number, step, status, fields, body):
        self.check_source(number, step, status, fields)
        answered = self.case.steps[self.source(fields) - 1] if step.want == HIT and self.source(fields) else step
        wanted = step.comes or (answered.status if step.want not in (ETAG, DATE) else 200)
        self.expect(number, status == wanted, f"status {status}, not {wanted}")
        if step.reads is not None:
            self.expect(number, body == step.reads, f"body {body!r}, not {step.reads!r}")
        elif status not in (*BODILESS, 206, 416, 502, 504) and step.method != "HEAD":
            self.expect(number, body == self.body(answered).decode(), f"body {body!r}")
        self.check_fields(number, step, fields)
        self.check_asked(number, step)

    def source(self, fields):
        """Which step's answer the client has got, as far as it says so."""
        text = value(fields, "client-request-count")
        return int(text) if text else 0

    def check_source(self, number, step, status, fields):
        seen = [asked for asked in self.asked if asked[0] == number]
        if step.want == HIT:
            good = self.source(fields) < number if self.source(fields) else not seen
            self.expect(number, good, f"not from the cache: {self.told(fields)}")
        elif step.want == FETCHED:
            self.expect(number, self.source(fields) == number, f"from the cache: {self.told(fields)}")
        elif step.want in (ETAG, DATE):
            condition = "if-none-match" if step.want == ETAG else "if-modified-since"
            self.expect(number, len(seen) == 1 and value(seen[0][2], condition), f"asked without {condition}")
        if not step.closes:
            self.expect(number, len(seen) < 2, "the origin was asked twice")

    def told(self, fields):
        return value(fields, "cache-status") or "no Cache-Status"

    def check_fields(self, number, step, fields):
        now, given = self.given.get(self.source(fields) or number, (0, []))
        for line in step.shows:
            name, operator, text = re.match(r"([\w-]+)\s*([:>])\s*(.*)", line).groups()
            found = value(fields, name)
            text = filled(text, now, self.url)
            good = found is not None and (found == text if operator == ":" else int(found) > int(text))
            self.expect(number, good, f"{name} is {found!r}, not {operator} {text!r}")
        for name in step.hides:
            self.expect(number, value(fields, name) is None, f"{name} is {value(fields, name)!r}")
        if number not in self.given or step.want == HIT or step.closes:
            return
        _, given = self.given[number]
        for name in {name for name, _ in given} - {"date", "age", *step.quiet}:
            self.expect(number, value(fields, name) == value(given, name),
                        f"{name} is {value(fields, name)!r} on its way")

    def check_asked(self, number, step):
        if not step.told and not step.untold:
            return
        seen = next((asked for asked in self.asked if asked[0] == number), None)
        if seen is None:
            return self.expect(number, False, "the origin was not asked")
        for line in step.told:
            if line.startswith("method "):
                self.expect(number, seen[1] == line[7:], f"asked with {seen[1]}")
            else:
                (name, text), = pairs([line])
                self.expect(number, value(seen[2], name) == text, f"asked with {name} {value(seen[2], name)!r}")
        for name in step.untold:
            self.expect(number, value(seen[2], name) is None, f"asked with {name}")


class Origin:
    def __init__(self, runs):
        self.runs, self.connections = {run.url: run for run in runs}, set()

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self):
        """Once the gateway has ended, its connections have, too."""
        await asyncio.gather(*self.connections)

    async def serve(self, reader, writer):
        self.connections.add(asyncio.current_task())
        try:
            while True:
                line, fields = await read_head(reader)
                method, target, _ = line.split(" ")
                await reader.readexactly(int(value(fields, "content-length") or 0))
                run = self.runs["/".join(target.split("?")[0].split("/")[:3])]
                answer = run.answer(method, fields)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def run_all(options):
    cases = [case for case in caching_cases.ALL if re.search(options.only, case.name)]
    # Those that wait longest begin first.
    cases.sort(key=lambda case: -sum(step.wait for step in case.steps))
    runs = [Run(case, number) for number, case in enumerate(cases)]
    origin = Origin(runs)
    await origin.start()
    gateway = await asyncio.to_thread(caching.Gateway, options.apus, options.folder, CONFIGURATION % origin.port)
    turn = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(run):
        async with turn:
            await run.run(gateway.port)

    try:
        await asyncio.gather(*(one(run) for run in runs))
    finally:
        await asyncio.to_thread(gateway.stop)
        await origin.stop()
    return runs


def report(runs, counts):
    wrong = 0
    tally = collections.Counter()
    for run in runs:
        tally[run.case.kind, bool(run.problems)] += 1
        if bool(run.problems) != (run.case.declined is not None):
            wrong += 1
            said = "; ".join(run.problems) or f"holds now, though declined: {run.case.declined}"
            print(f"{run.case.kind} {run.case.name}: {said}")
    if counts:
        for kind in ("must", "should", "may"):
            print(f"{kind}: {tally[kind, False]} of {tally[kind, False] + tally[kind, True]}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("apus")
    parser.add_argument("folder")
    parser.add_argument("--only", default="")
    parser.add_argument("--counts", action="store_true")
    options = parser.parse_args()
    return report(asyncio.run(run_all(options)), options.counts)


if __name__ == "__main__":
    sys.exit(main())
