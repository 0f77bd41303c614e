#!/usr/bin/env python3
"""An unprivileged user of a test host who swaps what root makes in a folder of theirs, by inotify, as fast as it goes.

    swapper.py ROOT UID FOLDER HOW

ROOT is the host's root folder as seen from outside. As soon as `.apus-…` appears in FOLDER, it is replaced, by HOW:

link      a symbolic link to /srv/target/file is renamed over it
folder    it is renamed away, and a link to /srv/target put there
prepared  it is renamed away, and a folder with links named f0 to f9 to /srv/target/file put there

Prints `ready`, then a line for each swap that worked; ends with its standard input.
"""

import ctypes
import os
import select
import struct
import sys

IN_MOVED_TO, IN_CREATE = 0x80, 0x100
FOLDER, FILE = "/srv/target", "/srv/target/file"


def swap(name, how, number):
    if how == "link":
        os.symlink(FILE, f"l{number}")
        os.rename(f"l{number}", name)
        return
    if how == "prepared":
        os.mkdir(f"p{number}")
        for place in range(10):
            os.symlink(FILE, f"p{number}/f{place}")
    os.rename(name, f"away{number}")
    if how == "folder":
        os.symlink(FOLDER, name)
    else:
        os.rename(f"p{number}", name)


def names(events):
    while events:
        _, _, _, length = struct.unpack_from("iIII", events)
        yield events[16:16 + length].rstrip(b"\0").decode()
        events = events[16 + length:]


def main():
    root, uid, folder, how = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init()
    libc.inotify_add_watch(watch, folder.encode(), IN_CREATE | IN_MOVED_TO)
    os.chdir(folder)
    print("ready", flush=True)
    number = 0
    while True:
        ready = select.select([watch, sys.stdin], [], [])[0]
        if sys.stdin in ready and not sys.stdin.read(1):
            return
        if watch not in ready:
            continue
        for name in names(os.read(watch, 65536)):
            if not name.startswith(".apus-"):
                continue
            number += 1
            try:
                swap(name, how, number)
                print("swapped", name, flush=True)
            except OSError as error:
                print("failed", error, flush=True)


main()
