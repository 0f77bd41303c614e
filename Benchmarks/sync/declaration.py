"""What the benchmark declares, and whether a host has it: files of 1 KiB, 2 directories, 2 users, 1 line in a file."""

import hashlib
import os
import stat

DIRECTORIES = ["/srv/app", "/srv/app/conf"]
USERS = {"deploy": 1500, "batch": 1501}
SHELL = "/bin/bash"
CONFIGURATION = "/etc/app.conf"
BEFORE = "# the application's\nPermitX yes\nOther 1\n"
AFTER = BEFORE.replace("PermitX yes", "PermitX no")
LINE, PATTERN = "PermitX no", "^PermitX"


class Declaration:
    """The same things for every peer; `count` is the number of files."""

    def __init__(self, count):
        self.count = count
        self.files = {f"/srv/app/conf/f{number}": content(number) for number in range(1, count + 1)}

    def resources(self):
        return self.count + len(DIRECTORIES) + len(USERS) + 1

    def prepare(self, root):
        with open(root + CONFIGURATION, "w") as file:
            file.write(BEFORE)

    def problem(self, root):
        """The first thing that a host does not have, or None."""
        for path in DIRECTORIES:
            if not os.path.isdir(root + path) or stat.S_IMODE(os.stat(root + path).st_mode) != 0o755:
                return f"{path} is not a folder with mode 0755"
        for path, text in {**self.files, CONFIGURATION: AFTER}.items():
            if not os.path.exists(root + path) or read(root + path) != text:
                return f"{path} has not the content that was declared"
        people = read(root + "/etc/passwd").splitlines()
        for name, number in USERS.items():
            if not any(line.startswith(f"{name}:x:{number}:") and line.endswith(":" + SHELL) for line in people):
                return f"there is no user {name}"
        return None

    def stamps(self, root):
        """What changes when somebody writes a file anew."""
        places = [os.stat(root + path) for path in [*self.files, CONFIGURATION, "/etc/passwd", "/etc/shadow"]]
        return [(place.st_ino, place.st_mtime_ns, place.st_ctime_ns) for place in places]


def content(number):
    """1024 bytes that differ from file to file, and do not compress to nothing."""
    lines, seed = "", b"%d" % number
    while len(lines) < 1023:
        seed = hashlib.sha256(seed).digest()
        lines += seed.hex() + "\n"
    return lines[:1023] + "\n"


def read(path):
    with open(path) as file:
        return file.read()
