#!/usr/bin/env python3
"""Runs cases/*.case through a gateway between a client of bytes and a strict upstream that keeps what it gets.

    conformance.py [--against apus|nginx|haproxy] [--apus PATH] [--only PATTERN] [--output text|json|table] [--verbose]

Cases of one profile run one after another through one gateway; profiles run side by side. After each case a request of
ours (`/fence/N`) goes through: it shows that the gateway lives and that no connection to the upstream is out of step. Of
every case it holds that nothing malformed reaches the upstream, and that what the client gets is well-formed.

json prints a line a case: name, title, rfc, level, passed, problems, log. The exit code is 0 when all that ran passed.
"""

import argparse
import asyncio
import concurrent.futures
import json
import re
import shutil
import ssl
import sys
import tempfile
import threading
import time

import cases
import client
import proxies
import upstream

SETTLE_LIMIT = 3


class Lane:
    """One gateway and its upstream, for the cases of one profile."""

    def __init__(self, profile, options, folder):
        # Of a profile whose name begins with `tls` the client speaks TLS, unless a case says otherwise.
        self.context = None
        if profile.startswith("tls"):
            self.context = ssl.create_default_context()
            self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
            self.context.set_alpn_protocols(["http/1.1"])
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.upstream = upstream.Upstream()
        asyncio.run_coroutine_threadsafe(self.upstream.start(), self.loop).result()
        self.arguments = (options.against, profile, self.upstream.port, f"{folder}/{profile}", options.apus)
        self.proxy = proxies.Proxy(*self.arguments)
        self.fences = 0

    def run(self, case):
        """(problems, log)"""
        self.upstream.forget()
        for section in case.answers:
            self.upstream.answers.append(upstream.Answer(section.bytes(), tuple(section.words)))
        talk = Talk(self, case)
        problems = talk.run()
        problems += self.fence() + self.check(case)
        if self.proxy.has_ended():
            problems.append(f"the gateway has ended: {self.proxy.said()}")
            self.proxy = proxies.Proxy(*self.arguments)
        return problems, talk.log

    def fence(self, connection=None):
        self.fences += 1
        path = f"/fence/{self.fences}"
        try:
            probe = connection or client.Client(self.proxy.port, context=self.context)
            probe.send(f"GET {path} HTTP/1.1\r\nHost: fence.test\r\n\r\n".encode())
            answer = probe.receive()
            if connection is None:
                probe.close()
        except (OSError, client.Closed, client.TooLate, client.MalformedAnswer) as error:
            return [f"the next request gets no answer: {error}"]
        wanted = f"GET {path}\n".encode()
        if answer.status != 200 or answer.body != wanted:
            return [f"the next request gets the answer of another: {answer.status} {answer.body[:200]!r}"]
        return []

    def check(self, case):
        directives = [line for section in case.upstream for line in section.directives()]
        for directive in directives:
            if found := re.match(r"requests (\d+)$", directive):
                self.upstream.wait_for(int(found[1]), SETTLE_LIMIT)
        self.settle()
        requests = self.upstream.seen()
        problems = []
        for request in requests:
            problems += [f"malformed at the upstream: {fault} in {request.head!r}" for fault in request.faults]
        problems += [f"the upstream got bytes that are no request: {left!r}" for left in self.upstream.leftovers]
        for directive in directives:
            if complaint := cases.check_upstream(directive, requests):
                problems.append(f"upstream: {directive}: {complaint}")
        return problems

    def settle(self):
        deadline = time.monotonic() + SETTLE_LIMIT
        while any(not request.over for request in self.upstream.seen()) and time.monotonic() < deadline:
            time.sleep(0.005)

    def stop(self):
        self.proxy.stop()
        asyncio.run_coroutine_threadsafe(self.upstream.stop(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)


class Talk:
    """The client's side of one case."""

    def __init__(self, lane, case):
        self.lane, self.case, self.log = lane, case, []
        self.client = None
        self.connect()

    def connect(self):
        if self.client:
            self.client.close()
        context = self.lane.context if self.case.speaks == "profile" else None
        self.client = client.Client(self.lane.proxy.port, context=context)
        self.client.log = self.log

    def run(self):
        problems = []
        for step in self.case.steps:
            try:
                problems += getattr(self, step.name.replace("-", "_"))(step)
            except (OSError, client.Closed, client.TooLate, client.MalformedAnswer) as error:
                problems.append(f"{step.name}: {error}")
            if problems:
                break
        self.client.close()
        return problems

    def send(self, step):
        self.client.send(step.bytes())
        return []

    def receive(self, step):
        directives = step.directives()
        may_close = any(line.startswith("status ") and "closed" in line.split()[-1].split("|") for line in directives)
        method = next((word for word in step.words if word.isupper()), "GET")
        count = next((int(word[1:]) for word in step.words if re.match(r"x\d+$", word)), 1)
        problems = []
        for _ in range(count):
            try:
                if "interim" in step.words:
                    answer = self.client.receive_head(time.monotonic() + self.client.limit)
                else:
                    answer = self.client.receive(method)
            except client.Closed as end:
                if may_close and not end.left:
                    return []
                raise
            problems += self.check(directives, answer, step)
        return problems

    def check(self, directives, answer, step):
        problems = []
        for directive in directives:
            if directive == "closed":
                problems += self.closed(step)
            elif directive == "open":
                problems += self.lane.fence(self.client)
            elif complaint := cases.check_answer(directive, answer):
                problems.append(f"answer: {directive}: {complaint}")
        return problems

    def closed(self, step):
        try:
            left = self.client.expect_end()
        except client.TooLate:
            return ["the connection stays open"]
        return [f"in place of the end came {left[:200]!r}"] if left else []

    def closed_early(self, step):
        """The answer is cut, and it shows: a 502 in its place, or an end before it is whole."""
        try:
            answer = self.client.receive()
        except (client.Closed, client.MalformedAnswer):
            return []
        return [] if answer.status in (502, 504) else [f"a cut answer looks whole: {answer.status}, {answer.framing}"]

    def bytes(self, step):
        wanted = step.bytes()
        seen = self.client.take(len(wanted), time.monotonic() + self.client.limit)
        return [] if seen == wanted else [f"came {seen!r} in place of {wanted!r}"]

    def half_close(self, step):
        self.client.half_close()
        return []

    def reset(self, step):
        self.client.reset()
        return []

    def reconnect(self, step):
        self.connect()
        return []

    def until(self, step):
        """`until upstream has N`"""
        there = self.lane.upstream.wait_for(int(step.words[-1]), SETTLE_LIMIT)
        return [] if there else [f"the upstream has not got {step.words[-1]} requests"]


def run_profile(profile, chosen, options, folder):
    lane = Lane(profile, options, folder)
    try:
        for case in chosen:
            problems, log = lane.run(case)
            yield {"name": case.name, "title": case.title, "rfc": case.rfc, "level": case.level,
                   "passed": not problems, "problems": problems, "log": log}
    finally:
        lane.stop()


def report(result, options):
    if options.output == "json":
        print(json.dumps(result), flush=True)
        return
    if result["passed"] and not options.verbose:
        return
    print(f"{'ok  ' if result['passed'] else 'FAIL'} {result['name']} ({result['level']}): {result['title']}")
    for problem in result["problems"]:
        print(f"       {problem}")
    if options.verbose:
        for line in result["log"]:
            print(f"         {line}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", choices=list(proxies.SUFFIX), default="apus")
    parser.add_argument("--apus", default="apus", metavar="PATH")
    parser.add_argument("--only", default="", metavar="PATTERN", help="a part of the names, as a regular expression")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    parser.add_argument("--verbose", action="store_true", help="all cases, and what went over the client's connection")
    parser.add_argument("--list", action="store_true", help="print the cases only")
    return parser.parse_args()


def main():
    options = arguments()
    chosen = [case for case in cases.all_cases() if re.search(options.only, case.name)]
    if options.list:
        for case in chosen:
            print(f"{case.name}\t{case.level}\t{case.rfc}\t{case.title}")
        return
    profiles = {}
    for case in chosen:
        profiles.setdefault(case.profile, []).append(case)
    folder, results = tempfile.mkdtemp(prefix="apus-conformance-"), []
    # print writes a line and its end one after the other: two profiles would mix theirs.
    reporting = threading.Lock()

    def work(profile):
        for result in run_profile(profile, profiles[profile], options, folder):
            with reporting:
                results.append(result)
                report(result, options)

    try:
        with concurrent.futures.ThreadPoolExecutor(max(1, len(profiles))) as pool:
            list(pool.map(work, profiles))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed = sum(not result["passed"] for result in results)
    must = sum(not result["passed"] and result["level"] == "must" for result in results)
    print(f"{options.against}: {len(results)} cases, {failed} failed, of these {must} of level must", file=sys.stderr)
    sys.exit(1 if failed or len(results) < len(chosen) else 0)


if __name__ == "__main__":
    main()
