#!/bin/sh
# Builds the release: one static executable, dist/apus, with its size and SHA-256.
#
# Debug information goes, symbols stay: CPU profiles name functions from them, so a plain `strip` would blind them.
# Environment: APUS_SWIFT_FLAGS adds flags to `swift build`.
set -eu
cd "$(dirname "$0")/.."

product=apus
flags="-c release --static-swift-stdlib -Xswiftc -static-executable -Xlinker --gc-sections"

# shellcheck disable=SC2086  # the flags are words on purpose
swift build $flags ${APUS_SWIFT_FLAGS:-} --product "$product"
# shellcheck disable=SC2086
folder=$(swift build $flags ${APUS_SWIFT_FLAGS:-} --show-bin-path)

mkdir -p dist
strip --strip-debug -o "dist/$product.new" "$folder/$product"
chmod 755 "dist/$product.new"
mv "dist/$product.new" "dist/$product"
(cd dist && sha256sum "$product" >SHA256SUMS)

bytes=$(stat -c %s "dist/$product")
echo "dist/$product  $bytes bytes ($((bytes / 1048576)) MiB)"
echo "sha256  $(cut -d ' ' -f 1 dist/SHA256SUMS)"
