"""A proxy on a free port of the loopback that spoils most requests: `fault_proxy.py <folder> <host:port>`.

In turn: the connection ends without an answer; half of the answer; 503 SlowDown; the request is done and its answer lost; a
request goes through. It prints one JSON line (endpoint) and stays until its parent ends.
"""

import http.client
import itertools
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PARENT = os.getppid()
TARGET = sys.argv[2]
FAULTS = itertools.cycle(["close", "half", "busy", "lost", None])
BUSY = b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = next(FAULTS)
        if fault == "busy":
            self.answer(503, [("Retry-After", "0")], b"" if self.command == "HEAD" else BUSY, len(BUSY))
        if fault in ("close", "busy"):
            self.close_connection = True
            return
        upstream = http.client.HTTPConnection(TARGET)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if fault == "lost":
            self.close_connection = True
            return
        left_out = ("connection", "content-length", "transfer-encoding")
        fields = [(name, value) for name, value in answer.getheaders() if name.lower() not in left_out]
        length = int(answer.headers.get("Content-Length", len(content))) if self.command == "HEAD" else len(content)
        if fault == "half" and content:
            content = content[:len(content) // 2]
            self.close_connection = True
        self.answer(answer.status, fields, content, length)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    def answer(self, status, fields, content, length):
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"endpoint": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    while os.getppid() == PARENT:
        time.sleep(0.5)
    os._exit(0)


main()
