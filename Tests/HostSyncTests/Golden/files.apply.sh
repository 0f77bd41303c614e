# ApplyPrelude
apus_failed=
apus_end() { c=$2; [ ! -s "$S/out" ] || head -c 16384 "$S/out"; apus_mark e "$1" "$c"; }
apus_pend() { [ -f "$D/pending/$1" ] || { apus_noted="$apus_noted $1"; printf '%s\n' "$2" >"$D/pending/$1" && { sync "$D/pending/$1" 2>/dev/null || sync; }; }; }
apus_unnote() { for n in $apus_noted; do rm -f "$D/pending/$n"; done; }
apus_self() { k=; read -r k 2>/dev/null </proc/self/stat || return 0; n=${k%% *}; set -- ${k##*) }; echo "$n ${20:-}" >"$D/lock/step"; }
# file /etc/motd
if [ -z "$apus_failed" ]; then apus_mark s 0
apus_noted=
apus_pend 879915cfdc2cb4852ed05241911d8de5 tell
( apus_self; set -e; umask 022
umask 022
apus_put /etc motd - - - any "$S/c0-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 0 $?
[ "$c" = 0 ] || apus_unnote
[ "$c" = 0 ] || apus_failed=0
fi
# file /srv/bin/tool
if [ -z "$apus_failed" ]; then apus_mark s 1
( apus_self; set -e; umask 022
umask 077
V='test -s %s'
B=.$(date -u +%Y%m%dT%H%M%SZ)~
apus_put /srv/bin tool 4755 app 50 any "$S/c1-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 1 $?
[ "$c" = 0 ] || apus_failed=1
fi
# line /srv/old.conf: b=2
if [ -z "$apus_failed" ]; then apus_mark s 2
( apus_self; set -e; umask 022
umask 077; unset V B P H L
umask 077
apus_put /srv old.conf - - - fe3209d6d4f51935b391288a43df48d9ddece1a992597ae53387ca16611a9179 "$S/c2-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 2 $?
[ "$c" = 0 ] || apus_failed=2
fi
# line /srv/old.conf: ^a=
if [ -z "$apus_failed" ]; then apus_mark s 3
( apus_self; set -e; umask 022
umask 077; unset V B P H L
umask 077
apus_put /srv old.conf - - - 4a73850fde34aad40ff8649b93a66523a5fe744357a3931caea0f10609d0d930 "$S/c3-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 3 $?
[ "$c" = 0 ] || apus_failed=3
fi
# symlink /srv/current
if [ -z "$apus_failed" ]; then apus_mark s 4
( apus_self; set -e; umask 022
apus_folder() {
apus_enter "${1%/*}/" || return 1
if [ -d "./${1##*/}" ] && [ ! -L "./${1##*/}" ]; then return 0; fi
(umask 022; mkdir "./${1##*/}"); }
apus_link() {
apus_enter "${1%/*}/" || return 1
n=${1##*/}; t=.apus-$N
if [ -d "./$n" ] && [ ! -L "./$n" ]; then apus_say "$1 is a directory"; return 1; fi
printf '%s\n' "${PWD%/}/$t" >>"$D/temporary"
rm -rf "./$t"
ln -s -- "$2" "./$t" || return 1
if mv -fT "./$t" "./$n" 2>/dev/null; then return 0; fi
[ ! -d "./$n" ] || rm -f "./$n"
mv -f "./$t" "./$n" || { rm -f "./$t"; return 1; }; }
apus_mounted() {
[ -r /proc/self/mountinfo ] || return 1
while read -r a a a a m a; do
case $m in *\\*) m=$(printf %b "$m");; esac
case $m in "$1"|"$1"/*) apus_say "$m is mounted there: unmount it first"; return 0;; esac
done </proc/self/mountinfo
return 1; }
apus_gone() {
apus_enter "${1%/*}/" || return 1
n=${1##*/}
if [ -d "./$n" ] && [ ! -L "./$n" ]; then
if [ -z "${2:-}" ]; then rmdir "./$n"; return; fi
if apus_mounted "${PWD%/}/$n"; then return 1; fi
rm -rf "./$n"
elif [ -e "./$n" ] || [ -L "./$n" ]; then rm -f "./$n"; fi; }
apus_link /srv/current 'releases/a b'
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 4 $?
[ "$c" = 0 ] || apus_failed=4
fi
# directory /srv/it's
if [ -z "$apus_failed" ]; then apus_mark s 5
( apus_self; set -e; umask 022
apus_folder() {
apus_enter "${1%/*}/" || return 1
if [ -d "./${1##*/}" ] && [ ! -L "./${1##*/}" ]; then return 0; fi
(umask 022; mkdir "./${1##*/}"); }
apus_link() {
apus_enter "${1%/*}/" || return 1
n=${1##*/}; t=.apus-$N
if [ -d "./$n" ] && [ ! -L "./$n" ]; then apus_say "$1 is a directory"; return 1; fi
printf '%s\n' "${PWD%/}/$t" >>"$D/temporary"
rm -rf "./$t"
ln -s -- "$2" "./$t" || return 1
if mv -fT "./$t" "./$n" 2>/dev/null; then return 0; fi
[ ! -d "./$n" ] || rm -f "./$n"
mv -f "./$t" "./$n" || { rm -f "./$t"; return 1; }; }
apus_mounted() {
[ -r /proc/self/mountinfo ] || return 1
while read -r a a a a m a; do
case $m in *\\*) m=$(printf %b "$m");; esac
case $m in "$1"|"$1"/*) apus_say "$m is mounted there: unmount it first"; return 0;; esac
done </proc/self/mountinfo
return 1; }
apus_gone() {
apus_enter "${1%/*}/" || return 1
n=${1##*/}
if [ -d "./$n" ] && [ ! -L "./$n" ]; then
if [ -z "${2:-}" ]; then rmdir "./$n"; return; fi
if apus_mounted "${PWD%/}/$n"; then return 1; fi
rm -rf "./$n"
elif [ -e "./$n" ] || [ -L "./$n" ]; then rm -f "./$n"; fi; }
apus_folder /srv
apus_folder '/srv/it'\''s'
apus_owned '/srv/it'\''s' app -
apus_moded '/srv/it'\''s' 02750
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 5 $?
[ "$c" = 0 ] || apus_failed=5
fi
# handler tell
if [ -z "$apus_failed" ] && [ -f "$D/pending/879915cfdc2cb4852ed05241911d8de5" ]; then apus_mark s 500000
( apus_self; set -e; umask 022
if [ ! -e "$S/c500000-0" ]; then gzip -dc "$S/c500000-0".gz >"$S/c500000-0"; fi
(l=; $l sh -c 'eval "exec 4<&-
$(cat <&4)"' 4<"$S/c500000-0" </dev/null) 3<&- || {
c=$?
exit $c
}
) </dev/null >"$S/out" 2>&1 3<&-
c=$?; [ $c != 0 ] || rm -f "$D/pending/879915cfdc2cb4852ed05241911d8de5"; apus_end 500000 $c
[ "$c" = 0 ] || apus_failed=500000
fi
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
# end NONCE
