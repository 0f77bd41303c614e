"""The jobs of bench-metrics with PyPI prometheus_client. One line of JSON on standard output."""

import gzip
import json
import resource
import sys
import threading
import time

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

# The others write no `_created` samples; with them Python's body would be twice as long.
disable_created_metrics()

SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measured(work):
    """Runs work, which answers (operations, bytes), and prints what it took."""
    cpu, wall = cpu_seconds(), time.monotonic()
    operations, size = work()
    print(json.dumps({
        "operations": operations, "bytes": size, "cpu_seconds": cpu_seconds() - cpu,
        "wall_seconds": time.monotonic() - wall,
    }))


def scrape(job, series, rounds):
    registry = CollectorRegistry()
    family = Counter("bench_requests_total", "Requests.", ["path", "code"], registry=registry)
    for number in range(series):
        family.labels(f"/path/{number}", str(200 + number % 5)).inc(number * 7)

    def render():
        if job == "scrape-openmetrics":
            return generate_openmetrics(registry)
        body = generate_latest(registry)
        return gzip.compress(body, 1) if job == "scrape-gzip" else body

    render()

    def work():
        size = 0
        for _ in range(rounds):
            size = len(render())
        return rounds, size

    measured(work)


def update(job, updates):
    registry = CollectorRegistry()
    if job == "count":
        series = Counter("bench_total", "B.", ["l"], registry=registry).labels("x")

        def half():
            for _ in range(updates // 2):
                series.inc()
    else:
        series = Histogram("bench_seconds", "B.", ["l"], buckets=SECONDS, registry=registry).labels("x")

        def half():
            for number in range(updates // 2):
                series.observe((number & 1023) * 0.01)

    def work():
        threads = [threading.Thread(target=half) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return updates // 2 * 2, 0

    measured(work)


if sys.argv[1] in ("count", "observe"):
    update(sys.argv[1], int(sys.argv[2]))
else:
    scrape(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
