"""OpenStack Swift with its S3 API (s3api) on free ports of the loopback, whole: proxy, account, container and object
server.

`s3api_peer.py <folder>` keeps everything in <folder> (which must take extended attributes), makes the bucket `store`,
prints one JSON line (endpoint, credentials) and stays until its parent ends or it is killed. It is strict on
signatures, SHA-256, MD5 and the sizes of parts; it has no encryption by the store, no tags and no object lock.
"""

import json
import os
import sys
import time

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi

PARENT = os.getppid()
FOLDER = os.path.join(os.path.abspath(sys.argv[1]), "swift")
KEYS = "test:tester", "testing"

PROXY = """
[DEFAULT]
swift_dir = {folder}
user = root
log_level = ERROR
[pipeline:main]
pipeline = catch_errors memory listing_formats s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:memory]
paste.filter_factory = s3api_peer:memory_factory
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
minimum_segment_size = 1
[filter:dlo]
use = egg:swift#dlo
"""


class Memory:
    """What Swift asks of memcached, for one process."""

    def __init__(self):
        self.values = {}

    def get(self, key, raise_on_error=False):
        return self.values.get(key)

    def set(self, key, value, serialize=True, time=0, min_compress_len=0, raise_on_error=False):
        self.values[key] = json.loads(json.dumps(value))
        return True

    def incr(self, key, delta=1, time=0):
        self.values[key] = self.values.get(key, 0) + delta
        return self.values[key]

    def delete(self, key, server_key=None):
        self.values.pop(key, None)


def memory_factory(global_conf, **local_conf):
    memory = Memory()

    def wrap(app):
        def call(environ, start_response):
            environ["swift.cache"] = memory
            return app(environ, start_response)

        return call

    return wrap


def listen():
    return eventlet.listen(("127.0.0.1", 0))


def make_ring(name, port):
    from swift.common.ring import RingBuilder

    builder = RingBuilder(4, 1, 0)
    builder.add_dev({
        "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1",
        "replication_port": port, "device": "sda1", "weight": 1.0, "meta": ""})
    builder.rebalance()
    builder.get_ring().save(os.path.join(FOLDER, name + ".ring.gz"))


def serve(sock, app):
    from swift.common.http_protocol import SwiftHttpProtocol

    quiet = open(os.devnull, "w")
    eventlet.spawn(wsgi.server, sock, app, log=quiet, log_output=False, protocol=SwiftHttpProtocol)


def start():
    os.makedirs(os.path.join(FOLDER, "devices", "sda1"))
    path = os.path.join(FOLDER, "swift.conf")
    with open(path, "w") as file:
        file.write("[swift-hash]\nswift_hash_path_suffix = apus\nswift_hash_path_prefix = apus\n")
    import swift.common.utils as utils

    utils.set_swift_dir(FOLDER)
    utils.validate_hash_conf()
    from swift.account.server import AccountController
    from swift.common.wsgi import loadapp
    from swift.container.server import ContainerController
    from swift.obj.server import ObjectController

    conf = {"devices": os.path.join(FOLDER, "devices"), "mount_check": "false", "swift_dir": FOLDER,
            "log_level": "ERROR", "user": "root"}
    sockets = {"account": listen(), "container": listen(), "object": listen()}
    for name, sock in sockets.items():
        make_ring(name, sock.getsockname()[1])
    serve(sockets["account"], AccountController(conf))
    serve(sockets["container"], ContainerController(conf))
    serve(sockets["object"], ObjectController(conf))
    proxy = os.path.join(FOLDER, "proxy.conf")
    with open(proxy, "w") as file:
        file.write(PROXY.format(folder=FOLDER))
    sock = listen()
    serve(sock, loadapp(proxy, global_conf={"here": FOLDER}))
    return f"http://127.0.0.1:{sock.getsockname()[1]}"


def make_bucket(endpoint):
    import boto3

    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1])
    client.create_bucket(Bucket="store")


def main():
    endpoint = start()
    make_bucket(endpoint)
    print(json.dumps({"endpoint": endpoint, "accessKeyID": KEYS[0], "secretAccessKey": KEYS[1]}), flush=True)
    while os.getppid() == PARENT:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    sys.modules["s3api_peer"] = sys.modules["__main__"]
    main()
