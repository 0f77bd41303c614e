#!/bin/sh
# Fuzzes the room HTTPWire with libFuzzer and the address sanitizer, by hand: fuzz.sh [SECONDS] [CORPUS]
#
# Every input goes through the request, response and chunked parsers against the invariants of
# Tests/HTTPWireTests/Fuzz/WireInvariants.swift. The seed corpus is fuzz/seeds, one message a file; what libFuzzer finds on
# its way goes to CORPUS (a folder, by default a fresh one below TMPDIR). A crash is written to the current folder.
set -eu
seconds=${1:-60}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/apus-fuzz.XXXXXX")
corpus=${2:-$work/corpus}
mkdir -p "$corpus"
flags="-O -swift-version 6 -package-name apus -parse-as-library -sanitize=fuzzer,address -wmo"

# shellcheck disable=SC2046,SC2086
swiftc $flags -module-name HTTPWire -emit-module -emit-module-path "$work/HTTPWire.swiftmodule" \
    -c -o "$work/HTTPWire.o" $(find "$root/Sources/HTTPWire" -name '*.swift')
# shellcheck disable=SC2086
swiftc $flags -module-name WireFuzz -I "$work" -o "$work/fuzz" "$here/fuzz/Target.swift" \
    "$root"/Tests/HTTPWireTests/Fuzz/Naive*.swift "$root/Tests/HTTPWireTests/Fuzz/WireInvariants.swift" \
    "$root"/Tests/HTTPWireTests/Support/GuardedMemory.swift "$root"/Tests/HTTPWireTests/Support/WireReader.swift \
    "$root"/Tests/HTTPWireTests/Support/HeadSummary.swift "$work/HTTPWire.o"
"$work/fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=60 -dict="$here/fuzz/http.dict" "$corpus" "$here/fuzz/seeds"
