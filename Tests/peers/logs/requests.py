"""Asks a web server for a path that nobody has asked for before, again and again.

    requests.py PORT NAME

Prints `ready`; on SIGTERM it ends, and prints how many requests were answered: /NAME/0, /NAME/1 and so on.
"""

import http.client
import signal
import sys
import time

ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))


def main(port, name):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    number = 0
    while not ended:
        connection.request("GET", f"/{name}/{number}")
        answer = connection.getresponse()
        answer.read()
        if answer.status != 204:
            sys.exit(f"answered {answer.status}")
        if number == 0:
            print("ready", flush=True)
        number += 1
        # A load and not a benchmark: the others here want the processor, too.
        time.sleep(0.0005)
    print(number, flush=True)


main(*sys.argv[1:])
