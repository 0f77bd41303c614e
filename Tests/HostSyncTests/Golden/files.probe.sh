# ProbeScript
if [ "$(id -u)" = 0 ]; then D=/var/lib/apus-sync; else D=${XDG_STATE_HOME:-$HOME/.local/state}/apus/sync; fi
# HostLock
apus_paths 1000000 /etc /srv/bin /srv /srv/current '/srv/it'\''s'
apus_files 1000002 /etc/motd /srv/bin/tool /srv/old.conf
apus_mark s 1000005
[ -f /srv/old.conf ] && head -c 1048577 /srv/old.conf 2>/dev/null
apus_mark e 1000005 $?
apus_mark s 1000006
(
for f in "$D"/pending/*; do [ -f "$f" ] && head -n 1 "$f"; done; :
) 2>/dev/null
apus_mark e 1000006 $?
