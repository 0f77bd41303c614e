#!/usr/bin/env python3
"""Runs a command and prints, as JSON, what it cost with all that it started.

    measure.py LOG COMMAND…         the command's output goes into LOG

A program of its own, and small: a command's peak memory begins with that of the process that started it.

wallSeconds       from its start to its end
cpuSeconds        user and system time, of every process that was waited for (rusage)
peakProcessBytes  resident memory of the largest process
peakTreeBytes     resident memory of all of them together, looked at every 20 ms
writtenBytes      pages that were made dirty on file systems with a disk below (rusage's blocks of output, whose source is
                  that of write_bytes in /proc/PID/io; not what was written to memory or sockets)
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def children(process):
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children") as file:
                for child in file.read().split():
                    yield int(child)
                    yield from children(int(child))
    except OSError:
        pass  # it has ended


def resident(process):
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return 0


class Sampler(threading.Thread):
    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peak, self.ended = process, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            self.peak = max(self.peak, sum(map(resident, [self.process, *children(self.process)])))


def main():
    log, command = sys.argv[1], sys.argv[2:]
    with open(log, "ab") as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        sampler = Sampler(process.pid)
        sampler.start()
        code = process.wait()
    wall = time.monotonic() - start
    sampler.ended.set()
    sampler.join()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({
        "exitCode": code, "wallSeconds": wall, "cpuSeconds": usage.ru_utime + usage.ru_stime,
        "userSeconds": usage.ru_utime, "systemSeconds": usage.ru_stime,
        "peakProcessBytes": usage.ru_maxrss * 1024,
        "peakTreeBytes": max(sampler.peak, usage.ru_maxrss * 1024), "writtenBytes": usage.ru_oublock * 512}))


if __name__ == "__main__":
    main()
