"""Clients that ask for as long as a test wants, and count what they get."""

import collections
import threading
import time

import client

GET = b"GET %s HTTP/1.1\r\nHost: load.test\r\n\r\n"
POST = b"POST %s HTTP/1.1\r\nHost: load.test\r\nContent-Length: 2000\r\n\r\n" + b"p" * 2000


class Load:
    """Threads that ask, in turn by GET and POST; every second thread makes a connection for each request.

    A kept connection is given up when the gateway says `Connection: close`. Any other end of it is a failure (`failures`
    tells the first twenty); `cut` counts answers that ended in the middle. `statuses` counts what came.
    """

    def __init__(self, port, threads=4, target=b"/load", limit=30):
        self.port, self.target, self.limit = port, target, limit
        self.statuses, self.failures, self.failed, self.cut = collections.Counter(), [], 0, 0
        self.generations = collections.Counter()
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(self.limit + 10)

    def work(self, number):
        keeps, connection, count = number % 2 == 0, None, 0
        while not self.ended.is_set():
            count += 1
            try:
                connection = connection or client.Client(self.port, self.limit)
                connection.send((GET if count % 2 else POST) % self.target)
                answer = connection.receive()
                connection.log.clear()
                closes = not keeps or "close" in ",".join(answer.all("connection")).lower()
                with self.lock:
                    self.statuses[answer.status] += 1
                    for generation in answer.all("x-generation"):
                        self.generations[generation] += 1
            except (OSError, client.Closed, client.TooLate, client.MalformedAnswer) as error:
                self.note(error, f"{'GET' if count % 2 else 'POST'} over a {'kept' if keeps else 'new'} connection: ")
                closes = True
            if closes and connection:
                connection.close()
                connection = None

    def note(self, error, what):
        with self.lock:
            if isinstance(error, client.Closed) and error.left:
                self.cut += 1
                return
            self.failed += 1
            if len(self.failures) < 20:
                self.failures.append(what + repr(error))

    def count(self, wanted=lambda status: True):
        with self.lock:
            return sum(count for status, count in self.statuses.items() if wanted(status))

    def wait_for(self, what, number, wanted=lambda status: True, limit=60):
        """Waits for so many more answers of a kind."""
        goal, deadline = self.count(wanted) + number, time.monotonic() + limit
        while self.count(wanted) < goal:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {limit} s in vain for {number} answers more: {what}; {dict(self.statuses)}")
            time.sleep(0.01)
