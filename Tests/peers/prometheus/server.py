#!/usr/bin/env python3
"""A real Prometheus on a free loopback port that scrapes ADDRESS each second, and what its API says of the scrape.

    server.py FOLDER ADDRESS METRIC

Prints a line `up 1`, then `error ` with the target's last error, then the values of the label `mount` that METRIC has, as
JSON. The exit code is 1 when the target did not come up within 60 seconds. The server ends with this script.
"""
import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def api(port, path, **parameters):
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}?{query}", timeout=10) as answer:
        return json.load(answer)["data"]


def observe(port, metric):
    """(up, last error, samples of the metric), or None while there is nothing yet."""
    try:
        target = api(port, "targets")["activeTargets"][0]
        ups = api(port, "query", query="up")["result"]
        samples = api(port, "query", query=metric)["result"]
    except (OSError, IndexError):
        return None
    if not ups or (ups[0]["value"][1] == "1" and not samples):
        return None
    return ups[0]["value"][1], target["lastError"], samples


def main():
    folder, address, metric = pathlib.Path(sys.argv[1]), urllib.parse.urlparse(sys.argv[2]), sys.argv[3]
    port = free_port()
    (folder / "prometheus.yml").write_text(
        "global: { scrape_interval: 1s, scrape_timeout: 1s }\n"
        f"scrape_configs: [ {{ job_name: apus, static_configs: [ {{ targets: ['{address.netloc}'] }} ] }} ]\n")
    log = open(folder / "prometheus.log", "w+")
    server = subprocess.Popen(
        [
            "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage", "--log.level=warn",
        ],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        seen = None
        while seen is None or seen[0] != "1":
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                sys.exit(f"prometheus saw {seen}; its log: {log.read()}")
            time.sleep(0.1)
            seen = observe(port, metric)
        up, error, samples = seen
        print(f"up {up}\nerror {error}\n{json.dumps(sorted(sample['metric']['mount'] for sample in samples))}")
        log.seek(0)
        print(log.read(), end="")
    finally:
        server.kill()
        server.wait()


main()
