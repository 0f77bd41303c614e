"""Starts the gateway, or a peer in its place, as a proxy of one upstream on loopback.

A profile is a configuration that cases ask for by name: profiles/NAME.apus.yaml, and profiles/NAME.nginx.conf and
NAME.haproxy.cfg where the peers can say the same. In these files stand @port@ (where the proxy listens), @upstream@ and
@spare@ (ports of the upstream, and of one that nobody listens on), @folder@ (its own, empty), @workers@, and @certificate@
and @key@ (PEM files with an ECDSA P-256 key for `localhost` and 127.0.0.1).
"""

import ctypes
import os
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUFFIX = {"apus": "apus.yaml", "nginx": "nginx.conf", "haproxy": "haproxy.cfg"}
START_LIMIT = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder):
    """A self-signed certificate in `folder`: the paths of certificate, key, and both in one file (as HAProxy wants it)."""
    paths = [f"{folder}/{name}.pem" for name in ("certificate", "key", "both")]
    if not os.path.exists(paths[2]):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", paths[1],
             "-out", paths[0]], check=True, stderr=subprocess.DEVNULL)
        with open(paths[2], "w") as both:
            for path in paths[:2]:
                with open(path) as file:
                    both.write(file.read())
    return paths


def processes(pid):
    """That process and all below it."""
    found = [pid]
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                for child in file.read().split():
                    found += processes(int(child))
    except OSError:
        pass  # it has ended
    return found


def end_with_parent():
    """In a child before it becomes a program: SIGTERM comes when the thread that started it ends, however it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def kill_group(process):
    """Ends a child that leads a process group of its own, with all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Proxy:
    """A running one. `port` is where it listens."""

    def __init__(self, kind, profile, upstream, folder, apus="apus", workers=1, values=None, template=None):
        self.kind, self.folder = kind, folder
        self.port = (values or {}).get("port") or free_port()
        os.makedirs(folder, exist_ok=True)
        self.template = template or f"{HERE}/profiles/{profile}.{SUFFIX[kind]}"
        pem, key, both = certificate(folder)
        self.values = {"port": self.port, "upstream": upstream, "folder": folder, "workers": workers, "spare": free_port(),
                       "certificate": pem, "key": key, "both": both, **(values or {})}
        self.file = f"{folder}/proxy.{SUFFIX[kind]}"
        self.write()
        command = {
            "apus": [apus, "gateway", "run", self.file],
            "nginx": ["nginx", "-p", folder, "-c", self.file],
            # -W: master and worker, as Debian's unit runs it, so that a reload works
            "haproxy": ["haproxy", "-W", "-db", "-f", self.file],
        }[kind]
        self.log = f"{folder}/log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
                                            preexec_fn=end_with_parent)
        self.wait_until_it_listens()

    def write(self, **values):
        """Writes the configuration, as an editor would."""
        self.values.update(values)
        with open(self.template) as file:
            text = file.read()
        for name, value in self.values.items():
            text = text.replace(f"@{name}@", str(value))
        with open(self.file + ".new", "w") as file:
            file.write(text)
        os.rename(self.file + ".new", self.file)

    def wait_until_it_listens(self):
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"{self.kind} does not listen: {self.said()}") from None
                time.sleep(0.01)

    def said(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-4000:]

    def reload(self):
        self.process.send_signal(signal.SIGUSR2 if self.kind == "haproxy" else signal.SIGHUP)

    def has_ended(self):
        return self.process.poll() is not None

    def processes(self):
        return processes(self.process.pid)

    def cpu(self):
        """(user, system) seconds of all its processes until now."""
        ticks, user, system = os.sysconf("SC_CLK_TCK"), 0, 0
        for pid in self.processes():
            with open(f"/proc/{pid}/stat") as file:
                words = file.read().rpartition(")")[2].split()
            user, system = user + int(words[11]), system + int(words[12])
        return user / ticks, system / ticks

    def memory(self):
        """Resident bytes that are its own, of all its processes: anonymous pages (RssAnon)."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/status") as file:
                for line in file:
                    if line.startswith("RssAnon:"):
                        total += int(line.split()[1]) * 1024
        return total

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.processes())

    def stop(self):
        """Ends it, and what it has started."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                pass
        kill_group(self.process)
