"""C programs that peers and benchmarks compile when they need them."""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BENCHMARKS = f"{os.path.dirname(os.path.dirname(os.path.dirname(HERE)))}/Benchmarks/gateway"
SOURCES = {"crowd": f"{HERE}/crowd.c", "load": f"{BENCHMARKS}/load.c", "origin": f"{BENCHMARKS}/origin.c"}
LIBRARIES = {"load": ["-lssl", "-lcrypto"]}


def build(name, folder):
    """Compiles it into the folder, unless it is there and newer than its source. Returns its path."""
    os.makedirs(folder, exist_ok=True)
    path, source = f"{folder}/{name}", SOURCES[name]
    if os.path.exists(path) and os.path.getmtime(path) >= os.path.getmtime(source):
        return path
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        sys.exit(f"{os.path.basename(source)} needs clang or cc: it comes with the Swift toolchain")
    subprocess.run([compiler, "-O2", "-o", path, source, *LIBRARIES.get(name, [])], check=True)
    return path
