#!/usr/bin/env python3
"""Measures the metrics registry beside Python's prometheus_client and Go's client_golang, in alternating runs.

    Benchmarks/metrics/run.py [--tiny] [--rounds N] [--bench PATH]

--bench is the bench-metrics executable (default: .build/release/bench-metrics). The Go peer is built when `go` and Debian's
golang-github-prometheus-client-golang-dev are there, and left out, with a word, when they are not. Every figure is the
median of the rounds; the ratio is the peer's processor time for one operation over ours, from the same run.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GO_LIBRARIES = "/usr/share/gocode"

# Job, and its arguments in full and tiny size; a peer that is slower does its own, smaller number of rounds.
JOBS = {
    "scrape": {"apus": [10_000, 200], "go": [10_000, 60], "python": [10_000, 6], "tiny": [50, 2]},
    "scrape-openmetrics": {"apus": [10_000, 200], "go": [10_000, 60], "python": [10_000, 6], "tiny": [50, 2]},
    "scrape-gzip": {"apus": [10_000, 40], "go": [10_000, 20], "python": [10_000, 6], "tiny": [50, 2]},
    "count": {"apus": [20_000_000], "go": [20_000_000], "python": [400_000], "tiny": [1000]},
    "observe": {"apus": [8_000_000], "go": [8_000_000], "python": [200_000], "tiny": [1000]},
}


def build_go(folder):
    """The Go peer's path, or None."""
    library = os.path.join(GO_LIBRARIES, "src/github.com/prometheus/client_golang")
    if not shutil.which("go") or not os.path.isdir(library):
        return None
    path = os.path.join(folder, "peer-go")
    environment = dict(os.environ, GO111MODULE="off", GOPATH=GO_LIBRARIES, GOCACHE=os.path.join(folder, "cache"))
    subprocess.run(
        ["go", "build", "-o", path, os.path.join(HERE, "peer-go/main.go")], check=True, env=environment)
    return path


def run(command, job, arguments):
    output = subprocess.run(
        command + [job] + [str(argument) for argument in arguments], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(output.stdout)


def measure(peers, rounds, tiny):
    """{job: {peer: [result, …]}}, the peers in turn within each round."""
    results = {job: {peer: [] for peer in peers} for job in JOBS}
    for _ in range(rounds):
        for job, sizes in JOBS.items():
            for peer, command in peers.items():
                results[job][peer].append(run(command, job, sizes["tiny" if tiny else peer]))
    return results


def table(results):
    def median(runs, key):
        return statistics.median(key(run) for run in runs)

    yield f"{'job':<20}{'peer':<8}{'CPU µs/op':>12}{'op/s wall':>14}{'KB/scrape':>11}{'CPU ratio':>11}"
    for job, peers in results.items():
        ours = median(peers["apus"], lambda run: run["cpu_seconds"] / run["operations"])
        for peer, runs in peers.items():
            cpu = median(runs, lambda run: run["cpu_seconds"] / run["operations"])
            speed = median(runs, lambda run: run["operations"] / max(run["wall_seconds"], 1e-9))
            size = median(runs, lambda run: run["bytes"]) / 1000
            ratio = f"{cpu / ours:.2f}" if ours > 0 else "-"
            yield f"{job:<20}{peer:<8}{cpu * 1e6:>12.4g}{speed:>14,.0f}{size:>11.1f}{ratio:>11}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="one round of small input, for the tests")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bench", default=".build/release/bench-metrics")
    parser.add_argument("--no-go", action="store_true", help="leave the Go peer out (its first build takes a minute)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peers = {"apus": [options.bench], "python": [sys.executable, os.path.join(HERE, "peer.py")]}
        go = None if options.no_go else build_go(folder)
        if go:
            peers["go"] = [go]
        else:
            print("no Go peer: apt-get install golang-go golang-github-prometheus-client-golang-dev")
        for line in table(measure(peers, 1 if options.tiny else options.rounds, options.tiny)):
            print(line)


main()
