"""Builds the root file systems that the test hosts stand on, once, into a cache.

The cache is $APUS_TEST_CACHE, or /var/tmp/apus-test-roots. A root's name ends with a digest of what it is made from
(this file, packages.py, Debian's suite), so a changed recipe is a new root; roots that nobody has used for a week are
removed. Building takes half a minute and needs root, mmdebstrap and Debian's mirror ($APUS_DEBIAN_MIRROR,
$APUS_DEBIAN_SUITE); busybox needs busybox-static and openssh-server of this machine instead.

| kind | what is in it |
| --- | --- |
| debian | minbase, sudo, openssh-server, procps, cron, nftables, tcsh; packages.py; a host adds systemctl |
| debian-python | the same and python3, for peers that need it on the host |
| busybox | busybox for everything, and sshd with its libraries, which nothing else there uses |

Users: root (key), admin (key; sudo with ADMIN_PASSWORD), ops (key; sudo without a password). busybox has no sudo.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import packages

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("APUS_TEST_CACHE") or "/var/tmp/apus-test-roots"
SUITE = os.environ.get("APUS_DEBIAN_SUITE") or "bookworm"
MIRROR = os.environ.get("APUS_DEBIAN_MIRROR") or "http://deb.debian.org/debian"
KEPT_SECONDS = 7 * 86400

ADMIN_PASSWORD = "correct horse"
ADMIN_HASH = "$6$apustest$.MpESGfIAWRNyF1yAhe5/O1UFjG86ewXag9e.uqn8qxC86yemJnWjY8O9oT5uKTAiS.zP7tF89b94Oz7Qu6xz1"
USERS = {"admin": 1000, "ops": 1001}

DEBIAN = ["passwd", "sudo", "openssh-server", "procps", "cron", "nftables", "tcsh"]
KINDS = {"debian": DEBIAN, "debian-python": DEBIAN + ["python3"], "busybox": []}

SSHD_CONFIG = """HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""


class NotPossible(Exception):
    """What is missing on this machine, in a sentence."""


def digest(kind):
    sha = hashlib.sha256(f"{kind} {SUITE} {os.uname().machine}".encode())
    for name in ("roots.py", "packages.py"):
        with open(os.path.join(HERE, name), "rb") as file:
            sha.update(file.read())
    return sha.hexdigest()[:12]


def run(*command):
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise NotPossible(f"{' '.join(command[:3])} …: {result.stdout[-2000:]}")
    return result.stdout


def write(root, path, content, mode=0o644):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), mode=0o755, exist_ok=True)
    with open(full, "w") as file:
        file.write(content)
    os.chmod(full, mode)


def need(*programs):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [program for program in programs if not shutil.which(program, path=path)]
    if missing:
        raise NotPossible("not installed: " + ", ".join(missing) + " (scripts/install-test-tools.sh)")


def debian(root, kind, scratch):
    need("mmdebstrap", "dpkg-deb")
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "info", "locale")]
    run("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--dpkgopt=force-unsafe-io",
        '--aptopt=Acquire::Languages "none"', "--include=" + ",".join(KINDS[kind]), *left_out, SUITE, root, MIRROR)
    for name, number in USERS.items():
        run("chroot", root, "useradd", "--uid", str(number), "--create-home", "--shell", "/bin/bash",
            "--password", ADMIN_HASH if name == "admin" else "*", name)
    write(root, "etc/sudoers.d/apus-test", "admin ALL=(ALL:ALL) ALL\nops ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
    write(root, "etc/ssh/sshd_config", SSHD_CONFIG)
    for name in os.listdir(os.path.join(root, "etc/ssh")):
        if name.startswith("ssh_host_"):
            os.remove(os.path.join(root, "etc/ssh", name))
    packages.build_repository(root, scratch)
    run("chroot", root, "apt-get", "update", "--quiet")


def libraries(program):
    """The dynamic loader and the libraries of a program, by the paths at which it looks for them."""
    return re.findall(r"(/[^ ]+) \(0x", run("ldd", program))


def busybox(root, _kind, _scratch):
    need("busybox", "ldd")
    sshd = "/usr/sbin/sshd"
    if not os.path.exists(sshd):
        raise NotPossible("not installed: openssh-server (scripts/install-test-tools.sh)")
    if "not a dynamic" not in subprocess.run(["ldd", shutil.which("busybox")], capture_output=True, text=True).stderr:
        raise NotPossible("busybox is not the static one: install busybox-static")
    # Since OpenSSH 9.8 sshd runs further programs; what is not there is not needed.
    helpers = [path for path in ("/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth") if os.path.exists(path)]
    for path in {sshd, *helpers, *(library for program in (sshd, *helpers) for library in libraries(program))}:
        os.makedirs(root + os.path.dirname(path), exist_ok=True)
        shutil.copy(os.path.realpath(path), root + path)
    for folder in ("bin", "sbin", "usr/bin", "usr/sbin", "etc", "var/log", "home", "root", "run", "srv", "opt"):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    os.chmod(os.path.join(root, "root"), 0o700)
    shutil.copy(shutil.which("busybox"), os.path.join(root, "bin/busybox"))
    run("chroot", root, "/bin/busybox", "--install", "-s")
    people = [("root", 0, "/root"), *((name, number, f"/home/{name}") for name, number in USERS.items())]
    write(root, "etc/passwd", "".join(f"{name}:x:{number}:{number}::{home}:/bin/sh\n" for name, number, home in people)
          + "sshd:x:100:65534::/run/sshd:/bin/false\nnobody:x:65534:65534::/:/bin/false\n")
    write(root, "etc/group", "".join(f"{name}:x:{number}:\n" for name, number, _ in people) + "nogroup:x:65534:\n")
    write(root, "etc/shadow", "".join(f"{name}:*:19000:0:99999:7:::\n" for name, _, _ in people), 0o600)
    write(root, "etc/shells", "/bin/sh\n")
    write(root, "var/log/lastlog", "")
    write(root, "etc/ssh/sshd_config", SSHD_CONFIG)
    for name, number, home in people[1:]:
        os.makedirs(root + home, mode=0o755)
        os.chown(root + home, number, number)


def common(root):
    """What every root has: the mount points, and a folder for the keys that a host gets when it starts."""
    for folder in ("dev", "proc", "sys", "run", "tmp"):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    for home, number in (("root", 0), *((f"home/{name}", number) for name, number in USERS.items())):
        folder = os.path.join(root, home, ".ssh")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.chmod(folder, 0o700)
        os.chown(folder, number, number)


@contextlib.contextmanager
def locked(path):
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove_unused(kept):
    for name in os.listdir(CACHE):
        path = os.path.join(CACHE, name)
        if path != kept and os.path.isdir(path) and time.time() - os.stat(path).st_mtime > KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def root_of(kind):
    """The path of the root of a kind, which is built when it is not there yet. It must not be written to."""
    if os.geteuid() != 0:
        raise NotPossible("the test hosts need root")
    os.makedirs(CACHE, exist_ok=True)
    path = os.path.join(CACHE, f"{kind}-{digest(kind)}")
    with locked(os.path.join(CACHE, f"{kind}.lock")):
        if not os.path.isdir(path):
            print(f"building {path}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="building-", dir=CACHE) as scratch:
                root = os.path.join(scratch, "root")
                os.mkdir(root, 0o755)
                (busybox if kind == "busybox" else debian)(root, kind, scratch)
                common(root)
                os.rename(root, path)
        os.utime(path)
    remove_unused(path)
    return path
