"""Tiny Debian packages and an apt repository of them, for the test hosts: apt works there without a network.

| package | versions | what it is for |
| --- | --- | --- |
| apus-hello | 1.0, 2.0 | `/usr/bin/apus-hello` prints the version |
| apus-config | 1.0, 2.0 | a conffile, `/etc/apus-config.conf`, that differs between the versions |
| apus-dependent | 1.0 | depends on apus-hello (>= 2.0) |
| apus-daemon | 1.0 | a service, `apus-daemon.service`, that is enabled and started when it is installed |
| apus-broken | 1.0 | its postinst fails |
| apus-virtual | 1.0 | provides `apus-provided`, which no package is called |
"""

import hashlib
import os
import subprocess

# The folder of the repository, inside a root.
REPOSITORY = "opt/apus-packages"

DAEMON_UNIT = """[Unit]
Description=A service of the tests

[Service]
ExecStart=/bin/sleep infinity
ExecReload=/bin/true

[Install]
WantedBy=multi-user.target
"""

DAEMON_POSTINST = """#!/bin/sh
set -e
if [ "$1" = configure ]; then
    deb-systemd-helper enable apus-daemon.service >/dev/null
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        deb-systemd-invoke start apus-daemon.service >/dev/null
    fi
fi
"""

DAEMON_PRERM = """#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop apus-daemon.service >/dev/null
fi
"""

# Name, version, further lines of the control file, {path: (mode, content)}; DEBIAN/* are the package's own scripts.
PACKAGES = [
    ("apus-hello", "1.0", "", {"usr/bin/apus-hello": (0o755, "#!/bin/sh\necho 1.0\n")}),
    ("apus-hello", "2.0", "", {"usr/bin/apus-hello": (0o755, "#!/bin/sh\necho 2.0\n")}),
    ("apus-config", "1.0", "", {
        "etc/apus-config.conf": (0o644, "level = 1\n"), "DEBIAN/conffiles": (0o644, "/etc/apus-config.conf\n")}),
    ("apus-config", "2.0", "", {
        "etc/apus-config.conf": (0o644, "level = 2\n"), "DEBIAN/conffiles": (0o644, "/etc/apus-config.conf\n")}),
    ("apus-dependent", "1.0", "Depends: apus-hello (>= 2.0)\n", {}),
    ("apus-daemon", "1.0", "", {
        "lib/systemd/system/apus-daemon.service": (0o644, DAEMON_UNIT),
        "DEBIAN/postinst": (0o755, DAEMON_POSTINST), "DEBIAN/prerm": (0o755, DAEMON_PRERM)}),
    ("apus-broken", "1.0", "", {"DEBIAN/postinst": (0o755, "#!/bin/sh\necho this package is broken >&2\nexit 1\n")}),
    ("apus-virtual", "1.0", "Provides: apus-provided\n", {}),
]


def build(name, version, more, files, repository, scratch):
    """Builds one package into the repository; its paragraph of the index."""
    control = (f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Apus <apus@example.org>\n"
               f"{more}Description: a package of the tests\n")
    tree = os.path.join(scratch, f"{name}-{version}")
    for path, (mode, content) in {**files, "DEBIAN/control": (0o644, control)}.items():
        full = os.path.join(tree, path)
        os.makedirs(os.path.dirname(full), mode=0o755, exist_ok=True)
        with open(full, "w") as file:
            file.write(content)
        os.chmod(full, mode)
    package = f"{name}_{version}_all.deb"
    path = os.path.join(repository, package)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, path],
                   check=True, stdout=subprocess.DEVNULL)
    with open(path, "rb") as file:
        data = file.read()
    return f"{control}Filename: ./{package}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"


def build_repository(root, scratch):
    """Writes the packages and their index into a root; apt there knows no other source afterwards."""
    repository = os.path.join(root, REPOSITORY)
    os.makedirs(repository)
    index = "\n".join(build(*package, repository, scratch) for package in PACKAGES)
    with open(os.path.join(repository, "Packages"), "w") as file:
        file.write(index)
    sources = os.path.join(root, "etc/apt")
    for path in [os.path.join(sources, "sources.list.d", name) for name in os.listdir(sources + "/sources.list.d")]:
        os.remove(path)
    with open(os.path.join(sources, "sources.list"), "w") as file:
        file.write(f"deb [trusted=yes] file:/{REPOSITORY} ./\n")
