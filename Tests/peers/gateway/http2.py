#!/usr/bin/env python3
"""HTTP/2 towards clients, frame by frame: what RFC 9113 and RFC 7541 ask of a server, and what a gateway must hold
besides.

    http2.py [--apus PATH] [--only PATTERN] [--limit SECONDS] [--output text|json] [--verbose]

Each case has a connection of its own; it is run by prior knowledge and again over TLS with ALPN. After it a request by
another connection shows that the gateway lives, and nothing malformed may have reached the upstream.

json prints a line a case: name, rfc, passed, problems, log. The exit code is 0 when all that ran passed.
"""

import argparse
import asyncio
import concurrent.futures
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import cases
import frames
import http2_cases
import http2_client
import http2_more
import proxies
import upstream


class Lane:
    """One gateway and its upstream; clients come plain or with TLS."""

    def __init__(self, scheme, options, folder):
        self.scheme, self.limit, self.fences = scheme, options.limit, 0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.upstream = upstream.Upstream()
        asyncio.run_coroutine_threadsafe(self.upstream.start(), self.loop).result()
        # Connections to it are made, and nobody reads from them.
        self.deaf = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.apus, self.folder = options.apus, f"{folder}/{scheme}"
        self.context = None
        if scheme == "https":
            self.context = ssl.create_default_context()
            self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
            self.context.set_alpn_protocols(["h2"])
        self.start()

    def start(self):
        self.secure = proxies.free_port()
        values = {"secure": self.secure, "deaf": self.deaf.getsockname()[1]}
        self.proxy = proxies.Proxy("apus", "http2", self.upstream.port, self.folder, self.apus, values=values)

    def session(self):
        port = self.secure if self.context else self.proxy.port
        return http2_client.Session(port, self.context, self.limit)

    def run(self, case):
        """(problems, log)"""
        self.upstream.forget()
        session = self.session()
        session.lane = self
        problems = []
        try:
            self.talk(case, session)
            self.check(case.upstream)
        except http2_client.Ended:
            problems.append(f"the connection ended early: {session.seen()}")
        except (http2_client.Failed, frames.Malformed, OSError) as error:
            problems.append(f"{type(error).__name__}: {error}")
        session.close()
        if case.ends:
            problems += self.end()
        problems += self.fence() + self.faults()
        if self.proxy.has_ended():
            problems.append(f"the gateway has ended: {self.proxy.said()}")
            self.start()
        return problems, session.log

    def talk(self, case, session):
        if case.greets:
            session.shake_hands()
        for step in case.steps:
            if isinstance(step, bytes):
                session.send(step)
            else:
                step(session)
        case.awaited(session)

    def check(self, directives):
        for directive in directives:
            if directive != "requests 0":
                self.upstream.wait_for(1, self.limit)
                self.settle()
            if complaint := cases.check_upstream(directive, self.upstream.seen()):
                raise http2_client.Failed(f"upstream: {directive}: {complaint}")

    def settle(self):
        deadline = time.monotonic() + self.limit
        while any(not request.over for request in self.upstream.seen()) and time.monotonic() < deadline:
            time.sleep(0.005)

    def end(self):
        try:
            self.proxy.process.wait(self.limit)
        except subprocess.TimeoutExpired:
            self.proxy.stop()
            self.start()
            return ["the gateway does not end"]
        code = self.proxy.process.returncode
        self.start()
        return [f"the gateway's exit code is {code}"] if code else []

    def fence(self):
        self.fences += 1
        path = f"/fence/{self.fences}"
        session = self.session()
        try:
            session.shake_hands()
            session.send(frames.headers(1, http2_cases.Ask(self.scheme)(path=path)))
            answer = session.answer()
        except (OSError, http2_client.Ended, http2_client.Failed, frames.Malformed) as error:
            return [f"the next request gets no answer: {type(error).__name__} {error}"]
        finally:
            session.close()
        good = answer.status == 200 and answer.body == f"GET {path}\n".encode()
        return [] if good else [f"the next request gets the answer of another: {answer}"]

    def faults(self):
        problems = [f"malformed at the upstream: {fault} in {request.head!r}" for request in self.upstream.seen()
                    for fault in request.faults]
        return problems + [f"the upstream got bytes that are no request: {left!r}" for left in self.upstream.leftovers]

    def stop(self):
        self.proxy.stop()
        self.deaf.close()
        asyncio.run_coroutine_threadsafe(self.upstream.stop(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)


def run_scheme(scheme, chosen, options, folder):
    lane = Lane(scheme, options, folder)
    try:
        for case in chosen:
            problems, log = lane.run(case)
            yield {"name": f"{scheme}-{case.name}", "rfc": case.rfc, "passed": not problems, "problems": problems,
                   "log": log}
    finally:
        lane.stop()


def report(result, options):
    if options.output == "json":
        print(json.dumps(result), flush=True)
        return
    if result["passed"] and not options.verbose:
        return
    print(f"{'ok  ' if result['passed'] else 'FAIL'} {result['name']} ({result['rfc']})")
    for problem in result["problems"]:
        print(f"       {problem}")
    if options.verbose:
        for line in result["log"]:
            print(f"         {line}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", choices=["apus"], default="apus")
    parser.add_argument("--apus", default="apus", metavar="PATH")
    parser.add_argument("--only", default="", metavar="PATTERN", help="a part of the names, as a regular expression")
    parser.add_argument("--limit", type=float, default=5, metavar="SECONDS", help="how long an answer is awaited")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    parser.add_argument("--verbose", action="store_true", help="all cases, and the frames")
    parser.add_argument("--list", action="store_true", help="print the cases only")
    return parser.parse_args()


def main():
    options = arguments()
    tables = {scheme: [case for case in http2_cases.all_cases(scheme) + http2_more.all_cases(scheme)
                       if re.search(options.only, f"{scheme}-{case.name}")] for scheme in ("http", "https")}
    if options.list:
        for scheme, chosen in tables.items():
            for case in chosen:
                print(f"{scheme}-{case.name}\t{case.rfc}")
        return
    folder, results, reporting = tempfile.mkdtemp(prefix="apus-http2-"), [], threading.Lock()

    def work(scheme):
        for result in run_scheme(scheme, tables[scheme], options, folder) if tables[scheme] else []:
            with reporting:
                results.append(result)
                report(result, options)

    try:
        with concurrent.futures.ThreadPoolExecutor(len(tables)) as pool:
            list(pool.map(work, tables))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed = sum(not result["passed"] for result in results)
    print(f"{len(results)} cases, {failed} failed", file=sys.stderr)
    sys.exit(1 if failed or len(results) < sum(map(len, tables.values())) else 0)


if __name__ == "__main__":
    main()
