#!/usr/bin/env python3
"""Checks a release binary: linkage, size, start-up, and a run in an empty root.

Usage: check_release.py [--sources DIR] [--probe COMMAND] BINARY

Prints one line a check (✓, ✗ with what was seen, or - for a check that this host cannot do) and at the end
"N passed, M failed"; the exit code is 0 when nothing failed.

--probe is the command, inside the empty root, that sends an HTTP request to {url}; without it `apus run` with a
configuration whose disk report goes there is used.
"""
import argparse
import http.server
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SIZE_LIMIT = 42_000_000
STRIPPED_LIMIT = 40_000_000
CPU_LIMIT_SECONDS = 0.030
# Resident pages of the file count, too, and how many of them the kernel maps at a fault depends on its page cache.
MEMORY_LIMIT = 40 << 20
DNS_ADDRESS = "127.53.0.53"
FOREIGN_NSSWITCH = """\
passwd: compat systemd
group: compat systemd
hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns
services: db files
"""

passed, failed, skipped = [], [], []


def report(ok, name, seen=""):
    (passed if ok else failed).append(name)
    print(f"{'✓' if ok else '✗'} {name}" + (f": {seen}" if seen else ""), flush=True)


def skip(name, why):
    skipped.append(name)
    print(f"- {name}: not checked, {why}", flush=True)


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return done.stdout + done.stderr


# What is linked.

def check_linkage(binary):
    said = output("ldd", binary).strip()
    report("not a dynamic executable" in said, "is not a dynamic executable", "" if "not a" in said else said[:200])
    segments = output("readelf", "--program-headers", "--wide", binary)
    report("INTERP" not in segments, "asks for no dynamic loader")
    sections = output("readelf", "--sections", "--wide", binary)
    report(".symtab" in sections, "keeps its symbols for CPU profiles")
    report(".debug_info" not in sections, "carries no debug information")


def check_symbols(binary):
    symbols = [line.split()[-1] for line in output("nm", "--defined-only", binary).splitlines() if line.split()]

    def none(name, pattern):
        found = sorted({s for s in symbols if re.search(pattern, s)})
        report(not found, name, ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else ""))

    # A Swift symbol starts with the length and name of its module: 10Foundation is the full one.
    none("no full Foundation", r"^\$s10Foundation|^_?NSString|^CFString|^_CFRuntime")
    none("no ICU data", r"^u(col|cal|dat|loc|num|brk)_[a-z]|^icudt\d+|^_foundation_icu")
    # getpwnam_r and its like are allowed where they are CLinux's: glibc's object files bring the __ names along.
    none("no getpw*, getgr* of glibc", r"^__(new_)?get(pw|gr)(nam|uid|gid|ent)|^get(pw|gr)(nam|uid|gid|ent)$")
    none("no iconv", r"^_?_?iconv(_open|_close)?$")
    resolver = {"getaddrinfo", "freeaddrinfo", "ares_getaddrinfo"} - set(symbols)
    report(not resolver, "getaddrinfo is the one over c-ares", f"missing {resolver}" if resolver else "")
    # gaih_inet is the heart of glibc's own; the others load and run NSS modules.
    none("neither glibc's getaddrinfo nor NSS is linked",
         r"^gaih_inet|^__nss_(lookup|database|module|next)|^_nss_(files|dns)_(get|set|end)")


def check_sources(folder):
    found = []
    for path in sorted(pathlib.Path(folder).rglob("*.swift")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if re.match(r"\s*(?:@\w+\s+)*(?:(?:package|public|internal|private|fileprivate)\s+)?import Foundation\s*(?://.*)?$", line):
                found.append(f"{path}:{number}")
    report(not found, "no source imports Foundation", ", ".join(found[:5]))


# What it weighs.

def check_size(binary):
    size = os.path.getsize(binary)
    report(size <= SIZE_LIMIT, f"at most {SIZE_LIMIT // 1_000_000} MB", f"{size / 1_000_000:.1f} MB")
    with tempfile.NamedTemporaryFile() as bare:
        subprocess.run(["strip", "--strip-all", "-o", bare.name, binary], check=True)
        stripped = os.path.getsize(bare.name)
    report(
        stripped <= STRIPPED_LIMIT, f"at most {STRIPPED_LIMIT // 1_000_000} MB without symbols",
        f"{stripped / 1_000_000:.1f} MB")


# Runs in a small process of its own: the peak of a child counts the pages of the process that started it.
MEASURE = """
import os, sys
for _ in range(int(sys.argv[2])):
    null = os.open(os.devnull, os.O_WRONLY)
    pid = os.posix_spawn(sys.argv[1], [sys.argv[1], "--version"], {}, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    os.close(null)
    _, status, usage = os.wait4(pid, 0)
    print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)
"""


def check_start(binary, runs=9):
    rows = [line.split() for line in output(sys.executable, "-SEI", "-c", MEASURE, binary, str(runs)).splitlines()]
    if len(rows) != runs or any(row[0] != "0" for row in rows):
        report(False, "--version succeeds", f"wait status and usage: {rows[:1]}")
        return
    median = statistics.median(float(row[1]) for row in rows)
    report(median < CPU_LIMIT_SECONDS, f"--version takes under {CPU_LIMIT_SECONDS * 1000:.0f} ms of CPU",
           f"median {median * 1000:.1f} ms of {runs}")
    peak = statistics.median(int(row[2]) for row in rows)
    report(peak < MEMORY_LIMIT, f"--version takes under {MEMORY_LIMIT >> 20} MiB", f"at most {peak / (1 << 20):.1f} MiB")


# The empty root.

class Receiver(http.server.BaseHTTPRequestHandler):
    """Accepts any report and remembers for which host name it came."""

    hosts = set()
    arrived = threading.Event()

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(size)
        Receiver.hosts.add((self.headers.get("Host") or "").split(":")[0])
        Receiver.arrived.set()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def in_empty_root(binary, files, command, **options):
    """Starts `command` (a list) in a root that holds /proc, the binary and `files`, in namespaces of its own."""
    root = tempfile.mkdtemp(prefix="apus-root-")
    for path, content in files.items():
        target = pathlib.Path(root + "/files" + path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    os.makedirs(root + "/files", exist_ok=True)
    os.mkdir(root + "/root")
    script = (
        'mount -t tmpfs none "$1/root" && cp -r "$1/files/." "$1/root/" && cp "$2" "$1/root/apus" &&'
        ' mkdir "$1/root/proc" && mount -t proc proc "$1/root/proc" && root="$1/root" && shift 2 && exec chroot "$root" "$@"'
    )
    arguments = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh", root, binary]
    process = subprocess.Popen(arguments + command, stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]}, **options)
    process.root_folder = root
    return process


def finish(process):
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    said = process.communicate()[0] or ""
    shutil.rmtree(process.root_folder, ignore_errors=True)
    return said


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def check_empty_root(binary):
    process = in_empty_root(binary, {}, ["/apus", "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said, _ = process.communicate(timeout=20)
        ok = process.returncode == 0 and said.strip() != ""
        report(ok, "runs in an empty root with only /proc", said.strip()[:200] if ok else f"code {process.returncode}: {said[:300]}")
    except subprocess.TimeoutExpired:
        report(False, "runs in an empty root with only /proc", "no end after 20 s: " + finish(process)[:200])
    finally:
        finish(process)


def check_resolution(binary, probe, server_port, name, how, hosts):
    Receiver.hosts.clear()
    Receiver.arrived.clear()
    url = f"http://{name}:{server_port}/report"
    files = {
        "/etc/nsswitch.conf": FOREIGN_NSSWITCH,
        "/etc/hosts": hosts,
        "/etc/resolv.conf": f"nameserver {DNS_ADDRESS}\noptions timeout:1 attempts:2\n",
        "/apus.yaml": f"admin: {{ listen: 127.0.0.1:{free_port()} }}\n"
        f"disk: {{ interval: 1s, report: {{ url: {url}, timeout: 5s }} }}\n",
    }
    command = probe.format(url=url).split() if probe else ["run", "/apus.yaml"]
    process = in_empty_root(
        binary, files, ["/apus"] + command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 20
    while not Receiver.arrived.wait(0.05) and process.poll() is None and time.monotonic() < deadline:
        pass
    arrived = Receiver.arrived.wait(0.5)
    said = finish(process)
    title = f"resolves by {how} in the empty root, with a foreign nsswitch.conf"
    report(arrived and name in Receiver.hosts, title, "" if arrived else said[-400:])


def check_roots(binary, probe):
    names = ["runs in an empty root with only /proc", "resolves names there"]
    if os.geteuid() != 0:
        for name in names:
            skip(name, "it needs root")
        return
    check_empty_root(binary)
    dns = subprocess.Popen(
        [sys.executable, str(pathlib.Path(__file__).with_name("dns_server.py")), DNS_ADDRESS],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if dns.stdout.readline().strip() != "ready":
        report(False, "resolves names there", "the test's DNS server did not start")
        return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    try:
        check_resolution(binary, probe, port, "fromhosts.test", "/etc/hosts", "127.0.0.1 fromhosts.test\n")
        check_resolution(binary, probe, port, "service.test", "DNS", "127.0.0.1 localhost\n")
    finally:
        server.shutdown()
        dns.stdin.close()
        dns.wait(timeout=10)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sources")
    arguments.add_argument("--probe")
    arguments.add_argument("binary")
    options = arguments.parse_args()
    binary = os.path.abspath(options.binary)
    if not os.access(binary, os.X_OK):
        print(f"{binary} is not there or not executable: make release builds it", file=sys.stderr)
        return 1
    check_linkage(binary)
    check_symbols(binary)
    if options.sources:
        check_sources(options.sources)
    check_size(binary)
    check_start(binary)
    check_roots(binary, options.probe)
    print(f"{len(passed)} passed, {len(failed)} failed" + (f", {len(skipped)} not checked" if skipped else ""))
    return 1 if failed else 0


sys.exit(main())
