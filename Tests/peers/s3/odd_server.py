"""A server that answers wrongly on purpose, by HTTP and HTTPS on free ports of the loopback.

`odd_server.py <folder>` writes its own certificate to <folder>/authority.pem, prints one JSON line (endpoint, tls,
authority) and stays until its parent ends. Paths: /bytes/<n> answers n bytes; /short says 100 bytes and sends 10;
/close sends nothing; HEAD of anything says 12345 bytes. PUT answers the SHA-256 of the body, or, of /early, a 403 before it
has read any of it.
"""

import hashlib
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PARENT = os.getppid()
FOLDER = sys.argv[1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def begin(self, length):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def do_HEAD(self):
        self.begin(12345)

    def do_PUT(self):
        # An empty body must still have a length: without one, stores answer 411.
        if "Content-Length" not in self.headers:
            self.send_error(411)
            return
        if self.path == "/early":
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            return
        answer = hashlib.sha256(self.rfile.read(int(self.headers["Content-Length"]))).hexdigest().encode()
        self.begin(len(answer))
        self.wfile.write(answer)

    def do_GET(self):
        name = self.path.split("/")
        if name[1] == "bytes":
            self.begin(int(name[2]))
            self.wfile.write(b"x" * int(name[2]))
            return
        if name[1] == "short":
            self.begin(100)
            self.wfile.write(b"x" * 10)
        self.close_connection = True


def serve(context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main():
    key, certificate = os.path.join(FOLDER, "key.pem"), os.path.join(FOLDER, "authority.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=apus test", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    print(json.dumps({
        "endpoint": f"http://127.0.0.1:{serve()}", "tls": f"https://127.0.0.1:{serve(context)}",
        "authority": certificate}), flush=True)
    while os.getppid() == PARENT:
        time.sleep(0.5)
    os._exit(0)


main()
