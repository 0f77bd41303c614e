#!/bin/sh
# Measures what reading an HTTP/1.1 head costs in processor time, by hand: wire_bench.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/apus-wire-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
flags="-O -swift-version 6 -package-name apus -parse-as-library -wmo"

# shellcheck disable=SC2046,SC2086
swiftc $flags -module-name HTTPWire -emit-module -emit-module-path "$work/HTTPWire.swiftmodule" \
    -c -o "$work/HTTPWire.o" $(find "$root/Sources/HTTPWire" -name '*.swift')
# shellcheck disable=SC2086
swiftc $flags -module-name WireBench -I "$work" -o "$work/bench" "$here/bench/WireBench.swift" "$work/HTTPWire.o"
"$work/bench"
