#!/bin/bash
# Boots a real systemd in namespaces of its own, installs an apus binary and its unit there, and drives systemctl.
#
# Usage: run.sh BINARY    as root; needs debootstrap (the first time, kept in $APUS_SYSTEMD_ROOT), unshare, nsenter.
# Prints '✓ …' and '✗ …' lines and "N passed, M failed". Nothing of the host is changed: the root is an overlay that is
# thrown away, the network is a private one, and the cgroup is a child that is removed.
set -u

here=$(cd "$(dirname "$0")" && pwd)
packaging=$here/../../../packaging/systemd
binary=${1:?usage: run.sh BINARY}
base=${APUS_SYSTEMD_ROOT:-/var/tmp/apus-systemd-root}
mirror=${APUS_DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=${APUS_DEBIAN_SUITE:-bookworm}
work=$(mktemp -d /var/tmp/apus-systemd.XXXXXX)
cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/apus-systemd-$$
launcher=""
passed=0
failed=0

if [ ! -x "$base/lib/systemd/systemd" ]; then
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps "$suite" "$base" "$mirror" >"$work/debootstrap.log" 2>&1 ||
        { tail -3 "$work/debootstrap.log" >&2; exit 1; }
fi

clean_up() {
    [ -n "$launcher" ] && kill -KILL "$launcher" 2>/dev/null  # --kill-child takes the whole tree along
    while [ -n "$launcher" ] && kill -0 "$launcher" 2>/dev/null; do sleep 0.1; done
    for _ in $(seq 50); do
        find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
        [ -d "$cgroup" ] || break
        sleep 0.1
    done
    rm -rf "$work"
}
trap clean_up EXIT

# Runs as process 1 of the new namespaces: builds the root and becomes systemd.
cat >"$work/init.sh" <<'INIT'
set -e
work=$1 base=$2
mount --make-rprivate /
mkdir -p "$work/layers"
mount -t tmpfs none "$work/layers"
mkdir "$work/layers/upper" "$work/layers/work" "$work/layers/root"
mount -t overlay overlay -o "lowerdir=$work/install:$base,upperdir=$work/layers/upper,workdir=$work/layers/work" "$work/layers/root"
cd "$work/layers/root"
mkdir -p .old
pivot_root . .old
cd /
mount --make-rshared /
mount -t proc proc /proc
mount -t sysfs sysfs /sys 2>/dev/null || mount --rbind /.old/sys /sys
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 dev /dev
for node in null zero full random urandom tty; do : >/dev/$node; mount --bind /.old/dev/$node /dev/$node; done
mkdir -p /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts 2>/dev/null || true
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
: >/dev/console
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
umount -l /.old
ip link set lo up 2>/dev/null || true
exec env -i container=apus-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=null
INIT

install_files() {
    local root=$work/install
    install -D -m 755 "$binary" "$root/usr/local/bin/apus"
    install -D -m 644 "$packaging/apus.service" "$root/etc/systemd/system/apus.service"
    install -D -m 644 "$packaging/apus.socket" "$root/etc/systemd/system/apus.socket"
    install -D -m 644 "$packaging/sysusers.d/apus.conf" "$root/etc/sysusers.d/apus.conf"
    install -D -m 644 "$packaging/tmpfiles.d/apus.conf" "$root/etc/tmpfiles.d/apus.conf"
    install -d -m 755 "$root/etc/apus"
    printf 'admin: { listen: 127.0.0.1:9900 }\ndisk: { interval: 15s }\n' >"$root/etc/apus/apus.yaml"
    chmod 644 "$root/etc/apus/apus.yaml"
}

inside() { nsenter --target "$systemd" --all -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb timeout 60 "$@"; }
property() { inside systemctl show apus.service --property "$1" --value; }

# check NAME COMMAND…: passes when the command succeeds within 20 s (it is asked again until then).
check() {
    local name=$1
    shift
    for _ in $(seq 100); do
        if "$@" >"$work/said" 2>&1; then
            echo "✓ $name"
            passed=$((passed + 1))
            return
        fi
        sleep 0.2
    done
    echo "✗ $name: $(tail -c 300 "$work/said")"
    failed=$((failed + 1))
}
is() { [ "$(property "$1")" = "$2" ] || { property "$1"; return 1; }; }
status_matches() { property StatusText | grep -q "$1" || { property StatusText; return 1; }; }

install_files
mkdir "$cgroup"
# unshare enters the new cgroup before it makes the namespace, so that this cgroup becomes its root.
bash -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' bash "$cgroup" \
    unshare -C -p -f -m -n -u -i --kill-child bash "$work/init.sh" "$work" "$base" >"$work/boot.log" 2>&1 &
launcher=$!
disown "$launcher"
systemd=""
for _ in $(seq 200); do
    systemd=$(pgrep -P "$launcher" 2>/dev/null | head -1)
    [ -n "$systemd" ] && inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded' && break
    sleep 0.2
done
if [ -z "$systemd" ] || ! inside systemctl is-system-running | grep -qE 'running|degraded'; then
    echo "✗ systemd boots: $(tail -3 "$work/boot.log")"
    exit 1
fi
echo "✓ systemd $(inside systemctl --version | awk 'NR==1 { print $2 }') boots"
passed=1

check "systemctl start apus succeeds (READY=1)" inside systemctl start apus.service
check "the unit is active" is ActiveState active
first_process=$(property MainPID)

check "systemctl reload succeeds" inside systemctl reload apus.service
check "still the same process after the reload" is MainPID "$first_process"
check "running again after the reload (READY=1 answered RELOADING=1)" is SubState running

inside cp /etc/apus/apus.yaml /etc/apus/good.yaml
inside sh -c 'echo "dsk: {}" >/etc/apus/apus.yaml'
inside systemctl reload apus.service >/dev/null 2>&1
check "a bad file is told in the status" status_matches "reload failed"
check "a bad file leaves the unit running" is SubState running
check "and the process the same" is MainPID "$first_process"
inside cp /etc/apus/good.yaml /etc/apus/apus.yaml
inside systemctl reload apus.service >/dev/null 2>&1

check "systemctl stop succeeds" inside systemctl stop apus.service
check "it ended by itself, with success" is Result success
check "the unit is inactive" is ActiveState inactive

inside sh -c 'echo "dsk: {}" >/etc/apus/apus.yaml'
inside systemctl start apus.service >/dev/null 2>&1
check "a bad file refuses the start (ExecStartPre=apus check)" is Result exit-code
inside cp /etc/apus/good.yaml /etc/apus/apus.yaml
inside systemctl stop apus.service
inside systemctl reset-failed apus.service >/dev/null 2>&1

check "socket activation: systemd listens" inside systemctl start apus.socket
check "the daemon takes the socket" inside systemctl start apus.service
check "the unit is active" is ActiveState active

restarts=$(property NRestarts)
check "the process is stopped" inside kill -STOP "$(property MainPID)"
echo "  (stopped the process; the watchdog has $(property WatchdogUSec))"
watchdog_fired() { [ "$(property NRestarts)" -gt "$restarts" ] || { property NRestarts; return 1; }; }
for _ in 1 2 3; do
    watchdog_fired >/dev/null 2>&1 && break
    sleep 15
done
check "a process that hangs is restarted by the watchdog" watchdog_fired

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
