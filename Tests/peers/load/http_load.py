"""Asks ADDRESS/healthz until the file STOP appears: half of the threads over a new connection each time, half over kept ones.

A kept connection is given up when the server says `Connection: close`, as HTTP clients do; any other end of it counts as a
failure. The last line is `requests N failed M`, followed by nothing; each failure is told on standard error (at most 20).
"""

import http.client
import os
import sys
import threading
import urllib.parse

address, stop = sys.argv[1], sys.argv[2]
place = urllib.parse.urlparse(address)
lock = threading.Lock()
requests = failed = 0


def connect():
    return http.client.HTTPConnection(place.hostname, place.port, timeout=30)


def ask(connection):
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or body != b"ok\n":
        raise RuntimeError(f"{answer.status} {body!r}")
    return answer.will_close


def work(keep):
    global requests, failed
    connection = connect()
    while not os.path.exists(stop):
        problem = None
        try:
            if ask(connection) or not keep:
                connection.close()
                connection = connect()
        except Exception as error:
            problem = error
            connection.close()
            connection = connect()
        with lock:
            requests += 1
            if problem is not None:
                failed += 1
                if failed <= 20:
                    print(f"keep={keep}: {problem!r}", file=sys.stderr)


threads = [threading.Thread(target=work, args=(number % 2 == 0,)) for number in range(4)]
for thread in threads:
    thread.start()
print("running", flush=True)
for thread in threads:
    thread.join()
print(f"requests {requests} failed {failed}")
