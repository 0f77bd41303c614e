"""A program behind `exec:`, as ExecKeyProvider's documentation describes it, for its tests.

wrap_keys.py [MODE [ARGUMENT]]: wraps by a keystream of SHA-256 and binds to the context. MODE makes it misbehave:
  say TEXT      answers TEXT whatever it is asked
  record FILE   writes what it is asked, and its arguments, to FILE first
  fail CODE     complains and ends with that exit code
  hang FILE     leaves a child behind that writes its pid to FILE, and sleeps with it
  flood         answers without an end
"""

import base64
import hashlib
import json
import os
import sys
import time

SECRET = b"the wrapping key of a test"


def stream(context):
    pairs = json.dumps(context, sort_keys=True).encode()
    return hashlib.sha256(SECRET + pairs).digest(), hashlib.sha256(pairs + SECRET).digest()[:8]


def answer(request):
    key = base64.b64decode(request["key"])
    pad, tag = stream(request["context"])
    if request["operation"] == "wrap":
        wrapped = bytes(a ^ b for a, b in zip(key, pad)) + tag
        return {"key": base64.b64encode(wrapped).decode(), "keyID": "slot-3", "version": "7"}
    if (request["keyID"], request["version"]) != ("slot-3", "7"):
        return {"error": "no such slot", "code": "key-unknown"}
    if key[32:] != tag:
        return {"error": "not of this context", "code": "key-mismatch"}
    return {"key": base64.b64encode(bytes(a ^ b for a, b in zip(key, pad))).decode()}


def main(mode="", argument=""):
    line = sys.stdin.readline()
    if mode == "say":
        print(argument)
    elif mode == "fail":
        print("slot 3 is locked\nsecond line", file=sys.stderr)
        sys.exit(int(argument))
    elif mode == "hang":
        if os.fork() == 0:
            with open(argument + ".part", "w") as file:
                file.write(str(os.getpid()))
            os.rename(argument + ".part", argument)
        time.sleep(600)
    elif mode == "flood":
        while True:
            sys.stdout.write("x" * 4096)
    else:
        if mode == "record":
            with open(argument, "w") as file:
                file.write(line + " ".join(sys.argv))
        print(json.dumps(answer(json.loads(line))))


main(*sys.argv[1:])
