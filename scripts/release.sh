#!/bin/sh
# Builds the release: one static executable, dist/apus, with its size and SHA-256.
#
# Debug information goes, and so do symbols of data (an eighth of the file). Symbols of functions stay: CPU profiles are
# named from them, so a plain `strip` would blind them.
# Environment: APUS_SWIFT_FLAGS adds flags to `swift build`.
set -eu
cd "$(dirname "$0")/.."

product=apus
flags="-c release --static-swift-stdlib -Xswiftc -static-executable"

# shellcheck disable=SC2086  # the flags are words on purpose
swift build $flags ${APUS_SWIFT_FLAGS:-} --product "$product"
# shellcheck disable=SC2086
folder=$(swift build $flags ${APUS_SWIFT_FLAGS:-} --show-bin-path)

mkdir -p dist
functions=$(mktemp)
trap 'rm -f "$functions"' EXIT
readelf --symbols --wide "$folder/$product" | awk '$4 == "FUNC" || $4 == "IFUNC" { print $8 }' | sort -u >"$functions"
objcopy --strip-all --keep-symbols="$functions" "$folder/$product" "dist/$product.new"
chmod 755 "dist/$product.new"
mv "dist/$product.new" "dist/$product"
(cd dist && sha256sum "$product" >SHA256SUMS)

bytes=$(stat -c %s "dist/$product")
echo "dist/$product  $bytes bytes ($((bytes / 1048576)) MiB)"
echo "sha256  $(cut -d ' ' -f 1 dist/SHA256SUMS)"
