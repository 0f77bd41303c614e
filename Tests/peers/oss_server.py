"""A small Aliyun OSS in memory: it verifies each signature with Aliyun's own signer (`SignerV4`) and knows what apus
asks for.

Prints one JSON line (endpoint, credentials) and stays until its parent ends or it is killed. Path style only:
/bucket/key. It refuses what OSS refuses: aws-chunked bodies, trailers, `x-amz-*`, a wrong Content-MD5, parts under 100
KiB but the last.
"""

import base64
import datetime
import email.utils
import hashlib
import hmac
import json
import os
import re
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

from alibabacloud_oss_v2 import credentials as oss_credentials
from alibabacloud_oss_v2.signer.v4 import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext

PARENT = os.getppid()
KEY_ID, SECRET, REGION, BUCKET = "LTAI-test", "oss-secret", "cn-hangzhou", "store"
LEAST_PART = 100 * 1024
LOCK = threading.Lock()
OBJECTS, UPLOADS = {}, {}


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def handle_any(self):
        self.content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            with LOCK:
                self.route()
        except Refused as refused:
            text = f"<?xml version=\"1.0\"?><Error><Code>{refused.code}</Code><Message>no</Message></Error>"
            self.answer(refused.status, text.encode())

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def route(self):
        target = urllib.parse.urlsplit(self.path)
        parts = target.path.split("/", 2)
        self.bucket = parts[1]
        self.key = urllib.parse.unquote(parts[2]) if len(parts) > 2 else ""
        self.query = dict(urllib.parse.parse_qsl(target.query, keep_blank_values=True))
        self.verify()
        if self.bucket != BUCKET:
            raise Refused(404, "NoSuchBucket")
        if "Content-MD5" in self.headers:
            digest = base64.b64encode(hashlib.md5(self.content).digest()).decode()
            if digest != self.headers["Content-MD5"]:
                raise Refused(400, "InvalidDigest")
        if not self.key:
            return self.list_uploads() if "uploads" in self.query else self.list_objects()
        if self.command == "POST":
            return self.begin() if "uploads" in self.query else self.complete()
        if "uploadId" in self.query:
            return self.put_part() if self.command == "PUT" else self.abort()
        {"PUT": self.put, "GET": self.get, "HEAD": self.get, "DELETE": self.delete}[self.command]()

    def verify(self):
        lowered = {name.lower(): value for name, value in self.headers.items()}
        if any(name.startswith("x-amz-") or name == "trailer" for name in lowered) or "aws-chunked" in str(lowered):
            raise Refused(400, "InvalidArgument")
        if lowered.get("x-oss-content-sha256") != "UNSIGNED-PAYLOAD":
            raise Refused(400, "InvalidArgument")
        given = lowered.pop("authorization", "")
        match = re.fullmatch(
            r"OSS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/oss/aliyun_v4_request,AdditionalHeaders=([a-z;-]+),"
            r"Signature=[0-9a-f]{64}", given)
        if not match or match[1] != KEY_ID or match[3] != REGION:
            raise Refused(403, "InvalidAccessKeyId")
        when = datetime.datetime.strptime(lowered["x-oss-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs(time.time() - when.timestamp()) > 900:
            raise Refused(403, "RequestTimeTooSkewed")
        request = HttpRequest(self.command, f"http://{lowered['host']}{self.path}", headers=lowered)
        context = SigningContext(
            product="oss", region=REGION, bucket=self.bucket or None, key=self.key or None, request=request,
            credentials=oss_credentials.Credentials(KEY_ID, SECRET), signing_time=when)
        context.additional_headers = set(match[4].split(";"))
        SignerV4().sign(context)
        if not hmac.compare_digest(request.headers["Authorization"], given):
            raise Refused(403, "SignatureDoesNotMatch")

    def check_overwrite(self):
        if self.headers.get("x-oss-forbid-overwrite") == "true" and self.key in OBJECTS:
            raise Refused(409, "FileAlreadyExists")

    def attributes(self):
        wanted = ("content-type", "x-oss-storage-class", "x-oss-tagging", "x-oss-server-side-encryption")
        return [(n, v) for n, v in self.headers.items() if n.lower().startswith("x-oss-meta-") or n.lower() in wanted]

    def store(self, content, tag, attributes):
        OBJECTS[self.key] = (content, tag, attributes, time.time())

    def put(self):
        self.check_overwrite()
        tag = hashlib.md5(self.content).hexdigest().upper()
        self.store(self.content, tag, self.attributes())
        self.answer(200, headers=[("ETag", f'"{tag}"')])

    def get(self):
        if self.key not in OBJECTS:
            raise Refused(404, "NoSuchKey")
        content, tag, attributes, when = OBJECTS[self.key]
        headers = [("ETag", f'"{tag}"'), ("Last-Modified", email.utils.formatdate(when, usegmt=True)), *attributes]
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if match:
            first, last = int(match[1]), int(match[2])
            if first >= len(content):
                raise Refused(416, "InvalidRange")
            return self.answer(206, content[first:last + 1], headers)
        self.answer(200, content, headers)

    def delete(self):
        OBJECTS.pop(self.key, None)
        self.answer(204)

    def begin(self):
        self.check_overwrite()
        upload = uuid.uuid4().hex.upper()
        UPLOADS[upload] = (self.key, self.attributes(), {})
        result = "InitiateMultipartUploadResult"
        self.answer(200, f"<{result}><UploadId>{upload}</UploadId></{result}>".encode())

    def upload(self):
        found = UPLOADS.get(self.query["uploadId"])
        if not found or found[0] != self.key:
            raise Refused(404, "NoSuchUpload")
        return found

    def put_part(self):
        _, _, parts = self.upload()
        content, source = self.content, self.headers.get("x-oss-copy-source")
        if source:
            name = urllib.parse.unquote(source).split("/", 2)[2]
            if name not in OBJECTS:
                raise Refused(404, "NoSuchKey")
            first, last = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["x-oss-copy-source-range"]).groups()
            content = OBJECTS[name][0][int(first):int(last) + 1]
        tag = hashlib.md5(content).hexdigest().upper()
        parts[int(self.query["partNumber"])] = (content, tag)
        body = f'<CopyPartResult><ETag>"{tag}"</ETag></CopyPartResult>'.encode() if source else b""
        self.answer(200, body, [("ETag", f'"{tag}"')])

    def complete(self):
        _, attributes, parts = self.upload()
        self.check_overwrite()
        wanted = re.findall(r"<PartNumber>(\d+)</PartNumber><ETag>\"?([^<\"]+)\"?</ETag>", self.content.decode())
        chosen = []
        for number, tag in wanted:
            if int(number) not in parts or parts[int(number)][1] != tag:
                raise Refused(400, "InvalidPart")
            chosen.append(parts[int(number)][0])
        if any(len(content) < LEAST_PART for content in chosen[:-1]):
            raise Refused(400, "EntityTooSmall")
        # Not the MD5 of MD5s: OSS makes it in a way of its own.
        tag = f"{hashlib.md5(b'oss' + b''.join(chosen)).hexdigest().upper()}-{len(chosen)}"
        self.store(b"".join(chosen), tag, attributes)
        del UPLOADS[self.query["uploadId"]]
        result = "CompleteMultipartUploadResult"
        self.answer(200, f'<{result}><ETag>"{tag}"</ETag></{result}>'.encode())

    def abort(self):
        self.upload()
        del UPLOADS[self.query["uploadId"]]
        self.answer(204)

    def list_uploads(self):
        prefix = self.query.get("prefix", "")
        rows = "".join(
            f"<Upload><Key>{escape(urllib.parse.quote(key, safe=''))}</Key><UploadId>{upload}</UploadId></Upload>"
            for upload, (key, _, _) in UPLOADS.items() if key.startswith(prefix))
        self.answer(200, f"<ListMultipartUploadsResult>{rows}</ListMultipartUploadsResult>".encode())

    def list_objects(self):
        if self.query.get("list-type") != "2" or self.query.get("encoding-type") != "url":
            raise Refused(400, "InvalidArgument")
        prefix, after = self.query.get("prefix", "").encode(), self.query.get("start-after", "").encode()
        keys = sorted(key for key in (name.encode() for name in OBJECTS) if key.startswith(prefix) and key > after)
        most = int(self.query.get("max-keys", 100))
        rows = ""
        for key in keys[:most]:
            content, tag, _, when = OBJECTS[key.decode()]
            stamp = datetime.datetime.fromtimestamp(when, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            rows += (f"<Contents><Key>{urllib.parse.quote(key, safe='')}</Key><LastModified>{stamp}</LastModified>"
                     f"<ETag>\"{tag}\"</ETag><Size>{len(content)}</Size></Contents>")
        cut = str(len(keys) > most).lower()
        self.answer(200, f"<ListBucketResult><IsTruncated>{cut}</IsTruncated>{rows}</ListBucketResult>".encode())


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({
        "endpoint": f"http://127.0.0.1:{server.server_port}", "accessKeyID": KEY_ID, "secretAccessKey": SECRET,
        "region": REGION}), flush=True)
    while os.getppid() == PARENT:
        time.sleep(0.5)
    os._exit(0)


main()
