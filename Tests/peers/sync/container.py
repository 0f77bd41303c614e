"""One test host: a process in mount, process, host name, IPC and network namespaces of its own, over a shared root.

All that the host writes is in a tmpfs of its own mount namespace, and its network is a loopback of its own, so when its
first process ends, the kernel takes everything along: no mount, no interface and no process stays, whoever was killed.
The first process is a fork of hosts.py. It accepts connections on a socket that was made outside, which is how the host
can be reached, and hands each to an `sshd -i`. Kernel settings that have no namespace cannot be written.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct

import roots

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 1 << 17, 1 << 26, 1 << 27, 1 << 29, 1 << 30
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
MNT_DETACH, PR_SET_PDEATHSIG, PR_CAPBSET_DROP = 2, 1, 24
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CAP_SYS_MODULE, CAP_SYS_TIME = 16, 25
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    """Calls the C library; a str becomes bytes, and a negative result an OSError."""
    result = getattr(libc, function)(*(word.encode() if isinstance(word, str) else word for word in arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")
    return result


def read(path):
    with open(path) as file:
        return file.read()


def mount(source, target, kind=None, flags=0, options=None):
    call("mount", source, target, kind, ctypes.c_ulong(flags), options)


def end_with_parent():
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)


class Host:
    """What is decided before a host starts: its name, its socket, its keys and where its log goes."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.key = os.path.join(folder, name, "key")
        self.log = os.path.join(folder, name, "sshd.log")
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.cgroup = None
        self.pid = None

    def start(self, root, authorized_keys):
        """Forks the host's first process, and returns a pipe that says `ready`, or what went wrong."""
        own = os.open("/proc/self/ns/pid", os.O_RDONLY)
        reader, writer = os.pipe()
        # Changes where the next child is born, not where we are; a second unshare needs the way back first.
        call("unshare", CLONE_NEWPID)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reader)
            try:
                self.live(root, authorized_keys, writer)
            except BaseException as error:  # a fork of hosts.py must never go on as hosts.py
                os.write(writer, f"{type(error).__name__}: {error}".encode())
            os._exit(1)
        call("setns", own, CLONE_NEWPID)
        os.close(own)
        os.close(writer)
        self.listener.close()
        return reader

    def live(self, root, authorized_keys, ready):
        end_with_parent()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if self.cgroup:
            with open(os.path.join(self.cgroup, "cgroup.procs"), "w") as file:
                file.write("0")
        call("unshare", CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)
        key, systemctl = read(self.key), read(os.path.join(roots.HERE, "systemctl"))
        enter(os.path.join(self.folder, self.name), root)
        self.furnish(key, authorized_keys, systemctl)
        serve(self.listener, log, ready)

    def furnish(self, key, authorized_keys, systemctl):
        """What makes this host differ from others on the same root; and, in a Debian, the stand-in for systemctl."""
        socket.sethostname(self.name)
        roots.write("/", "etc/hostname", self.name + "\n")
        roots.write("/", "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")
        roots.write("/", "etc/ssh/ssh_host_ed25519_key", key, 0o600)
        if os.path.exists("/usr/bin/apt-get"):
            roots.write("/", "usr/bin/systemctl", systemctl, 0o755)
            os.makedirs("/run/systemd/system")  # how Debian's scripts see that the host has systemd
        for home, number in (("root", 0), *((f"home/{name}", number) for name, number in roots.USERS.items())):
            path = f"{home}/.ssh/authorized_keys"
            roots.write("/", path, authorized_keys, 0o600)
            os.chown("/" + path, number, number)


def enter(folder, root):
    """Makes the host's file system and moves into it."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("apus-test", folder, "tmpfs", 0, "mode=755")
    upper, work, merged = (os.path.join(folder, name) for name in ("upper", "work", "root"))
    for path in (upper, work, merged):
        os.mkdir(path, 0o755)
    mount("overlay", merged, "overlay", 0, f"lowerdir={root},upperdir={upper},workdir={work}")
    os.chdir(merged)
    mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    protect_kernel()
    mount("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("run", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    os.mkdir("run/sshd", 0o755)
    os.mkdir("run/lock", 0o1777)
    mount("dev", "dev", "tmpfs", MS_NOSUID, "mode=755")
    fill_dev()
    call("pivot_root", ".", ".")
    call("umount2", ".", MNT_DETACH)
    os.chdir("/")
    interface = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(interface, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    interface.close()


def protect_kernel():
    """A host is root of the machine's kernel: what has no namespace is read only, clock and modules are not its own."""
    mount("proc/sys", "proc/sys", None, MS_BIND)
    mount("proc/sys/net", "proc/sys/net", None, MS_BIND)
    mount(None, "proc/sys", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    if os.path.exists("proc/sysrq-trigger"):
        mount("proc/sysrq-trigger", "proc/sysrq-trigger", None, MS_BIND)
        mount(None, "proc/sysrq-trigger", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    for capability in (CAP_SYS_MODULE, CAP_SYS_TIME):
        call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)


def fill_dev():
    os.umask(0)
    for name, numbers in DEVICES.items():
        os.mknod(f"dev/{name}", 0o020666, os.makedev(*numbers))
    os.umask(0o022)
    os.symlink("/proc/self/fd", "dev/fd")
    os.symlink("pts/ptmx", "dev/ptmx")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"fd/{number}", f"dev/{name}")
    os.mkdir("dev/pts")
    mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5")
    os.mkdir("dev/shm")
    os.chmod("dev/shm", 0o1777)


def serve(listener, log, ready):
    """Hands each connection to an sshd, and buries the dead; never returns."""
    os.dup2(log, 2)
    os.dup2(os.open("/dev/null", os.O_RDWR), 0)
    os.dup2(0, 1)
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    if ready != 4:
        os.dup2(ready, 4)
    os.closerange(5, 4096)
    accepting = socket.socket(fileno=os.dup(3))
    signal.signal(signal.SIGCHLD, bury)
    os.write(4, b"ready")
    os.close(4)
    while True:
        connection, _ = accepting.accept()
        if os.fork() == 0:
            become_sshd(connection)
        connection.close()


def bury(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def become_sshd(connection):
    try:
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        os.dup2(connection.fileno(), 0)
        os.dup2(connection.fileno(), 1)
        os.closerange(3, 64)
        os.execve("/usr/sbin/sshd", ["/usr/sbin/sshd", "-i", "-e"], {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    except BaseException as error:
        os.write(2, f"sshd does not start: {error}\n".encode())
    finally:
        os._exit(255)
