#!/usr/bin/env python3
"""Reads /metrics of ADDRESS in every form that a scraper may ask for, with Python's own parsers; says what is wrong, and is
silent when nothing is.

    expositions.py ADDRESS
"""
import gzip
import http.client
import sys
import urllib.parse

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4"
# Accept (None: no such field) and the type that must come: RFC 9110, section 12.5.1, and what Prometheus 2 and 3 send.
NEGOTIATION = [
    (None, TEXT),
    ("*/*", TEXT),
    ("text/html", TEXT),
    ("text/plain;version=0.0.4", TEXT),
    ("application/openmetrics-text", OPENMETRICS),
    ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9", TEXT),
    (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        OPENMETRICS,
    ),
    ("application/openmetrics-text;q=0,text/plain", TEXT),
]
ENCODINGS = [(None, False), ("gzip", True), ("gzip, deflate", True), ("identity", False), ("gzip;q=0", False)]

problems = []


def ask(address, accept, encoding):
    place = urllib.parse.urlparse(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    connection.putrequest("GET", "/metrics", skip_accept_encoding=True)
    if accept:
        connection.putheader("Accept", accept)
    if encoding:
        connection.putheader("Accept-Encoding", encoding)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def check_text(name, text, read):
    """Parses, and looks at what a parser lets pass: duplicate series, families without help or type."""
    seen, families = set(), set()
    try:
        for family in read(text):
            if family.name in families:
                problems.append(f"{name}: the family {family.name} comes twice")
            families.add(family.name)
            if not family.documentation:
                problems.append(f"{name}: {family.name} has no HELP")
            if family.type in ("unknown", "untyped"):
                problems.append(f"{name}: {family.name} has no TYPE")
            for sample in family.samples:
                series = (sample.name, tuple(sorted(sample.labels.items())))
                if series in seen:
                    problems.append(f"{name}: the series {series} comes twice")
                seen.add(series)
    except ValueError as error:
        problems.append(f"{name}: {error}")
    if not {"apus_build_info", "apus_build"} & families:
        problems.append(f"{name}: there is no apus_build_info among {sorted(families)}")


def main():
    address = sys.argv[1]
    for accept, wanted in NEGOTIATION:
        for encoding, compressed in ENCODINGS:
            name = f"Accept {accept}, Accept-Encoding {encoding}"
            answer, body = ask(address, accept, encoding)
            kind = answer.headers.get("Content-Type", "")
            if answer.status != 200:
                problems.append(f"{name}: {answer.status}")
                continue
            if not kind.startswith(wanted.split(";")[0]):
                problems.append(f"{name}: {kind}, wanted {wanted}")
            if (answer.headers.get("Content-Encoding") == "gzip") != compressed:
                problems.append(f"{name}: Content-Encoding is {answer.headers.get('Content-Encoding')}")
            if "accept" not in (answer.headers.get("Vary") or "").lower():
                problems.append(f"{name}: Vary is {answer.headers.get('Vary')}")
            text = (gzip.decompress(body) if compressed else body).decode()
            check_text(name, text, read_openmetrics if "openmetrics" in kind else read_text)
    print("\n".join(dict.fromkeys(problems)))
    sys.exit(1 if problems else 0)


main()
