# ProbeScript
if [ "$(id -u)" = 0 ]; then D=/var/lib/apus-sync; else D=${XDG_STATE_HOME:-$HOME/.local/state}/apus/sync; fi
# HostLock
apus_paths 1000000 /etc/app
apus_files 1000002 /etc/app/a.conf /etc/app/b.conf /etc/app/c.conf /etc/app/d.conf /etc/app/e.conf /etc/app/other.conf /etc/app/.hidden
apus_mark s 1000005
(
for f in "$D"/pending/*; do [ -f "$f" ] && head -n 1 "$f"; done; :
) 2>/dev/null
apus_mark e 1000005 $?
