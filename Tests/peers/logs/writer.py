"""Writes numbered lines to a log through O_APPEND, as a server does, and reopens it on SIGUSR1.

    writer.py LOG [LINES_A_SECOND] [BYTES_A_LINE]

Prints `ready`; on SIGTERM it ends, and prints how many lines it has written. Line n is `line(n)`, so that a reader knows
them all. A line is one write(2): no other writer's bytes come into it.
"""

import os
import signal
import sys
import time


def line(number, size):
    text = f"{number:09d} "
    while len(text) < size - 1:
        text += f"{(number * 2654435761 + len(text)) % 4294967296:08x}"
    return (text[: size - 1] + "\n").encode()


def main(path, rate=2000, size=0):
    state = {"file": -1, "reopen": True, "end": False}
    signal.signal(signal.SIGUSR1, lambda *_: state.update(reopen=True))
    signal.signal(signal.SIGTERM, lambda *_: state.update(end=True))
    number = 0
    began = time.monotonic()
    while not state["end"]:
        if state["reopen"]:
            state["reopen"] = False
            new = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            if state["file"] >= 0:
                os.close(state["file"])
            else:
                print("ready", flush=True)
            state["file"] = new
        # Lines of many lengths, unless one is asked for: ends of lines and of blocks meet everywhere.
        content = line(number, size or 20 + number * 7 % 180)
        if os.write(state["file"], content) != len(content):
            sys.exit("a short write")
        number += 1
        ahead = number / rate - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    print(number, flush=True)


main(sys.argv[1], *map(int, sys.argv[2:]))
