#!/usr/bin/env python3
"""Compares `apus disk --output json` with coreutils' df; says what differs, and is silent when nothing does.

    df.py mounts|all|paths APUS
"""
import json
import subprocess
import sys
import time

KEYS = ["mount", "device", "type", "sizeBytes", "usedBytes", "availableBytes", "usePercent", "inodesUsePercent", "readOnly", "error"]
PATHS = ["/", "/etc/passwd", "/usr/bin", "/proc", "."]


def df(*arguments):
    """{(mount, row): [source, size, used, available, Use%, IUse%]}; df complains about mounts that hang or vanish."""
    fields = "target,source,size,used,avail,pcent,ipcent"
    done = subprocess.run(
        ["df", "-B1", f"--output={fields}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    # Mount points hold no space here; a row is read from its end.
    rows = [line.rsplit(None, 6) for line in done.stdout.splitlines()[1:]]
    return [[cell.strip() for cell in row] for row in rows if len(row) == 7]


def apus(program, *arguments):
    done = subprocess.run(
        [program, "disk", "--output", "json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    return json.loads(done.stdout)


def number(cell):
    return None if cell == "-" else int(cell.rstrip("%"))


def shown(item):
    return [item["mount"], item["device"], item["usePercent"], item["inodesUsePercent"]]


def differences(program, what):
    arguments = {"mounts": [], "all": ["--all"], "paths": PATHS}[what]
    ours = apus(program, *arguments)
    theirs = df(*arguments)
    found = [f"keys: {list(item)}" for item in ours if list(item) != KEYS]
    # Mounts without an answer have no figures in either, and those under /tmp belong to tests that run beside this one.
    def kept(mount):
        return what == "paths" or not mount.startswith("/tmp")
    left = [shown(item) for item in ours if item["error"] is None and kept(item["mount"])]
    right = [[row[0], row[1], number(row[5]), number(row[6])] for row in theirs if row[2] != "-" and kept(row[0])]
    if what == "all":
        # df names covered mounts with the figures of what covers them; ours says `over-mounted` instead.
        covered = {item["mount"] for item in ours if item["error"] == "over-mounted"}
        left = [row for row in left if row[0] not in covered]
        right = [row for row in right if row[0] not in covered]
    if what != "paths":
        left, right = sorted(left, key=str), sorted(right, key=str)
    found += [f"only apus: {row}" for row in left if row not in right]
    found += [f"only df: {row}" for row in right if row not in left]
    if what == "paths" and not found and left != right:
        found.append(f"another order: {left} and {right}")
    if not left:
        found.append("there is nothing to compare")
    return found


def main():
    what, program = sys.argv[1:]
    # The disk may fill by a percent between the two readings: what differs three times differs.
    for _ in range(3):
        found = differences(program, what)
        if not found:
            break
        time.sleep(0.2)
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
