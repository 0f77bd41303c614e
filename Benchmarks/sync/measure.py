"""Runs a command and tells what it cost: wall time, processor time of all that it started, and memory.

The command is run by a fork that is the reaper of everything below it, so what puts itself in the background (ssh's
ControlPersist) is found, counted and, after the command has ended, ended too.
"""

import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import threading
import time
import traceback

PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG = 36, 1
libc = ctypes.CDLL(None, use_errno=True)


def descendants(of):
    """The processes below one, by /proc's parent numbers."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                pass  # it has ended
    found, grew = {of}, True
    while grew:
        more = {process for process, parent in parents.items() if parent in found} - found
        found |= more
        grew = bool(more)
    return found - {of}


def proportional_bytes(process):
    """A process's memory, what it shares with others divided among them (Pss)."""
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    except OSError:
        return 0


class Sampler(threading.Thread):
    """The peak of the tree's memory. It looks each 50 ms, or more seldom when a look takes more than 1/20 of that."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.ended = 0, threading.Event()

    def run(self):
        pause = 0.0
        while not self.ended.wait(pause):
            before = time.thread_time()
            self.peak = max(self.peak, sum(proportional_bytes(process) for process in descendants(os.getpid())))
            pause = max(0.05, (time.thread_time() - before) * 20)


def end_all():
    """Ends what is left below us, politely at first, and waits for it."""
    for number, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, 10)):
        for process in descendants(os.getpid()):
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.005)
            except ChildProcessError:
                return


def supervise(command, environment, log, limit):
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    sampler = Sampler()
    sampler.start()
    started = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   env={**os.environ, **environment}, start_new_session=True)
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
    wall = time.monotonic() - started
    sampler.ended.set()
    sampler.join()
    end_all()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"exitCode": code, "wallSeconds": wall, "controllerCPUSeconds": usage.ru_utime + usage.ru_stime,
            "peakTreeBytes": sampler.peak, "peakProcessBytes": usage.ru_maxrss * 1024}


def run(command, environment, log, limit):
    """The figures of one command; exitCode is None when it took longer than the limit, in seconds."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            result = supervise(command, environment, log, limit)
            os.write(writer, json.dumps(result).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    os.waitpid(child, 0)
    if not text:
        raise RuntimeError(f"{command[0]} could not be measured")
    return json.loads(text)


def host_cpu_seconds(host):
    """The processor time of all that ever ran on a test host."""
    if host["cgroup"]:
        with open(os.path.join(host["cgroup"], "cpu.stat")) as file:
            return int(file.readline().split()[1]) / 1e6
    total = 0
    for process in {host["pid"], *descendants(host["pid"])}:
        try:
            with open(f"/proc/{process}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            total += sum(int(field) for field in (fields[11:15] if process == host["pid"] else fields[11:13]))
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


def settle(hosts, seconds=5):
    """Waits until nothing but their first process runs on the hosts; not for ever, as a peer may leave something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(descendants(host["pid"]) for host in hosts):
        select.select([], [], [], 0.01)
