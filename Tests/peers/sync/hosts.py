#!/usr/bin/env python3
"""Throw-away SSH hosts on loopback, without Docker: each a real sshd on a real root of its own.

    hosts.py start --dir DIR [--kind debian|debian-python|busybox] [--count N]
                   [--delay-ms RTT] [--count-wire] [--account]
    hosts.py build [--kind KIND]        only builds the root (roots.py says what is in each kind, and which users)

`start` prints one JSON object as one line when every host answers, and works until standard input ends, SIGTERM or
SIGINT. Then, and also when it is killed, every process and mount of the hosts is gone (container.py says why).

    {"kind", "identityFile", "knownHosts", "sshConfig", "adminPassword", "wire",
     "hosts": [{"name", "address", "port", "directPort", "user", "pid", "root", "hostKey", "log", "cgroup"}]}

`ssh -F SSHCONFIG host1` works at once, as does `-l admin` or `-l ops`. `root` is the host's root directory as seen from
outside, valid while the host runs (mind absolute symbolic links: they lead to the outside). `pid` is the host's first
process: SIGKILL to it is the host's power cut, and `cutime` of /proc/PID/stat counts all that ever ran there.

--delay-ms puts a forwarder between client and host that adds a round-trip time, --count-wire one that adds none; the
file `wire` then has the report of cutproxy.py, written anew each time that a connection starts or ends. --account gives
each host a cgroup (v2), where cpu.stat tells its processor time; `cgroup` is null where that cannot be had.

It needs root. Exit code 77, with a word on standard error, when this machine cannot have such hosts.
"""

import argparse
import asyncio
import gc
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys

import container
import cutproxy
import roots
from container import read

MOST_HOSTS = 500
CGROUP_PREFIX = "apus-test-"
UNAVAILABLE = 77


class Supervisor:
    """Starts the hosts, says so, waits for the end, and ends them."""

    def __init__(self, options):
        self.options = options
        self.folder = os.path.abspath(options.dir)
        self.hosts, self.ports, self.forwarder = [], {}, None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def prepare(self):
        """An empty folder with a key for the client and one for each host."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        for number in range(1, self.options.count + 1):
            shutil.rmtree(self.path(f"host{number}"), ignore_errors=True)
            os.mkdir(self.path(f"host{number}"), 0o700)
            self.hosts.append(container.Host(f"host{number}", self.folder))
        make_keys([self.path("identity"), *(host.key for host in self.hosts)])
        if self.options.account:
            give_cgroups(self.hosts)

    def start_hosts(self, root):
        authorized_keys = read(self.path("identity.pub"))
        gc.freeze()  # so that the hosts go on sharing our memory
        pipes = [(host, host.start(root, authorized_keys)) for host in self.hosts]
        for host, pipe in pipes:
            with os.fdopen(pipe, "rb") as answers:
                answer = answers.read().decode()
            if answer != "ready":
                raise roots.NotPossible(f"{host.name} does not start: {answer or 'its first process died'}")

    def start_forwarder(self):
        """A child that listens on one more port for each host."""
        if not (self.options.delay_ms or self.options.count_wire):
            self.ports = {host.name: host.port for host in self.hosts}
            return
        listeners = [(cutproxy.listening(), host.port) for host in self.hosts]
        self.ports = {host.name: listener.getsockname()[1] for host, (listener, _) in zip(self.hosts, listeners)}
        wire = self.path("wire.json")
        cutproxy.write_whole(wire, json.dumps(cutproxy.Proxy(cutproxy.Rules()).report()))
        self.forwarder = os.fork()
        if self.forwarder == 0:
            try:
                container.end_with_parent()
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                asyncio.run(forward(listeners, self.options.delay_ms, wire))
            finally:
                os._exit(1)
        for listener, _ in listeners:
            listener.close()

    def write_client_files(self):
        known, config = "", ""
        for host in self.hosts:
            key = " ".join(read(host.key + ".pub").split()[:2])
            known += f"[127.0.0.1]:{self.ports[host.name]} {key}\n"
            config += f"Host {host.name}\n    HostName 127.0.0.1\n    Port {self.ports[host.name]}\n"
        config += (f"Host *\n    User root\n    IdentityFile {self.path('identity')}\n    IdentitiesOnly yes\n"
                   f"    UserKnownHostsFile {self.path('known_hosts')}\n    GlobalKnownHostsFile /dev/null\n"
                   "    StrictHostKeyChecking yes\n    BatchMode yes\n")
        cutproxy.write_whole(self.path("known_hosts"), known)
        cutproxy.write_whole(self.path("ssh_config"), config)

    def description(self):
        hosts = [{
            "name": host.name, "address": "127.0.0.1", "port": self.ports[host.name], "directPort": host.port,
            "user": "root", "pid": host.pid, "root": f"/proc/{host.pid}/root", "log": host.log,
            "hostKey": " ".join(read(host.key + ".pub").split()[:2]), "cgroup": host.cgroup,
        } for host in self.hosts]
        return {
            "kind": self.options.kind, "identityFile": self.path("identity"), "knownHosts": self.path("known_hosts"),
            "sshConfig": self.path("ssh_config"), "adminPassword": roots.ADMIN_PASSWORD,
            "wire": self.path("wire.json") if self.forwarder else None, "hosts": hosts,
        }

    def stop(self):
        """Ends each child by its number; the kernel ends what lives in the hosts' namespaces before it reports them."""
        children = [child for child in [self.forwarder, *(host.pid for host in self.hosts)] if child]
        for child in children:
            if not is_reaped(child):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        for host in self.hosts:
            if host.cgroup:
                os.rmdir(host.cgroup)
            for path in (host.key, host.key + ".pub"):
                if os.path.exists(path):
                    os.remove(path)


def is_reaped(child):
    """Whether a child had ended before; it is a zombie, and so its number is still its own, until we have asked."""
    try:
        return os.waitpid(child, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def make_keys(paths):
    def command(path):
        for old in (path, path + ".pub"):
            if os.path.exists(old):
                os.remove(old)
        return ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "apus-test", "-f", path]

    roots.need("ssh-keygen")
    for first in range(0, len(paths), 8):
        running = [subprocess.Popen(command(path)) for path in paths[first:first + 8]]
        if any([process.wait() for process in running]):
            raise roots.NotPossible("ssh-keygen failed")


def give_cgroups(hosts):
    """A cgroup for each host, after those of runs that were killed are removed."""
    mounts = [line.split() for line in read("/proc/mounts").splitlines()]
    base = next((fields[1] for fields in mounts if fields[2] == "cgroup2"), None)
    if base is None or not os.access(base, os.W_OK):
        return
    for name in os.listdir(base):
        owner = re.fullmatch(CGROUP_PREFIX + r"(\d+)-host\d+", name)
        if owner and not os.path.exists(f"/proc/{owner[1]}"):
            try:
                os.rmdir(os.path.join(base, name))
            except OSError:
                pass  # somebody else was faster
    for host in hosts:
        path = os.path.join(base, f"{CGROUP_PREFIX}{os.getpid()}-{host.name}")
        try:
            os.mkdir(path)
        except OSError:
            return
        host.cgroup = path


async def forward(listeners, delay_ms, wire):
    def changed():
        cutproxy.write_whole(wire, json.dumps(proxy.report()))

    proxy = cutproxy.Proxy(cutproxy.Rules(round_trip_ms=delay_ms), changed)
    await asyncio.gather(*(proxy.listen(listener, port) for listener, port in listeners))


def wait_for_the_end(wakeup):
    """Returns at a signal, and when standard input ends."""
    while True:
        readable, _, _ = select.select([0, wakeup], [], [])
        if wakeup in readable or not os.read(0, 4096):
            return


def start(options):
    reader, writer = os.pipe()
    for descriptor in (reader, writer):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    supervisor = Supervisor(options)
    try:
        root = roots.root_of(options.kind)
        supervisor.prepare()
        supervisor.start_hosts(root)
        supervisor.start_forwarder()
        supervisor.write_client_files()
        print(json.dumps(supervisor.description()), flush=True)
        wait_for_the_end(reader)
    finally:
        supervisor.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["start", "build"])
    parser.add_argument("--dir", metavar="DIR", help="keys, client files and logs; made when it is not there")
    parser.add_argument("--kind", choices=list(roots.KINDS), default="debian")
    parser.add_argument("--count", type=int, default=1, metavar="N", help=f"1 to {MOST_HOSTS}")
    parser.add_argument("--delay-ms", type=float, default=0, metavar="RTT")
    parser.add_argument("--count-wire", action="store_true")
    parser.add_argument("--account", action="store_true")
    options = parser.parse_args()
    if not 1 <= options.count <= MOST_HOSTS:
        parser.error(f"--count is 1 to {MOST_HOSTS}")
    if options.action == "start" and not options.dir:
        parser.error("start needs --dir")
    try:
        if options.action == "build":
            print(roots.root_of(options.kind))
        else:
            start(options)
    except (roots.NotPossible, OSError) as error:
        print(f"hosts: {error}", file=sys.stderr)
        sys.exit(UNAVAILABLE)


if __name__ == "__main__":
    main()
