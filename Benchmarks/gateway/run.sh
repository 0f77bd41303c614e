#!/bin/sh
# Measures `apus gateway` beside nginx and HAProxy: Benchmarks/gateway/run.sh --apus PATH [run.py's options]
set -eu
cd "$(dirname "$0")/../.."
exec python3 Benchmarks/gateway/run.py "$@"
