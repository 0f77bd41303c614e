#!/usr/bin/env python3
"""Measures `apus logs rotate --force` beside the scripts that it replaces.

    Benchmarks/logs/run.sh --apus PATH [--bytes 1000000000] [--levels 3,9,15] [--only apus,aws,rclone] [--repeat N]
                           [--threads 2] [--script-threads 1] [--folder DIR] [--output text|json] [--tiny]

Each contender gets the same access log in a fresh folder, and a store on loopback (sink.py) whose own time is not counted:

apus      apus logs rotate --force, one rule: zstd, AES-256-GCM under a key ring, S3
aws       logrotate -f, zstd, age, aws s3 cp
rclone    the same with rclone copyto

Level 3 gets --bytes; 9 and above less, because they take minutes for a gigabyte: a fifth at 9, a fiftieth at 15 (--full
gives all of them all). After it has been measured, every object is opened and compared with the log. With several repeats
the run of the median wall time counts.

wall s    from the start of the command to its end         CPU s     of all its processes
RSS MiB   of its largest process, and of all together      disk MB   written to the file system, its own journal included
MB/s      of plain log                                     (×N)      how many times apus's figure it is
"""

import argparse
import contextlib
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

import contenders

HERE = os.path.dirname(os.path.abspath(__file__))
SHARE = {9: 5, 15: 50}


@contextlib.contextmanager
def sink():
    """A store in memory where there is a file system of memory: what it writes must not compete for the disk."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="apus-bench-", dir=place) as folder:
        process = subprocess.Popen([sys.executable, f"{HERE}/sink.py", folder], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        try:
            yield folder, int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait()


def stored(folder, contender, level):
    """Files of the sink that hold the contender's objects; the manifest is none."""
    found = glob.glob(f"{folder}/objects/{contender.name}-{level}%2F*.bytes")
    return [path for path in found if "apus-manifest" not in path]


def measure(contender, level, log, options, size):
    """The figures of one run; `problem` where the store has not got what the log was."""
    with tempfile.TemporaryDirectory(prefix="apus-bench-", dir=options.folder) as folder, sink() as (objects, port):
        os.mkdir(f"{folder}/log")
        shutil.copyfile(log, f"{folder}/log/access.log")
        environment = contender.environment(port)
        command = contender.prepare(folder, level, port)
        # What the copy has made dirty is on disk before the clock starts.
        os.sync()
        output = subprocess.run([sys.executable, f"{HERE}/measure.py", f"{folder}/output", *command], check=True,
                                env=environment, stdout=subprocess.PIPE, text=True).stdout
        figures = json.loads(output)
        found = stored(objects, contender, level)
        if figures["exitCode"] != 0 or len(found) != 1:
            with open(f"{folder}/output", errors="replace") as file:
                figures["problem"] = f"exit code {figures['exitCode']}, {len(found)} objects: {file.read()[-2000:]}"
            return figures
        figures["storedBytes"] = os.path.getsize(found[0])
        problem = contender.check(folder, level, environment, size, found)
        return {**figures, **({"problem": problem} if problem else {})}


def median_run(runs):
    bad = [run for run in runs if "problem" in run]
    return bad[0] if bad else sorted(runs, key=lambda run: run["wallSeconds"])[(len(runs) - 1) // 2]


def measure_all(options, record):
    with tempfile.TemporaryDirectory(prefix="apus-bench-", dir=options.folder) as folder:
        for level in options.levels:
            wanted = options.bytes // (1 if options.full or options.tiny else SHARE.get(level, 1))
            log = f"{folder}/{wanted}.log"
            if not os.path.exists(log):
                subprocess.run([sys.executable, f"{HERE}/generate.py", str(wanted), log], check=True)
            size = os.path.getsize(log)
            for name in options.only:
                contender = contenders.CONTENDERS[name](name, options)
                runs = [measure(contender, level, log, options, size) for _ in range(options.repeat)]
                record({"contender": name, "level": level, "plainBytes": size, "repeats": len(runs), **median_run(runs)})


COLUMNS = [
    ("wall s", lambda record: record["wallSeconds"]),
    ("CPU s", lambda record: record["cpuSeconds"]),
    ("RSS MiB", lambda record: record["peakProcessBytes"] / 2**20),
    ("all MiB", lambda record: record["peakTreeBytes"] / 2**20),
    ("disk MB", lambda record: record["writtenBytes"] / 1e6),
    ("stored MB", lambda record: record["storedBytes"] / 1e6),
    ("MB/s", lambda record: record["plainBytes"] / 1e6 / record["wallSeconds"]),
]


def cell(figure, ours):
    number = f"{figure:.3g}" if figure < 100 else f"{figure:.0f}"
    return number if not ours else f"{number} (×{figure / ours:.3g})"


def table(records):
    yield f"{'level':>5}{'MB':>6} {'':<7}" + "".join(f"{title:>16}" for title, _ in COLUMNS)
    ours = {record["level"]: record for record in records if record["contender"] == "apus" and "problem" not in record}
    for record in records:
        line = f"{record['level']:>5}{record['plainBytes'] / 1e6:>6.0f} {record['contender']:<7}"
        if "problem" in record:
            yield f"{line}  {record['problem']}"
            continue
        base = None if record["contender"] == "apus" else ours.get(record["level"])
        yield line + "".join(f"{cell(figure(record), base and figure(base)):>16}" for _, figure in COLUMNS)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", metavar="PATH", help="the binary")
    parser.add_argument("--bytes", type=lambda text: int(float(text)), default=1_000_000_000)
    parser.add_argument("--levels", type=lambda text: [int(word) for word in text.split(",")], default=[3, 9, 15])
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAMES",
                        help=",".join(contenders.CONTENDERS))
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="apus's compressor threads")
    parser.add_argument("--script-threads", type=int, default=1, help="zstd's in the scripts")
    parser.add_argument("--full", action="store_true", help="all bytes at every level")
    parser.add_argument("--folder", metavar="DIR", default=".", help="on the file system to be measured")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    parser.add_argument("--tiny", action="store_true", help="1 MB at level 3, for the tests")
    options = parser.parse_args()
    if options.tiny:
        options.bytes, options.levels, options.repeat = 1_000_000, [3], 1
    names = options.only or list(contenders.CONTENDERS)
    unknown = [name for name in names if name not in contenders.CONTENDERS]
    if unknown or ("apus" in names and not options.apus):
        parser.error(f"no such contender: {', '.join(unknown)}" if unknown else "apus needs --apus PATH")
    missing = [name for name in names if not contenders.here(name)]
    if missing:
        print(f"left out, as not all of it is installed: {', '.join(missing)}", file=sys.stderr)
    options.only = [name for name in names if name not in missing]
    options.apus = options.apus and os.path.abspath(options.apus)
    return options


def main():
    options, records = arguments(), []

    def record(figures):
        records.append(figures)
        print(f"{figures['contender']}, level {figures['level']}: "
              + (figures.get("problem") or f"{figures['wallSeconds']:.2f} s"), file=sys.stderr, flush=True)

    measure_all(options, record)
    if options.output == "json":
        print(json.dumps(records, indent=1))
    else:
        print("\n".join(table(records)))
    if not records or any("problem" in figures for figures in records):
        sys.exit(1)


if __name__ == "__main__":
    main()
