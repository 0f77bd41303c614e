#!/bin/sh
# Measures `apus sync` beside Ansible, Mitogen and pyinfra: Benchmarks/sync/run.sh [--apus PATH] [run.py's options]
# The peers are installed into .build/bench-sync/venv the first time, by pip. It needs root (run.py says what else).
set -eu
cd "$(dirname "$0")/../.."
venv=.build/bench-sync/venv
requirements=Benchmarks/sync/requirements.txt
if ! cmp -s "$requirements" "$venv/installed"; then
    echo "installing the peers into $venv" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input -r "$requirements"
    cp "$requirements" "$venv/installed"
fi
exec python3 Benchmarks/sync/run.py --venv "$venv" "$@"
