#!/usr/bin/env python3
"""A real OTLP receiver (rotel, Apache-2.0) for integration tests.

    python3 -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python receiver.py start DIR            # free loopback ports; returns when it takes spans; prints the endpoint
    VENV/bin/python receiver.py wait DIR NAME [-n COUNT] [-t SECONDS]   # 0 when COUNT spans of that name came, else 1
    VENV/bin/python receiver.py spans DIR            # the names of all spans that came, one a line
    VENV/bin/python receiver.py stop DIR             # ends it by its process id

DIR is made if it is not there; it keeps `pid`, `endpoint` and the receiver's output in `log`.
"""
import argparse
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

READY_SECONDS = 20
# A detailed debug log prints each span in a block of lines; this is the one with its name.
NAME_LINE = re.compile(r"^\s*(?:->\s*)?Name\s*:\s*(.*?)\s*$", re.MULTILINE)
SPAN_BLOCK = re.compile(r"^Span #\d+$", re.MULTILINE)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def agent():
    import rotel

    return str(pathlib.Path(rotel.__file__).parent / "rotel-agent")


def answers(url):
    """True when the receiver takes an empty export, which leaves no trace in its log."""
    request = urllib.request.Request(url + "/v1/traces", data=b"", headers={"Content-Type": "application/x-protobuf"})
    try:
        return urllib.request.urlopen(request, timeout=1).status == 200
    except (OSError, urllib.error.URLError):
        return False


def start(folder):
    folder.mkdir(parents=True, exist_ok=True)
    grpc, http = free_port(), free_port()
    log = open(folder / "log", "wb")
    process = subprocess.Popen(
        [
            agent(), "start", "--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed",
            "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--otlp-http-endpoint", f"127.0.0.1:{http}",
            "--pid-file", str(folder / "agent.pid"), "--log-file", str(folder / "agent.log"),
        ],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )
    endpoint = f"http://127.0.0.1:{http}"
    (folder / "pid").write_text(str(process.pid))
    (folder / "endpoint").write_text(endpoint)
    deadline = time.monotonic() + READY_SECONDS
    while not answers(endpoint):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(folder)
            sys.exit(f"the receiver did not start; its output is in {folder}/log")
        time.sleep(0.05)
    print(endpoint)


def names(folder):
    text = re.sub(r"\x1b\[[0-9;]*m", "", (folder / "log").read_text(errors="replace"))
    blocks = SPAN_BLOCK.split(text)[1:]
    found = (NAME_LINE.search(block) for block in blocks)
    return [match.group(1) for match in found if match]


def wait(folder, name, count, seconds):
    deadline = time.monotonic() + seconds
    while names(folder).count(name) < count:
        if time.monotonic() > deadline:
            sys.exit(f"{names(folder).count(name)} spans named {name!r} came within {seconds} s, wanted {count}")
        time.sleep(0.05)


def stop(folder):
    try:
        pid = int((folder / "pid").read_text())
    except FileNotFoundError:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and pathlib.Path(f"/proc/{pid}/stat").exists():
            if pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                break
            time.sleep(0.05)
    (folder / "pid").unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "wait", "spans", "stop"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("name", nargs="?")
    parser.add_argument("-n", "--count", type=int, default=1)
    parser.add_argument("-t", "--timeout", type=float, default=15)
    options = parser.parse_args()
    if options.command == "start":
        start(options.folder)
    elif options.command == "wait":
        wait(options.folder, options.name, options.count, options.timeout)
    elif options.command == "spans":
        print("\n".join(names(options.folder)))
    else:
        stop(options.folder)


if __name__ == "__main__":
    main()
