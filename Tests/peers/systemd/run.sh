#!/bin/bash
# Boots a real systemd in namespaces of its own, installs an apus binary and its unit there, and drives systemctl.
#
# Usage: run.sh BINARY    as root; needs debootstrap (the first time, kept in $APUS_SYSTEMD_ROOT), unshare, nsenter.
# Prints '✓ …' and '✗ …' lines and "N passed, M failed". Nothing of the host is changed: the root is an overlay that is
# thrown away, the network is a private one, and the cgroup is a child that is removed.
set -u

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

# The program only; everything else is written by its own `apus install`, inside.
install_files() { install -D -m 755 "$binary" "$work/install/opt/apus"; }

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

check "apus install succeeds" inside /opt/apus install --socket
check "a second run finds nothing to do" inside sh -c '/opt/apus install --socket | grep -q "nothing to do"'
check "the user exists" inside id apus
owned() { [ "$(inside stat -c '%U:%G %a' "$1")" = "$2" ] || { inside stat -c '%U:%G %a' "$1"; return 1; }; }
check "the configuration is root's and the group's" owned /etc/apus/apus.yaml "root:apus 640"
check "the folder of the configuration, too" owned /etc/apus "root:apus 750"
check "the state belongs to the service" owned /var/lib/apus "apus:apus 750"
check "systemd knows the unit" is LoadState loaded

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
check "the service is not running yet" is ActiveState inactive
# This connection is made to systemd's socket; nobody but the daemon that inherits it can answer.
check "a connection from before the start is answered" inside bash -c '
    exec 3<>/dev/tcp/127.0.0.1/9900
    printf "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" >&3
    timeout 30 cat <&3 | grep -q "200 OK"'
# One listening socket on port 9900 (26AC), held by systemd and by the daemon alike.
check "the daemon listens on the very socket that systemd holds" inside bash -c '
    inode=$(awk "\$4 == \"0A\" && \$2 ~ /:26AC\$/ { print \$10 }" /proc/net/tcp)
    [ "$(echo "$inode" | wc -w)" = 1 ] || { echo "listening sockets: $inode"; exit 1; }
    for process in 1 '"\"\$1\""'; do
        ls -l "/proc/$process/fd" | grep -q "socket:\[$inode\]" || { echo "process $process has no socket $inode"; exit 1; }
    done' bash "$(property MainPID)"
check "the unit is active" is ActiveState active

# Logs: a unit of its own, as root, whose capabilities suffice for logs of others, su, hooks and the writers' names.
check "apus install --logs succeeds" inside /opt/apus install --logs
inside sh -ec '
    useradd -m writer
    mkdir -p /srv/logs /srv/theirs /var/log/own /etc/logsyncd/rules
    chown writer: /srv/theirs
    printf "one\n" | tee /srv/logs/a.log /srv/theirs/b.log >/var/log/own/c.log
    chown writer: /srv/logs/a.log /srv/theirs/b.log
    chmod 0640 /srv/logs/a.log
    cat >/etc/logsyncd/rules/a.yaml <<END
paths: /srv/logs/*.log
rotate: { size: 1, naming: number }
hooks: { postRotate: { shell: "su writer -s /bin/sh -c \"id -un >/tmp/hook\"; systemctl show -p Version >/tmp/hook-of-root" } }
END
    cat >/etc/logsyncd/rules/b.yaml <<END
paths: /srv/theirs/*.log
rotate: { size: 1, naming: number, su: { user: writer, group: writer } }
compress: { algorithm: gzip }
END
    cat >/etc/logsyncd/rules/c.yaml <<END
paths: /var/log/own/*.log
rotate: { size: 1, naming: number, method: rename }
END'
inside sh -c 'setsid sleep 600 >>/var/log/own/c.log 2>/dev/null &'
check "systemctl start logsyncd succeeds (READY=1)" inside systemctl start logsyncd.service
check "a log of another user is rotated, and made anew as it was" inside sh -c '
    stat -c "%U %a %s" /srv/logs/a.log | tee /dev/stderr | grep -qx "writer 640 0" && [ "$(cat /srv/logs/a.log.1)" = one ]'
check "its hook has become another user, and has asked systemd" inside sh -c '
    cat /tmp/hook /tmp/hook-of-root >&2; [ "$(cat /tmp/hook)" = writer ] && grep -q Version= /tmp/hook-of-root'
check "a log in a folder of another user is rotated with su" inside sh -c '
    ls -l /srv/theirs >&2; [ "$(zcat /srv/theirs/b.log.1.gz)" = one ]'
check "who still writes is named" inside sh -c '
    systemctl show logsyncd --property StatusText --value | tee /dev/stderr | grep -q "still has.*sleep\|sleep.*still has"'
check "it has run all the time" inside sh -c '[ "$(systemctl show logsyncd --property NRestarts --value)" = 0 ]'
check "systemctl stop logsyncd succeeds" inside systemctl stop logsyncd.service
check "it ended with success" inside sh -c '[ "$(systemctl show logsyncd --property Result --value)" = success ]'

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
