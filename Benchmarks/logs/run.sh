#!/bin/sh
# Measures `apus logs` beside the scripts that it replaces: Benchmarks/logs/run.sh --apus PATH [run.py's options]
# The AWS command line is installed into .build/bench-logs/venv the first time, by pip; the other peers are Debian's.
set -eu
cd "$(dirname "$0")/../.."
work=.build/bench-logs
requirements=Benchmarks/logs/requirements.txt
if ! cmp -s "$requirements" "$work/venv/installed"; then
    echo "installing the AWS command line into $work/venv" >&2
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-input -r "$requirements"
    cp "$requirements" "$work/venv/installed"
fi
PATH="$PWD/$work/venv/bin:$PATH" exec python3 Benchmarks/logs/run.py --folder "$work" "$@"
