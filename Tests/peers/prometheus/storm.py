#!/usr/bin/env python3
"""Scrapes ADDRESS from THREADS threads at once, ROUNDS times each, some hanging up in the middle of the answer.

    storm.py ADDRESS THREADS ROUNDS

Prints how often which status came, as JSON. Only 200 and 503 are right, and a 200 must be whole.
"""
import collections
import http.client
import json
import socket
import sys
import threading
import urllib.parse

place = urllib.parse.urlparse(sys.argv[1])
threads, rounds = int(sys.argv[2]), int(sys.argv[3])
lock, seen, problems = threading.Lock(), collections.Counter(), []


def scrape():
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    with lock:
        seen[answer.status] += 1
        if answer.status not in (200, 503) or (answer.status == 200 and b"apus_build_info" not in body):
            problems.append(f"{answer.status} with {len(body)} bytes")


def hang_up():
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(16)


def work(number):
    for round in range(rounds):
        try:
            hang_up() if (number + round) % 5 == 0 else scrape()
        except Exception as error:
            with lock:
                problems.append(repr(error))


workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(json.dumps({str(status): count for status, count in sorted(seen.items())}))
print("\n".join(problems[:20]), file=sys.stderr)
sys.exit(1 if problems else 0)
