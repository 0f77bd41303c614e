#!/bin/sh
# Checks the release binary: what it links, its size, its start-up, and that it runs and resolves names in an empty root.
#
# Usage: check-release.sh [BINARY]    (default dist/apus)    needs python3 and binutils; the empty root needs root.
set -eu
folder=$(cd "$(dirname "$0")/.." && pwd)
# APUS_CHECK_PROBE tries the script with another program: its command that sends a request to {url}.
exec python3 "$folder/Tests/ReleaseTests/check_release.py" --sources "$folder/Sources" \
    ${APUS_CHECK_PROBE:+--probe "$APUS_CHECK_PROBE"} "${1:-$folder/dist/apus}"
