# ApplyPrelude
apus_failed=
apus_end() { c=$2; [ ! -s "$S/out" ] || head -c 16384 "$S/out"; apus_mark e "$1" "$c"; }
apus_pend() { [ -f "$D/pending/$1" ] || { apus_noted="$apus_noted $1"; printf '%s\n' "$2" >"$D/pending/$1" && { sync "$D/pending/$1" 2>/dev/null || sync; }; }; }
apus_unnote() { for n in $apus_noted; do rm -f "$D/pending/$n"; done; }
apus_self() { k=; read -r k 2>/dev/null </proc/self/stat || return 0; n=${k%% *}; set -- ${k##*) }; echo "$n ${20:-}" >"$D/lock/step"; }
# handler one
if [ -z "$apus_failed" ] && [ -f "$D/pending/7692c3ad3540bb803c020b3aee66cd88" ]; then apus_mark s 504000
( apus_self; set -e; umask 022
if [ ! -e "$S/c504000-0" ]; then gzip -dc "$S/c504000-0".gz >"$S/c504000-0"; fi
(l=; $l sh -c 'eval "exec 4<&-
$(cat <&4)"' 4<"$S/c504000-0" </dev/null) 3<&- || {
c=$?
exit $c
}
) </dev/null >"$S/out" 2>&1 3<&-
c=$?; [ $c != 0 ] || rm -f "$D/pending/7692c3ad3540bb803c020b3aee66cd88"; apus_end 504000 $c
[ "$c" = 0 ] || apus_failed=504000
fi
# handler two
if [ -z "$apus_failed" ] && [ -f "$D/pending/3fc4ccfe745870e2c0d99f71f30ff065" ]; then apus_mark s 504001
( apus_self; set -e; umask 022
if [ ! -e "$S/c504001-0" ]; then gzip -dc "$S/c504001-0".gz >"$S/c504001-0"; fi
(l=; $l sh -c 'eval "exec 4<&-
$(cat <&4)"' 4<"$S/c504001-0" </dev/null) 3<&- || {
c=$?
exit $c
}
) </dev/null >"$S/out" 2>&1 3<&-
c=$?; [ $c != 0 ] || rm -f "$D/pending/3fc4ccfe745870e2c0d99f71f30ff065"; apus_end 504001 $c
[ "$c" = 0 ] || apus_failed=504001
fi
# handler one
if [ -z "$apus_failed" ] && [ -f "$D/pending/7692c3ad3540bb803c020b3aee66cd88" ]; then apus_mark s 500000
( apus_self; set -e; umask 022
if [ ! -e "$S/c500000-0" ]; then gzip -dc "$S/c500000-0".gz >"$S/c500000-0"; fi
(l=; $l sh -c 'eval "exec 4<&-
$(cat <&4)"' 4<"$S/c500000-0" </dev/null) 3<&- || {
c=$?
exit $c
}
) </dev/null >"$S/out" 2>&1 3<&-
c=$?; [ $c != 0 ] || rm -f "$D/pending/7692c3ad3540bb803c020b3aee66cd88"; apus_end 500000 $c
[ "$c" = 0 ] || apus_failed=500000
fi
# handler two
if [ -z "$apus_failed" ] && [ -f "$D/pending/3fc4ccfe745870e2c0d99f71f30ff065" ]; then apus_mark s 500001
( apus_self; set -e; umask 022
if [ ! -e "$S/c500001-0" ]; then gzip -dc "$S/c500001-0".gz >"$S/c500001-0"; fi
(l=; $l sh -c 'eval "exec 4<&-
$(cat <&4)"' 4<"$S/c500001-0" </dev/null) 3<&- || {
c=$?
exit $c
}
) </dev/null >"$S/out" 2>&1 3<&-
c=$?; [ $c != 0 ] || rm -f "$D/pending/3fc4ccfe745870e2c0d99f71f30ff065"; apus_end 500001 $c
[ "$c" = 0 ] || apus_failed=500001
fi
apus_paths 1000000 /usr/local/bin/tool /etc/cron.d
apus_files 1000002 /etc/cron.d/tidy
apus_mark s 1000005
(
apus_rows() { while IFS= read -r l || [ -n "$l" ]; do printf '%s|%s\n' "$1" "$l"; done; }
while IFS= read -r l || [ -n "$l" ]; do case $l in deploy:*) printf 'p|%s\n' "$l";; esac; done </etc/passwd
while IFS= read -r l || [ -n "$l" ]; do case $l in deploy:*|adm:*|app:*|*[:,]deploy|*[:,]deploy,*) printf 'g|%s\n' "$l";; esac; done </etc/group
if command -v getent >/dev/null 2>&1; then
getent passwd deploy | apus_rows p
getent group deploy adm app | apus_rows g
fi
) 2>/dev/null
apus_mark e 1000005 $?
apus_mark s 1000006
(
for f in "$D"/pending/*; do [ -f "$f" ] && head -n 1 "$f"; done; :
) 2>/dev/null
apus_mark e 1000006 $?
# end NONCE
