#!/bin/sh
# Installs the real peers that the tests talk to, asking nothing: Debian's packages by apt, Python's into .venv at the root
# of the checkout. Silent when all of it is there. No service is started: a test starts what it needs and ends it.
#
# Usage: install-test-tools.sh
#
# Tests call the first of $APUS_PYTHON, .venv/bin/python3 and python3.
set -eu
cd "$(dirname "$0")/.."

packages="python3 python3-venv zstd prometheus systemd fuse3 golang-go bsdutils mount util-linux git openssh-server openssh-client busybox-static dash mmdebstrap age sudo logrotate nginx-light rclone e2fsprogs haproxy nghttp2-client curl openssl libssl-dev"
browsers="chromium-headless-shell chromium" # the first that the distribution has
venv=.venv
requirements="scripts/test-requirements.txt Tests/peers/otlp/requirements.txt"

complain() {
    echo "install-test-tools: $*" >&2
    exit 1
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

is_offered() {
    apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [0-9]'
}

as_root=""
become_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null 2>&1 || complain "run this once as root: apt-get install$missing"
    as_root="sudo"
}

# apt's packages start their services at once: policy-rc.d(8) forbids it while we install, where nobody else has set one.
policy=/usr/sbin/policy-rc.d
log=""
holds_services=""
cleanup() {
    [ -z "$log" ] || rm -f "$log"
    [ -z "$holds_services" ] || $as_root rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

apt_install() {
    # shellcheck disable=SC2086  # the list is words on purpose
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $missing
}

install_packages() {
    become_root
    echo "installing$missing" >&2
    log=$(mktemp)
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        holds_services=yes
        $as_root chmod 755 "$policy"
    fi
    if ! apt_install >"$log" 2>&1; then
        # The lists are absent or old: fetch them once and try again before giving up.
        $as_root apt-get update --quiet >>"$log" 2>&1 || true
        if ! apt_install >>"$log" 2>&1; then
            cat "$log" >&2
            complain "apt-get could not install:$missing"
        fi
    fi
    # Nor at the next boot of a developer's machine.
    case "$missing " in
    *" prometheus "*) [ ! -d /run/systemd/system ] || $as_root systemctl disable --quiet prometheus || true ;;
    esac
    case "$missing " in
    *" openssh-server "*) [ ! -d /run/systemd/system ] || $as_root systemctl disable --quiet ssh || true ;;
    esac
}

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    complain "this host has no apt (it is not Debian or Ubuntu): install what these hold: $packages chromium; then" \
        "python3 -m venv $venv and $venv/bin/pip install" "$(for file in $requirements; do printf ' -r %s' "$file"; done)"
fi

missing=""
for package in $packages; do
    is_installed "$package" || missing="$missing $package"
done
has_browser=""
for browser in $browsers; do
    ! command -v "$browser" >/dev/null 2>&1 || has_browser=yes
done
if [ -z "$has_browser" ]; then
    # A container has no package lists yet, so nothing is offered.
    if ! is_offered chromium; then
        become_root
        $as_root apt-get update --quiet >/dev/null 2>&1 || true
    fi
    choice=""
    for browser in $browsers; do
        [ -n "$choice" ] || ! is_offered "$browser" || choice=$browser
    done
    [ -n "$choice" ] || complain "no package of: $browsers"
    missing="$missing $choice"
fi
[ -z "$missing" ] || install_packages

stamp=$venv/installed
# shellcheck disable=SC2086
if ! cat $requirements | cmp -s - "$stamp" || ! "$venv/bin/python3" -c '' 2>/dev/null; then
    echo "installing Python packages into $venv" >&2
    [ -n "$log" ] || log=$(mktemp)
    options=""
    for file in $requirements; do options="$options -r $file"; done
    # shellcheck disable=SC2086
    if ! { python3 -m venv --clear "$venv" &&
        "$venv/bin/python3" -m pip install --quiet --disable-pip-version-check --no-input $options; } >"$log" 2>&1; then
        cat "$log" >&2
        complain "could not fill $venv"
    fi
    cat $requirements >"$stamp"
fi
