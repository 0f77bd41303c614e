#!/bin/sh
# Builds the benchmark and runs it beside its peers: Benchmarks/metrics/run.sh [--tiny] [--rounds N] [--no-go]
set -eu
cd "$(dirname "$0")/../.."
swift build -c release --product bench-metrics
exec python3 Benchmarks/metrics/run.py --bench "$(swift build -c release --show-bin-path)/bench-metrics" "$@"
