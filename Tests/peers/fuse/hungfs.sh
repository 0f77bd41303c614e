#!/bin/sh
# Starts, commands and stops hungfs.py on FOLDER/mnt. Whatever happens, `stop` leaves no mount and no process behind.
#
#     hungfs.sh start FOLDER       mount; returns when it is mounted; says on standard error why it cannot, exit code 77
#     hungfs.sh hang|answer FOLDER
#     hungfs.sh await-held FOLDER  returns when somebody's statfs hangs in it
#     hungfs.sh stop FOLDER
set -eu
here=$(dirname "$0")
action=$1
folder=$2

await() {
    tries=0
    until grep -q "$1" "$folder/log" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 500 ] || { echo "hungfs: no '$1'" >&2; cat "$folder/log" >&2; return 1; }
        sleep 0.02
    done
}

missing() {
    echo "hungfs: $1" >&2
    exit 77
}

case $action in
start)
    [ "$(id -u)" = 0 ] || missing "a FUSE mount needs root"
    [ -c /dev/fuse ] || missing "there is no /dev/fuse (modprobe fuse; docker run --device /dev/fuse)"
    command -v python3 >/dev/null || missing "python3 is not installed"
    mkdir -p "$folder/mnt"
    mkfifo "$folder/commands"
    : >"$folder/log"
    # Opened for both directions, so that the FIFO never ends. Appended to, so that nothing is lost when it is emptied.
    setsid python3 "$here/hungfs.py" "$folder/mnt" <>"$folder/commands" >>"$folder/log" 2>&1 &
    echo $! >"$folder/pid"
    await '^mounted' || { "$0" stop "$folder"; missing "the mount failed"; }
    ;;
hang | answer)
    : >"$folder/log"
    echo "$action" >"$folder/commands"
    await '^\(hanging\|answering\)'
    ;;
await-held)
    await '^held'
    ;;
stop)
    if pid=$(cat "$folder/pid" 2>/dev/null); then
        kill "$pid" 2>/dev/null || true
        tries=0
        while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
            tries=$((tries + 1))
            sleep 0.02
        done
        kill -9 "$pid" 2>/dev/null || true
    fi
    while grep -q " $folder/mnt " /proc/self/mountinfo; do umount -l "$folder/mnt"; done
    ;;
*)
    echo "usage: $0 start|hang|answer|await-held|stop FOLDER" >&2
    exit 64
    ;;
esac
