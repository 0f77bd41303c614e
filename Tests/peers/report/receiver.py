#!/usr/bin/env python3
"""A receiver of reports on a free loopback port that behaves as it is told.

    receiver.py FOLDER

Prints its address and serves until it is ended. What it answers stands in FOLDER/script, a line for each request, the last
one for all that follow; when the file changes, it begins anew:

    200, 400, 500 …     that status
    503 retry-after 2   with that header field
    hang                reads the request and never answers
    reset               reads the request and resets the connection

Each request is a line of FOLDER/requests before it is answered: {"at": monotonic seconds, "step": …, "headers": {…}, "body": …}.
"""
import http.server
import json
import pathlib
import socket
import struct
import sys
import threading
import time

folder = pathlib.Path(sys.argv[1])
lock = threading.Lock()
state = {"stamp": None, "next": 0}


def step():
    script = folder / "script"
    stamp = script.stat().st_ino, script.stat().st_mtime_ns
    lines = script.read_text().split("\n")
    if stamp != state["stamp"]:
        state.update(stamp=stamp, next=0)
    line = lines[min(state["next"], len(lines) - 1)].strip()
    state["next"] += 1
    return line


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        with lock:
            action = step()
            record = {"at": time.monotonic(), "step": action, "headers": dict(self.headers.items()), "body": body}
            with open(folder / "requests", "a") as out:
                out.write(json.dumps(record) + "\n")
        if action == "hang":
            threading.Event().wait(600)
        elif action == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        else:
            words = action.split()
            self.send_response(int(words[0]))
            if len(words) == 3:
                self.send_header(words[1], words[2])
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that hung up


server = Server(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
