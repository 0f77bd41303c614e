#!/usr/bin/env python3
"""Measures `apus sync` beside Ansible, Ansible with Mitogen, and pyinfra, on test hosts of Tests/peers/sync.

    Benchmarks/sync/run.sh [--apus PATH] [--only apus,pyinfra] [--hosts 1,10] [--resources 50] [--delay-ms 20]
                           [--repeat N] [--json FILE] [--tiny]

Each peer gets new hosts and runs twice on them: `first`, where all is to be done, and `second`, where nothing is. After
the first run every host must have what was declared, and the second must not have written any file; otherwise the run
counts as failed, and its log is shown. With several repeats the figures are medians. Without --apus only the peers run.

wall      from the start of the command to its end, in seconds
ctl CPU   processor time of the command and of all that it started, ControlPersist's ssh too
host CPU  processor time on the hosts, sshd included, summed over them
tree MiB  peak of the controller's processes together (Pss); max MiB: of the largest process alone (RSS)
trips     round trips on the wire for one host, handshake included, and KB sent and received: from one more pass, with
          the smallest number of hosts, through a counting proxy; with --delay-ms from the pass itself
(×N)      how many times apus's figure it is

    --hosts 200 --only apus             the controller's memory for a fleet
    --resources 50,1000 --only apus     how the cost grows with the declaration

It needs root and the packages of Tests/peers/sync/roots.py, kind debian-python, because two of the peers need Python on
the host. A command may take --limit seconds, all of it --total-limit; what does not fit is left out, with a word.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import declaration as declared
import measure
import peers

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTS = os.path.join(HERE, "../../Tests/peers/sync/hosts.py")
RUNS = ["first", "second"]


@contextlib.contextmanager
def fleet(folder, count, delay_ms, count_wire):
    command = [sys.executable, HOSTS, "start", "--dir", os.path.join(folder, "hosts"), "--kind", "debian-python",
               "--count", str(count), "--delay-ms", str(delay_ms), "--account"]
    process = subprocess.Popen(
        command + (["--count-wire"] if count_wire else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            sys.exit(f"no test hosts (exit code {process.wait()})")
        yield json.loads(line)
    finally:
        process.stdin.close()
        process.wait()


def wire(hosts):
    """What went over the wire until now, once every connection has ended."""
    if not hosts["wire"]:
        return None
    end = time.monotonic() + 10
    while True:
        report = json.loads(declared.read(hosts["wire"]))
        if report["open"] == 0 or time.monotonic() > end:
            return {key: report[key] for key in ("roundTrips", "clientBytes", "serverBytes")}
        time.sleep(0.02)


def one_run(command, environment, hosts, log, limit):
    machines = hosts["hosts"]
    cpu, carried = sum(map(measure.host_cpu_seconds, machines)), wire(hosts)
    result = measure.run(command, environment, log, limit)
    measure.settle(machines)
    result["hostCPUSeconds"] = sum(map(measure.host_cpu_seconds, machines)) - cpu
    if carried:
        after = wire(hosts)
        result["wire"] = {key: (after[key] - carried[key]) / len(machines) for key in after}
    return result


def problem_of(result, run, declaration, roots, stamps):
    if result["exitCode"] is None:
        return "took too long"
    if result["exitCode"] != 0:
        return f"exit code {result['exitCode']}"
    found = next(filter(None, (declaration.problem(root) for root in roots)), None)
    if found is None and run == "second" and stamps != [declaration.stamps(root) for root in roots]:
        found = "wrote files although nothing was to be done"
    return found


def measure_peer(peer, count, resources, options, count_wire=False):
    """{run: figures} of a peer on new hosts, or what went wrong in place of the figures."""
    declaration, results, stamps = declared.Declaration(resources), {}, None
    # A short path: ssh's control sockets have at most 108 bytes.
    with tempfile.TemporaryDirectory(prefix="bs", dir="/tmp") as folder, \
            fleet(folder, count, options.delay_ms, count_wire) as hosts:
        roots = [host["root"] for host in hosts["hosts"]]
        for root in roots:
            declaration.prepare(root)
        command, environment = peer.write(folder, hosts, declaration)
        for run in RUNS:
            log = os.path.join(folder, run + ".log")
            result = one_run(command, environment, hosts, log, options.limit)
            problem = problem_of(result, run, declaration, roots, stamps)
            results[run] = {**result, **({"problem": problem} if problem else {})}
            if problem:
                with open(log, errors="replace") as file:
                    print(f"{peer.name}, {count} hosts, {run} run: {problem}\n{file.read()[-3000:]}", file=sys.stderr)
                break
            stamps = [declaration.stamps(root) for root in roots]
    return results


def median(values):
    """The median of equal structures, number by number."""
    first = values[0]
    if isinstance(first, dict):
        return {key: median([value[key] for value in values]) for key in first}
    return statistics.median(values) if isinstance(first, (int, float)) else first


def measure_all(options, record):
    """Calls `record` with each finished figure: hosts, resources, peer, run, and what was measured."""
    end = time.monotonic() + options.total_limit
    for resources in options.resources:
        for count in options.hosts:
            for name in options.only:
                peer, repeats, carried = peers.peer(name, options), [], {}
                for _ in range(options.repeat):
                    if time.monotonic() > end:
                        print(f"left out, as the time is up: {name}, {count} hosts, {resources} files", file=sys.stderr)
                        break
                    repeats.append(measure_peer(peer, count, resources, options))
                if repeats and not options.delay_ms and count == min(options.hosts) and time.monotonic() < end:
                    carried = measure_peer(peer, count, resources, options, count_wire=True)
                for run in RUNS:
                    good = [repeat[run] for repeat in repeats if "problem" not in repeat.get(run, {"problem": ""})]
                    bad = [repeat[run]["problem"] for repeat in repeats if "problem" in repeat.get(run, {})]
                    if not good and not bad:
                        continue
                    figures = median(good) if good and not bad else {"problem": bad[0]}
                    figures.setdefault("wire", carried.get(run, {}).get("wire"))
                    record({"hosts": count, "resources": declared.Declaration(resources).resources(), "run": run,
                            "peer": name, "delayMs": options.delay_ms, "repeats": len(good), **figures})


# Title, width, and the figure of a record.
COLUMNS = [
    ("wall s", 16, lambda record: record["wallSeconds"]),
    ("ctl CPU s", 16, lambda record: record["controllerCPUSeconds"]),
    ("host CPU s", 16, lambda record: record["hostCPUSeconds"]),
    ("tree MiB", 16, lambda record: record["peakTreeBytes"] / 2**20),
    ("max MiB", 15, lambda record: record["peakProcessBytes"] / 2**20),
    ("trips", 15, lambda record: record["wire"]["roundTrips"] if record.get("wire") else None),
    ("KB sent", 16, lambda record: record["wire"]["clientBytes"] / 1000 if record.get("wire") else None),
    ("KB recv", 15, lambda record: record["wire"]["serverBytes"] / 1000 if record.get("wire") else None),
]


def cell(figure, ours):
    if figure is None:
        return "-"
    number = f"{figure:.3g}" if figure < 100 else f"{figure:.0f}"
    return number if not ours else f"{number} (×{figure / ours:.3g})"


def table(records):
    yield f"{'hosts':>5}{'res.':>6} {'run':<7}{'peer':<9}" + "".join(f"{title:>{width}}" for title, width, _ in COLUMNS)
    ours = {(record["hosts"], record["resources"], record["run"]): record
            for record in records if record["peer"] == "apus" and "problem" not in record}
    for record in sorted(records, key=lambda record: (record["resources"], record["hosts"], record["run"])):
        base = ours.get((record["hosts"], record["resources"], record["run"]))
        line = f"{record['hosts']:>5}{record['resources']:>6} {record['run']:<7}{record['peer']:<9}"
        if "problem" in record:
            yield f"{line}  {record['problem']}"
            continue
        base = base if record is not base else None
        yield line + "".join(
            f"{cell(figure(record), base and figure(base)):>{width}}" for _, width, figure in COLUMNS)


def numbers(text):
    return [int(word) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", metavar="PATH", help="the binary")
    parser.add_argument("--apus-arguments", default="sync apply {site}", metavar="WORDS")
    parser.add_argument("--venv", default=".build/bench-sync/venv", metavar="PATH", help="where the peers are")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="PEERS", help=",".join(peers.PEERS))
    parser.add_argument("--hosts", type=numbers, default=[1, 10], metavar="N,…")
    parser.add_argument("--resources", type=numbers, default=[50], metavar="N,…", help="files to declare")
    parser.add_argument("--delay-ms", type=float, default=0, metavar="RTT", help="round-trip time to the hosts")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--limit", type=float, default=400, metavar="SECONDS")
    parser.add_argument("--total-limit", type=float, default=2400, metavar="SECONDS")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    parser.add_argument("--tiny", action="store_true", help="one host and 3 files, for the tests")
    options = parser.parse_args()
    if options.tiny:
        options.hosts, options.resources, options.repeat = [1], [3], 1
    options.only = options.only or [name for name in peers.PEERS if name != "apus" or options.apus]
    unknown = [name for name in options.only if name not in peers.PEERS]
    if unknown or ("apus" in options.only and not options.apus):
        parser.error(f"no such peer: {', '.join(unknown)}" if unknown else "apus needs --apus PATH")
    records = []

    def record(figures):
        records.append(figures)
        print(f"{figures['peer']}, {figures['hosts']} hosts, {figures['run']}: "
              + (figures.get("problem") or f"{figures['wallSeconds']:.2f} s"), file=sys.stderr, flush=True)
        if options.json:
            with open(options.json, "w") as file:
                json.dump(records, file, indent=1)

    measure_all(options, record)
    for line in table(records):
        print(line)
    if any("problem" in figures for figures in records):
        sys.exit(1)


if __name__ == "__main__":
    main()
