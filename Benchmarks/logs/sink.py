#!/usr/bin/env python3
"""An S3 that costs as little as Python can: what it takes, it writes to a folder (of memory, best), and gives back.

    sink.py FOLDER          prints `PORT\\n` once it listens; ends with its standard input

It is here because moto needs more processor time for an object than all contenders together. It speaks the part of S3 that
`apus`, `aws s3 cp` and `rclone` use to store one object and to read it back: PUT, POST ?uploads, PUT ?partNumber, POST
?uploadId, HEAD, GET with ranges, the listings of objects and of uploads, DELETE. Path style only. Signatures and checksums
are not looked at; a body that comes in signed chunks (aws-chunked) is unpacked, so that sizes can be compared. ETags are
counters: nobody is to spend time on MD5.
"""

import json
import os
import re
import shutil
import socket
import sys
import threading
import urllib.parse
import xml.sax.saxutils

BLOCK = 1 << 20
KEPT = ("x-amz-meta-", "content-type")


class Store:
    """Objects are files, beside each a JSON of its fields; parts are files under `uploads/ID`."""

    def __init__(self, folder):
        self.folder, self.lock, self.count = folder, threading.Lock(), 0
        os.makedirs(f"{folder}/objects", exist_ok=True)
        os.makedirs(f"{folder}/uploads", exist_ok=True)

    def tag(self):
        with self.lock:
            self.count += 1
            return f"bench-{self.count}"

    def path(self, key):
        return f"{self.folder}/objects/{urllib.parse.quote(key, safe='')}"

    def put(self, key, fields, source):
        tag = self.tag()
        with open(self.path(key) + ".json", "w") as file:
            json.dump({"key": key, "tag": tag, "fields": fields}, file)
        os.replace(source, self.path(key) + ".bytes")
        return tag

    def get(self, key):
        """(fields, ETag, size), or None."""
        try:
            with open(self.path(key) + ".json") as file:
                record = json.load(file)
            return record["fields"], record["tag"], os.path.getsize(self.path(key) + ".bytes")
        except OSError:
            return None

    def keys(self):
        for name in os.listdir(f"{self.folder}/objects"):
            if name.endswith(".bytes"):
                yield urllib.parse.unquote(name[:-len(".bytes")])

    def delete(self, key):
        for suffix in (".json", ".bytes"):
            try:
                os.remove(self.path(key) + suffix)
            except FileNotFoundError:
                pass

    def begin(self, key, fields):
        name = self.tag()
        os.mkdir(f"{self.folder}/uploads/{name}")
        with open(f"{self.folder}/uploads/{name}/begun", "w") as file:
            json.dump({"key": key, "fields": fields}, file)
        return name

    def upload(self, name):
        with open(f"{self.folder}/uploads/{os.path.basename(name)}/begun") as file:
            return json.load(file)

    def complete(self, name, numbers):
        begun, folder = self.upload(name), f"{self.folder}/uploads/{os.path.basename(name)}"
        whole = f"{folder}/{numbers[0]}"
        with open(whole, "ab") as output:
            for number in numbers[1:]:
                with open(f"{folder}/{number}", "rb") as part:
                    shutil.copyfileobj(part, output, BLOCK)
        tag = self.put(begun["key"], begun["fields"], whole)
        shutil.rmtree(folder)
        return begun["key"], tag


class Connection:
    def __init__(self, store, stream):
        self.store, self.socket, self.buffer = store, stream, b""
        self.block = memoryview(bytearray(BLOCK))

    def serve(self):
        while self.read_head():
            self.handle()

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                return False
            self.buffer += more
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, target, _ = first.split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path, _, query = target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        _, _, self.key = urllib.parse.unquote(path).lstrip("/").partition("/")
        return True

    def take(self, count):
        """Up to `count` bytes, as a view that is good until the next call."""
        if self.buffer:
            piece, self.buffer = self.buffer[:count], self.buffer[count:]
            return piece
        got = self.socket.recv_into(self.block[:min(count, BLOCK)])
        if got == 0:
            raise ConnectionError("the body is cut")
        return self.block[:got]

    def copy(self, count, output):
        while count > 0:
            piece = self.take(count)
            output.write(piece)
            count -= len(piece)

    def line(self):
        while b"\r\n" not in self.buffer:
            self.buffer += self.socket.recv(65536) or b"\r\n"
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def body(self, path):
        """Writes the request's body into a file."""
        if self.headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        is_chunked = self.headers.get("transfer-encoding", "") == "chunked"
        is_packed = "aws-chunked" in self.headers.get("content-encoding", "") \
            or self.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
        with open(path, "wb", buffering=0) as output:
            if is_packed and not is_chunked:
                self.unpack(output)
            elif is_chunked and not is_packed:
                self.unpack(output)
            elif is_chunked:
                self.unpack_twice(path, output)
            else:
                self.copy(int(self.headers.get("content-length", 0)), output)

    def unpack(self, output):
        """Chunks: size in hexadecimal (`;…` behind it), the bytes, an empty line; the last is empty, trailers follow it."""
        while True:
            size = int(self.line().split(b";")[0], 16)
            if size == 0:
                while self.line():
                    pass
                return
            self.copy(size, output)
            self.line()

    def unpack_twice(self, path, output):
        self.unpack(output)
        with open(path, "rb") as file:
            inner = Connection(self.store, None)
            inner.buffer = file.read()
        with open(path, "wb", buffering=0) as again:
            inner.unpack(again)

    def answer(self, status, body=b"", fields=(), length=None):
        lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body) if length is None else length}"]
        lines += [f"{name}: {value}" for name, value in fields]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def error(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def handle(self):
        incoming = f"{self.store.folder}/incoming-{threading.get_ident()}"
        self.body(incoming)
        operation = getattr(self, "on_" + self.method.lower(), None)
        if operation:
            operation(incoming)
        else:
            self.error(405, "MethodNotAllowed")

    def fields(self):
        return {name: value for name, value in self.headers.items() if name.startswith(KEPT)}

    def is_taken(self):
        return self.headers.get("if-none-match") == "*" and self.store.get(self.key) is not None

    def on_put(self, incoming):
        if not self.key:
            return self.answer(200)
        if "partNumber" in self.query:
            number = int(self.query["partNumber"])
            folder = f"{self.store.folder}/uploads/{os.path.basename(self.query['uploadId'])}"
            if not os.path.isdir(folder):
                return self.error(404, "NoSuchUpload")
            os.replace(incoming, f"{folder}/{number}")
            return self.answer(200, fields=[("ETag", f'"{self.store.tag()}"')])
        if self.is_taken():
            return self.error(412, "PreconditionFailed")
        self.answer(200, fields=[("ETag", f'"{self.store.put(self.key, self.fields(), incoming)}"')])

    def on_post(self, incoming):
        if "uploads" in self.query:
            name = self.store.begin(self.key, self.fields())
            return self.answer(200, (
                f"<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>{xml.sax.saxutils.escape(self.key)}</Key>"
                f"<UploadId>{name}</UploadId></InitiateMultipartUploadResult>").encode())
        if self.is_taken():
            return self.error(412, "PreconditionFailed")
        with open(incoming) as file:
            numbers = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", file.read())]
        key, tag = self.store.complete(self.query["uploadId"], numbers)
        self.answer(200, (
            f"<CompleteMultipartUploadResult><Bucket>bench</Bucket><Key>{xml.sax.saxutils.escape(key)}</Key>"
            f'<ETag>"{tag}"</ETag></CompleteMultipartUploadResult>').encode())

    def on_head(self, _):
        found = self.store.get(self.key)
        if found is None:
            return self.answer(404, length=0)
        fields, tag, size = found
        self.answer(200, length=size, fields=[*fields.items(), *self.stamps(tag)])

    @staticmethod
    def stamps(tag):
        return [("ETag", f'"{tag}"'), ("Last-Modified", "Sat, 28 Nov 2026 13:00:00 GMT"), ("Accept-Ranges", "bytes")]

    def on_get(self, _):
        if not self.key:
            return self.listing()
        found = self.store.get(self.key)
        if found is None:
            return self.error(404, "NoSuchKey")
        fields, tag, size = found
        first, last = 0, size - 1
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        if asked:
            first, last = int(asked[1]), min(size - 1, int(asked[2] or size))
            if first >= size:
                return self.error(416, "InvalidRange")
        with open(self.store.path(self.key) + ".bytes", "rb") as file:
            file.seek(first)
            content = file.read(last - first + 1)
        more = [("Content-Range", f"bytes {first}-{last}/{size}")] if asked else []
        self.answer(206 if asked else 200, content, [*fields.items(), *self.stamps(tag), *more])

    def listing(self):
        quote = urllib.parse.quote
        if "uploads" in self.query:
            return self.answer(200, b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                                    b"</ListMultipartUploadsResult>")
        prefix, after = self.query.get("prefix", ""), self.query.get("start-after", "")
        rows = ""
        for key in sorted(key for key in self.store.keys() if key.startswith(prefix) and key > after)[:1000]:
            _, tag, size = self.store.get(key)
            rows += (f"<Contents><Key>{quote(key, safe='/')}</Key><Size>{size}</Size><ETag>\"{tag}\"</ETag>"
                     "<LastModified>2026-11-28T13:00:00.000Z</LastModified></Contents>")
        self.answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode())

    def on_delete(self, _):
        if "uploadId" in self.query:
            shutil.rmtree(f"{self.store.folder}/uploads/{os.path.basename(self.query['uploadId'])}", ignore_errors=True)
        else:
            self.store.delete(self.key)
        self.answer(204)


def serve(store, stream):
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with stream:
        try:
            Connection(store, stream).serve()
        except ConnectionError:
            pass  # a client may go when it likes


def listen(store, listener):
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=serve, args=(store, stream), daemon=True).start()


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=listen, args=(Store(sys.argv[1]), listener), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
