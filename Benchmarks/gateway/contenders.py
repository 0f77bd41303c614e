"""The proxies that are measured, each between the same clients and the same upstream, and the programs around them."""

import contextlib
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEERS = f"{ROOT}/Tests/peers/gateway"
sys.path.insert(0, PEERS)

import programs  # noqa: E402
import proxies  # noqa: E402

KINDS = ["apus", "nginx", "haproxy"]
PATIENCE = 600


def build(folder):
    """Compiles what is older than its source. Returns the paths by name."""
    return {name: programs.build(name, folder) for name in programs.SOURCES}


def here(kind, apus):
    return bool(apus) if kind == "apus" else shutil.which(kind) is not None


def listen(kind, port, folder, tls, shared):
    """How a configuration file says where to listen: its values for @listen@, @tls@ and @scheme@."""
    pem, key, both = proxies.certificate(folder)
    address = f"127.0.0.1:{port}"
    if kind == "apus":
        certificates = f'{{ certificate: "{pem}", key: "{key}" }}'
        extra = f", tls: {{ certificates: {certificates} }}" if tls else ""
        return {"listen": f'{{ address: "{address}", reusePort: true{extra} }}'}
    if kind == "nginx":
        lines = f"ssl_certificate {pem}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;" if tls else ""
        return {"listen": address + (" ssl" if tls else "") + (" reuseport" if shared else ""), "tls": lines}
    extra = f" ssl crt {both} ssl-min-ver TLSv1.3 alpn http/1.1" if tls else ""
    return {"listen": address + extra, "scheme": "https" if tls else "http"}


@contextlib.contextmanager
def origin(built):
    process = subprocess.Popen([built["origin"]], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def proxy(kind, upstream, folder, apus, workers=1, tls=False, port=None, shared=False):
    """One proxy that serves `port` (a free one unless given) until the block ends."""
    os.makedirs(folder, exist_ok=True)
    port = port or proxies.free_port()
    values = {"port": port, **listen(kind, port, folder, tls, shared)}
    template = f"{HERE}/proxies/{ {'apus': 'apus.yaml', 'nginx': 'nginx.conf', 'haproxy': 'haproxy.cfg'}[kind] }"
    running = proxies.Proxy(kind, None, upstream, folder, apus, workers, values, template)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run_load(built, words):
    """What the load generator prints. Its exit code 1 says that requests failed; so does what it prints."""
    result = subprocess.run([built["load"], *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, timeout=PATIENCE)
    if not result.stdout:
        raise RuntimeError(f"load {words}: {result.stderr}")
    return result.stdout


class Crowd:
    """Idle connections, held until the block ends. `held` and `failed` count them."""

    def __init__(self, built, port, count):
        self.process = subprocess.Popen([built["crowd"], "idle", str(port), str(count), "/100"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        words = self.process.stdout.readline().split()
        self.held, self.failed = int(words[1]), int(words[3])
        return self

    def __exit__(self, *_):
        self.open = int((self.process.communicate()[0] or "open 0").split()[-1])


def settled(read, limit=15):
    """A figure once it has stopped to move by more than 1 % within a second."""
    last, deadline = read(), time.monotonic() + limit
    while time.monotonic() < deadline:
        time.sleep(1)
        figure = read()
        if abs(figure - last) <= max(1, last) / 100:
            return figure
        last = figure
    return last


def resident(pids):
    """Resident bytes, what processes share counted in parts (Pss)."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            pass
    return total


