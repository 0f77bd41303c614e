#!/bin/sh
# Builds the release: one static executable, dist/apus, with its size and SHA-256.
#
# Debug information goes, and so do symbols of data. Symbols of functions stay, because CPU profiles are named from them; of
# Swift's only those of 1024 bytes of code or more: the smaller ones are mostly thunks. Unwind tables (6 MB) and their index are
# left out: nothing in here unwinds a stack at run time, and profiles follow frame pointers. The section stays with a zero,
# which is how the C start-up code learns that there are none; removing it would take RELRO's program header along.
# Environment: APUS_SWIFT_FLAGS adds flags to `swift build`.
set -eu
cd "$(dirname "$0")/.."

product=apus
flags="-c release --static-swift-stdlib -Xswiftc -static-executable -Xlinker --no-eh-frame-hdr"

# shellcheck disable=SC2086  # the flags are words on purpose
swift build $flags ${APUS_SWIFT_FLAGS:-} --product "$product"
# shellcheck disable=SC2086
folder=$(swift build $flags ${APUS_SWIFT_FLAGS:-} --show-bin-path)

mkdir -p dist
functions=$(mktemp)
none=$(mktemp)
trap 'rm -f "$functions" "$none"' EXIT
head -c 8 /dev/zero >"$none"
readelf --symbols --wide "$folder/$product" | awk '($4 == "FUNC" || $4 == "IFUNC") && ($8 !~ /^\$s/ || $3 >= 1024 || $3 ~ /^0x/) { print $8 }' | sort -u >"$functions"
objcopy --strip-all --keep-symbols="$functions" --update-section .eh_frame="$none" "$folder/$product" "dist/$product.new"
chmod 755 "dist/$product.new"
mv "dist/$product.new" "dist/$product"
(cd dist && sha256sum "$product" >SHA256SUMS)

bytes=$(stat -c %s "dist/$product")
echo "dist/$product  $bytes bytes ($((bytes / 1000000)) MB)"
echo "sha256  $(cut -d ' ' -f 1 dist/SHA256SUMS)"
