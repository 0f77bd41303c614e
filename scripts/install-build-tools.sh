#!/bin/sh
# Installs what a build needs from Debian's or Ubuntu's packages, asking nothing. Silent when all of it is there.
#
# Usage: install-build-tools.sh [--test]    --test adds what only the tests use (prometheus, systemd, python3 …)
set -eu

build="make curl ca-certificates binutils libyaml-dev libc-ares-dev zlib1g-dev libzstd-dev"
test_tools="python3 python3-venv prometheus systemd golang-go"

packages=$build
case "${1:-}" in
"") ;;
--test) packages="$build $test_tools" ;;
*)
    echo "usage: $0 [--test]" >&2
    exit 64
    ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    echo "install-build-tools: this host has no apt (it is not Debian or Ubuntu)." >&2
    echo "Install by hand what these packages hold, then build again: $packages" >&2
    exit 1
fi

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done

if [ -n "$missing" ]; then
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "install-build-tools: run this once as root: apt-get install$missing" >&2
            exit 1
        fi
        as_root="sudo"
    fi
    echo "installing$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    # shellcheck disable=SC2086  # the list is words on purpose
    install() {
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $missing
    }
    # The lists may be absent (a container) or old: fetch them once and try again before giving up.
    if ! install >"$log" 2>&1; then
        $as_root apt-get update --quiet >>"$log" 2>&1 || true
        if ! install >>"$log" 2>&1; then
            cat "$log" >&2
            echo "install-build-tools: apt-get could not install:$missing" >&2
            exit 1
        fi
    fi
fi

if ! command -v swift >/dev/null 2>&1; then
    echo "install-build-tools: there is no 'swift' in PATH. Get Swift 6.2 or later from https://swift.org/install/linux/" >&2
    exit 1
fi
