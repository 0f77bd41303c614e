#!/usr/bin/env python3
"""Reloads and scrapes an `apus run` many times and prints what it holds: resident memory, descriptors, threads.

    soak.py APUS [--reloads 1000] [--scrapes 10000] [--warm-up 100] [--step N] [--keep-alive] [--unchanged]
                 [--disk] [--traces URL] [--allow-kib N]

Each reload changes `admin.hosts`, so that the admin endpoint is replaced and its socket handed over; with --unchanged the
file stays as it is. Scrapes ask for /metrics in both forms, plain and gzip in turn, over a new connection each or over one
that is kept. --disk samples each second, --traces exports spans to an OTLP receiver.

With --allow-kib the exit code is 1 when, after the warm-up, anonymous memory grew by more than N KiB in either part, or when
descriptors or threads are more than after the warm-up (and a little: a request may just be under way).
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ACCEPTS = [
    {"Accept": "text/plain"},
    {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"},
]
SPARE_DESCRIPTORS, SPARE_THREADS = 8, 4


class Apus:
    def __init__(self, options, folder):
        self.options, self.folder, self.count = options, folder, 0
        self.file = folder / "apus.yaml"
        self.write()
        self.log = open(folder / "log", "w+")
        environment = dict(os.environ, NO_COLOR="1")
        self.process = subprocess.Popen(
            [options.apus, "run", str(self.file)], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env=environment)
        deadline = time.monotonic() + 60
        while True:
            text = (folder / "log").read_text()
            found = re.search(r'"address":"http://([0-9.]+):(\d+)', text)
            if found and "apus started" in text:
                break
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"apus did not start:\n{text}")
            time.sleep(0.02)
        self.host, self.port = found.group(1), int(found.group(2))
        self.connection = None
        self.lost = []

    def write(self):
        self.count += 1
        hosts = "a" if self.options.unchanged else f"name-{self.count}"
        text = f'admin: {{ listen: "127.0.0.1:0", reload: true, hosts: [{hosts}] }}\nlog: {{ level: warning }}\n'
        if self.count == 1:
            text = text.replace("log: { level: warning }\n", "")  # the address is told at `info`
        if self.options.disk:
            text += "disk: { interval: 1s, timeout: 1s, rules: [ { name: full, metric: usedPercent, above: 1 } ] }\n"
        if self.options.traces:
            text += f'telemetry: {{ traces: {{ endpoint: "{self.options.traces}" }} }}\n'
        new = self.folder / "new.yaml"
        new.write_text(text)
        new.rename(self.file)

    def reload(self):
        if self.count == 1 or not self.options.unchanged:
            self.write()
        request = urllib.request.Request(f"http://{self.host}:{self.port}/-/reload", data=b"")
        try:
            answer = json.load(urllib.request.urlopen(request, timeout=60))
        except OSError as error:
            self.must_live()
            self.lost.append(f"reload {self.count}: {error}")
            return
        if not answer["reloaded"]:
            sys.exit(f"a reload failed: {answer}")

    def must_live(self):
        if self.process.poll() is not None:
            sys.exit(f"apus ended with {self.process.returncode}:\n{(self.folder / 'log').read_text()[-4000:]}")

    def scrape(self, number):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        self.connection.request("GET", "/metrics", headers=ACCEPTS[number % 2])
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200 or not body:
            sys.exit(f"scrape {number} was answered {answer.status}")
        if answer.will_close or not self.options.keep_alive:
            self.connection.close()
            self.connection = None

    def held(self):
        """(anonymous KiB, resident KiB, descriptors, threads)"""
        self.must_live()
        folder = pathlib.Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        kib = lambda key: int(status[key].split()[0])
        return kib("RssAnon"), kib("VmRSS"), len(os.listdir(folder / "fd")), int(status["Threads"])

    def settled(self):
        """What is held when the replaced admin endpoints have let go: at most three seconds later."""
        best = self.held()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            time.sleep(0.1)
            best = tuple(min(pair) for pair in zip(best, self.held()))
        return best


def part(apus, name, count, step, warm_up, work):
    """Does the work and prints a row each `step`. Returns what was held after the warm-up and at the end."""
    began = time.monotonic()
    for number in range(warm_up):
        work(number)
    first = apus.settled()
    print(f"{name:>8} {0:>7}  {first[0]:>9} {first[1]:>9} {first[2]:>5} {first[3]:>5}   after {warm_up} to warm up")
    for number in range(1, count + 1):
        work(number)
        if number % step == 0 or number == count:
            now = apus.settled() if number == count else apus.held()
            print(f"{name:>8} {number:>7}  {now[0]:>9} {now[1]:>9} {now[2]:>5} {now[3]:>5}", flush=True)
    spent = time.monotonic() - began
    grown = now[0] - first[0]
    print(f"{name:>8} anonymous memory {grown:+} KiB, {grown * 1024 / count:+.0f} bytes each; {spent:.0f} s\n", flush=True)
    return first, now


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apus")
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--scrapes", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=100)
    parser.add_argument("--step", type=int, default=0)
    parser.add_argument("--keep-alive", action="store_true")
    parser.add_argument("--unchanged", action="store_true")
    parser.add_argument("--disk", action="store_true")
    parser.add_argument("--traces")
    parser.add_argument("--allow-kib", type=int)
    options = parser.parse_args()
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        apus = Apus(options, pathlib.Path(folder))
        try:
            print(f"{'part':>8} {'count':>7}  {'anon KiB':>9} {'RSS KiB':>9} {'fds':>5} {'thr':>5}")
            parts = [("reloads", options.reloads, lambda _: apus.reload()), ("scrapes", options.scrapes, apus.scrape)]
            for name, count, work in parts:
                if count == 0:
                    continue
                step = options.step or max(1, count // 10)
                first, last = part(apus, name, count, step, options.warm_up, work)
                if options.allow_kib is None:
                    continue
                if last[0] - first[0] > options.allow_kib:
                    failures.append(f"{name}: memory grew by {last[0] - first[0]} KiB, allowed are {options.allow_kib}")
                if last[2] > first[2] + SPARE_DESCRIPTORS:
                    failures.append(f"{name}: descriptors went from {first[2]} to {last[2]}")
                if last[3] > first[3] + SPARE_THREADS:
                    failures.append(f"{name}: threads went from {first[3]} to {last[3]}")
        finally:
            apus.process.kill()
            apus.process.wait()
    for failure in failures + apus.lost:
        print(failure)
    sys.exit(1 if failures or (apus.lost and options.allow_kib is not None) else 0)


main()
