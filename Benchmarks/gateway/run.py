#!/usr/bin/env python3
"""Measures `apus gateway` beside nginx and HAProxy, as proxies of the same upstream, one after another in one run.

    Benchmarks/gateway/run.sh --apus PATH [--only apus,nginx,haproxy] [--parts cpu,latency,idle,many] [--repeat 3]
                              [--requests 100000] [--rate 2000] [--seconds 10] [--workers 1,2] [--bodies 100,10240]
                              [--idle 15000] [--many 200000] [--processes 14] [--output text|json] [--quick]

cpu      64 kept connections ask as fast as it goes, over plain HTTP/1.1 and over TLS 1.3 (ECDSA P-256), for answers of each
         size: processor time of all the proxy's processes for 100,000 requests, the share of it that is the user's, and
         resident memory (Pss) at the end. `direct` is the upstream itself without a proxy.
latency  the same at a fixed rate: an open model, so that a request's latency counts from when it was due
idle     user memory (anonymous pages) for each idle connection after one served request, one process
many     the same for --many connections, over --processes processes that share the port by SO_REUSEPORT

With several repeats the contenders take turns, and the run of the median counts. (×N): how many times apus's figure it is;
above 1 apus is better. Nothing is logged by anyone, all keep connections to the upstream, all send X-Forwarded-For and
X-Forwarded-Proto: see proxies/. nginx has allocated its connections before the first one comes (about 430 bytes each).
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile

import contenders
import proxies

CONNECTIONS = 64


def processor_time(pid):
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rpartition(")")[2].split()
    return tuple(int(word) / os.sysconf("SC_CLK_TCK") for word in words[11:13])


def measure_cpu(bench, kind, workers, tls, body):
    words = ["closed", None, f"/{body}", CONNECTIONS, bench.options.requests] + (["tls"] if tls else [])
    with bench.subject(kind, workers, tls) as (port, read_cpu, pids):
        words[1] = port
        bench.load(words[:4] + [max(200, bench.options.requests // 20)] + words[5:])
        before = read_cpu()
        figures = bench.load(words)
        after = read_cpu()
        user, system = after[0] - before[0], after[1] - before[1]
        share = 100_000 / max(1, figures["requests"])
        return {**figures, "cpuSeconds": (user + system) * share, "userSeconds": user * share,
                "userShare": user / max(user + system, 1e-9), "residentBytes": contenders.resident(pids())}


def measure_latency(bench, kind, workers, tls, body):
    options = bench.options
    with bench.subject(kind, workers, tls) as (port, _, _):
        words = ["rate", port, f"/{body}", CONNECTIONS, options.rate, options.seconds, options.warm_up]
        return bench.load(words + (["tls"] if tls else []))


def measure_idle(bench, kind, count, processes):
    with contextlib.ExitStack() as stack:
        upstream, _ = stack.enter_context(contenders.origin(bench.programs))
        started = bench.start_many(stack, kind, upstream, processes)
        port = started[0].port
        bench.load(["closed", port, "/100", CONNECTIONS, 2000])

        def memory():
            return sum(one.memory() for one in started)

        before, available = contenders.settled(memory), available_memory()
        with contenders.Crowd(bench.programs, port, count) as crowd:
            after = contenders.settled(memory)
            all_of_it = available - available_memory()
        return {"held": crowd.held, "failed": crowd.failed + crowd.held - crowd.open,
                "bytesPerConnection": (after - before) / max(1, crowd.held),
                "machineBytesPerConnection": all_of_it / max(1, crowd.held)}


def available_memory():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:")) * 1024


class Bench:
    def __init__(self, options, programs, folder):
        self.options, self.programs, self.folder, self.count = options, programs, folder, 0

    def load(self, words):
        return json.loads(contenders.run_load(self.programs, words))

    def place(self):
        self.count += 1
        return f"{self.folder}/{self.count}"

    @contextlib.contextmanager
    def subject(self, kind, workers, tls):
        """(port, how to read its processor time, its processes)"""
        with contenders.origin(self.programs) as (upstream, pid):
            if kind == "direct":
                yield upstream, lambda: processor_time(pid), lambda: [pid]
                return
            with contenders.proxy(kind, upstream, self.place(), self.options.apus, workers, tls) as running:
                yield running.port, running.cpu, running.processes

    def start_many(self, stack, kind, upstream, processes):
        """So many processes of one kind at one port; nginx starts its own."""
        port = proxies.free_port()
        copies, workers = (1, processes) if kind == "nginx" else (processes, 1)
        return [stack.enter_context(contenders.proxy(kind, upstream, self.place(), self.options.apus, workers,
                                                     port=port, shared=processes > 1)) for _ in range(copies)]

    def tasks(self):
        """(part, description, function) of all that is measured."""
        options = self.options
        kinds = ["direct"] + options.only
        shapes = [(workers, tls, body) for tls in (False, True) for workers in options.workers for body in options.bodies]
        for part, function in (("cpu", measure_cpu), ("latency", measure_latency)):
            for workers, tls, body in shapes if part in options.parts else []:
                shape = {"workers": workers, "tls": tls, "body": body}
                for kind in kinds:
                    if kind != "direct" or (workers == options.workers[0] and not tls):
                        yield part, kind, shape, function, (workers, tls, body)
        for part, count, processes in (("idle", options.idle, 1), ("many", options.many, options.processes)):
            for kind in options.only if part in options.parts else []:
                yield part, kind, {"connections": count, "processes": processes}, measure_idle, (count, processes)


def run(bench, report):
    tasks = list(bench.tasks())
    groups = {}
    for task in tasks:
        groups.setdefault((task[0], json.dumps(task[2])), []).append(task)
    records = []
    for (part, _), group in groups.items():
        runs = {task[1]: [] for task in group}
        for _ in range(1 if part == "many" else bench.options.repeat):
            for _, kind, shape, function, arguments in group:
                try:
                    figures = function(bench, kind, *arguments)
                    if figures["failed"]:
                        figures["problem"] = f"{figures['failed']} failed"
                except (OSError, RuntimeError, ValueError) as error:
                    figures = {"problem": str(error).strip()[-500:]}
                runs[kind].append({"part": part, "contender": kind, **shape, **figures})
        for kind in runs:
            records.append(median_run(runs[kind], part))
            report(records[-1])
    return records


KEYS = {"cpu": "cpuSeconds", "latency": "p99", "idle": "bytesPerConnection", "many": "bytesPerConnection"}


def median_run(runs, part):
    bad = [record for record in runs if "problem" in record]
    chosen = bad[0] if bad else sorted(runs, key=lambda record: record[KEYS[part]])[(len(runs) - 1) // 2]
    return {**chosen, "repeats": len(runs)}


COLUMNS = {
    "cpu": [("CPU s/100k", lambda r: r["cpuSeconds"], 1), ("user s", lambda r: r["userSeconds"], 1),
            ("user %", lambda r: 100 * r["userShare"], 0), ("Pss MiB", lambda r: r["residentBytes"] / 2**20, 1),
            ("req/s", lambda r: r["perSecond"], 0)],
    "latency": [("p50 µs", lambda r: r["p50"], 1), ("p99 µs", lambda r: r["p99"], 1), ("p99.9 µs", lambda r: r["p999"], 1),
                ("req/s", lambda r: r["perSecond"], 0)],
    "idle": [("bytes each", lambda r: r["bytesPerConnection"], 1),
             ("with kernel", lambda r: r["machineBytesPerConnection"], 0), ("held", lambda r: r["held"], 0)],
}
COLUMNS["many"] = COLUMNS["idle"]


def describe(record):
    if "connections" in record:
        return f"{record['connections']} in {record['processes']}"
    return f"{'TLS' if record['tls'] else 'plain'} {record['workers']}w {record['body']} B"


def cell(figure, ours):
    number = f"{figure:.3g}" if abs(figure) < 100 else f"{figure:.0f}"
    return number if not ours else f"{number} (×{figure / ours:.2f})"


def table(records, options):
    for part in options.parts:
        rows = [record for record in records if record["part"] == part]
        if not rows:
            continue
        yield f"\n{part:<18} {'':<8}" + "".join(f"{title:>17}" for title, _, _ in COLUMNS[part])
        ours = {describe(row): row for row in rows if row["contender"] == "apus" and "problem" not in row}
        for row in rows:
            line = f"{describe(row):<18} {row['contender']:<8}"
            if "problem" in row:
                yield f"{line}  {row['problem']}"
                continue
            base = None if row["contender"] == "apus" else ours.get(describe(row))
            yield line + "".join(f"{cell(read(row), base and has_ratio and read(base)):>17}"
                                 for _, read, has_ratio in COLUMNS[part])


def numbers(text):
    return [int(word) for word in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", metavar="PATH", help="the binary")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAMES", help=",".join(contenders.KINDS))
    parser.add_argument("--parts", type=lambda text: text.split(","), default=list(KEYS), metavar="PARTS")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=2000, help="requests a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warm-up", type=float, default=1, help="seconds that are not recorded")
    parser.add_argument("--workers", type=numbers, default=[1, 2])
    parser.add_argument("--bodies", type=numbers, default=[100, 10_240], help="bytes of the answers")
    parser.add_argument("--idle", type=int, default=15_000)
    parser.add_argument("--many", type=int, default=200_000)
    parser.add_argument("--processes", type=int, default=14, help="of the proxy, for `many`: 20,000 open files each")
    parser.add_argument("--folder", metavar="DIR", default=f"{contenders.ROOT}/.build/bench-gateway")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    parser.add_argument("--quick", action="store_true", help="a little of all, for the tests")
    options = parser.parse_args()
    if options.quick:
        options.requests, options.rate, options.seconds, options.warm_up, options.repeat = 1000, 200, 1.5, 0.5, 1
        options.workers, options.bodies, options.idle, options.many, options.processes = [1], [100], 300, 600, 2
    names = options.only or list(contenders.KINDS)
    unknown = [name for name in names if name not in contenders.KINDS] + [p for p in options.parts if p not in KEYS]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}")
    if "apus" in names and not options.apus:
        parser.error("apus needs --apus PATH")
    missing = [name for name in names if not contenders.here(name, options.apus)]
    if missing:
        print(f"left out, as it is not installed: {', '.join(missing)}", file=sys.stderr)
    options.only = [name for name in names if name not in missing]
    options.apus = options.apus and os.path.abspath(options.apus)
    return options


def main():
    options = arguments()
    programs = contenders.build(options.folder)
    folder = tempfile.mkdtemp(prefix="apus-bench-")

    def report(record):
        figure = record.get("problem") or f"{record[KEYS[record['part']]]:.3g}"
        print(f"{record['part']}, {describe(record)}, {record['contender']}: {figure}", file=sys.stderr, flush=True)

    try:
        records = run(Bench(options, programs, folder), report)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.output == "json":
        print(json.dumps(records, indent=1))
    else:
        print("\n".join(table(records, options)))
    if not records or any("problem" in record for record in records):
        sys.exit(1)


if __name__ == "__main__":
    main()
