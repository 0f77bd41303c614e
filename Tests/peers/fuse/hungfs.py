#!/usr/bin/env python3
"""A FUSE file system whose statfs(2) hangs until told otherwise, for tests of time-outs.

It speaks the kernel's protocol (include/uapi/linux/fuse.h, 7.x) on /dev/fuse itself, so that nothing has to be
installed. It needs root (CAP_SYS_ADMIN) and /dev/fuse. Commands come as lines on standard input:

    hang      statfs requests are read and never answered (the state at the start)
    answer    statfs requests are answered, those that were held back too
    quit      unmount and leave; the end of standard input and SIGTERM do the same

Each state change is confirmed by a line on standard output: `mounted`, `hanging`, `answering`, `unmounted`; each statfs
request that is held back by `held`. Figures that it answers with: 1000 blocks of a f_frsize of 4096 bytes, 400 free, 300
available, f_bsize 1 MiB (so that a reader that multiplies by f_bsize is found out), 200 inodes, 50 free.

If the process is killed, the kernel closes /dev/fuse, which aborts the connection: every stuck caller gets ENOTCONN.
"""

import ctypes
import os
import select
import signal
import struct
import sys

LOOKUP, GETATTR, STATFS, INIT, INTERRUPT, FORGET, BATCH_FORGET = 1, 3, 17, 26, 36, 2, 42
ENOSYS, ENOENT = 38, 2
MNT_DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def mount(target, descriptor):
    options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"apus-hungfs", target.encode(), b"fuse.hungfs", 6, options) != 0:  # nosuid, nodev
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), target)


def unmount(target):
    libc.umount2(target.encode(), MNT_DETACH)


def reply(descriptor, unique, body=b"", error=0):
    os.write(descriptor, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)


def attributes():
    # struct fuse_attr: a folder with inode number 1
    return struct.pack("<QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o040755, 2, 0, 0, 0, 4096, 0)


def statistics():
    # struct fuse_kstatfs: blocks, bfree, bavail, files, ffree, bsize, namelen, frsize
    return struct.pack("<QQQQQIIII24x", 1000, 400, 300, 200, 50, 1 << 20, 255, 4096, 0)


def say(word):
    print(word, flush=True)


class Server:
    def __init__(self, target):
        self.target = target
        self.hanging = True
        self.held = []
        self.fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        mount(target, self.fuse)

    def request(self):
        data = os.read(self.fuse, 1 << 20)
        _, opcode, unique, _ = struct.unpack_from("<IIQQ", data)
        if opcode == INIT:
            _, minor, readahead, _ = struct.unpack_from("<IIII", data, 40)
            answer = struct.pack("<IIIIHHIIHHI28x", 7, min(minor, 31), readahead, 0, 12, 9, 1 << 16, 1, 16, 0, 0)
            reply(self.fuse, unique, answer)
        elif opcode == GETATTR:
            reply(self.fuse, unique, struct.pack("<QII", 1, 0, 0) + attributes())
        elif opcode == STATFS and self.hanging:
            self.held.append(unique)
            say("held")
        elif opcode == STATFS:
            reply(self.fuse, unique, statistics())
        elif opcode == LOOKUP:
            reply(self.fuse, unique, error=ENOENT)
        elif opcode not in (INTERRUPT, FORGET, BATCH_FORGET):
            reply(self.fuse, unique, error=ENOSYS)

    def command(self, word):
        if word == "hang":
            self.hanging = True
            say("hanging")
        elif word == "answer":
            self.hanging = False
            for unique in self.held:
                try:
                    reply(self.fuse, unique, statistics())
                except OSError:
                    pass  # the caller was killed meanwhile
            self.held = []
            say("answering")

    def serve(self):
        pending = b""
        while True:
            ready, _, _ = select.select([self.fuse, 0], [], [])
            if self.fuse in ready:
                try:
                    self.request()
                except OSError as error:
                    if error.errno not in (2, 4):  # interrupted request: read again
                        return
            if 0 in ready:
                data = os.read(0, 4096)
                pending += data
                *lines, pending = pending.split(b"\n")
                if not data or b"quit" in lines:
                    return
                for line in lines:
                    self.command(line.decode().strip())


def main():
    target = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(target)
    try:
        say("mounted")
        server.serve()
    finally:
        os.close(server.fuse)
        unmount(target)
        say("unmounted")


main()
