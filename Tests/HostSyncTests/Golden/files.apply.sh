apus_say() { printf '%s\n' "$*"; return 1; }
apus_uid=$(id -u); apus_me=$(id -un); apus_group=$(id -gn)
if cp --attributes-only --preserve=all /dev/null "$S/probe" 2>/dev/null; then apus_cp=gnu; else apus_cp=plain; fi
rm -f "$S/probe"
apus_enter() {
cd / || return 1
r=$1
while r=${r#/}; [ -n "$r" ]; do
c=${r%%/*}
case $r in */*) r=${r#*/};; *) r=;; esac
[ -n "$c" ] || continue
if [ -L "./$c" ]; then
set -- "$1" $(ls -ldn "./$c")
[ "$4" = 0 ] || [ "$4" = "$apus_uid" ] || { apus_say "$1: ${PWD%/}/$c is a link of another user"; return 1; }
cd -P "./$c" || return 1
else
w=${PWD%/}/$c
cd -P "./$c" 2>/dev/null || { apus_say "the folder $1 is not there (declare it before, as a directory) or cannot be entered"; return 1; }
[ "$PWD" = "$w" ] || { apus_say "$1: $w became a link"; return 1; }
fi
done; }
apus_digest() {
if command -v sha256sum >/dev/null 2>&1; then h=$(sha256sum <"$1"); elif command -v openssl >/dev/null 2>&1; then h=$(openssl dgst -sha256 -r <"$1"); else h=$(shasum -a 256 <"$1"); fi
h=${h%% *}; }
apus_pour() {
case $1 in
*.gz)
z=$( { { gzip -dc "$1" || echo failed >&4; } | dd bs=65536 conv=fsync 2>"$S/dd" >|"$2"; } 4>&1) && [ -z "$z" ] || { cat "$S/dd"; return 1; };;
*) dd bs=65536 conv=fsync <"$1" 2>"$S/dd" >|"$2" || { cat "$S/dd"; return 1; };;
esac; }
apus_put() {
apus_enter "$1" || return 1
[ ! -L "./$2" ] || { apus_say "$1/$2 is a symbolic link"; return 1; }
[ ! -d "./$2" ] || { apus_say "$1/$2 is a directory"; return 1; }
case $6 in
any) ;;
none) [ ! -e "./$2" ] || { apus_say "$1/$2 appeared meanwhile"; return 1; };;
*) apus_digest "./$2"; [ "$h" = "$6" ] || { apus_say "$1/$2 changed meanwhile"; return 1; };;
esac
q=$7
[ -e "$q" ] || q=$7.gz
if [ -n "${P:-}" ] && [ -e "./$2" ]; then
t=./$2
apus_pour "$q" "$t" || return 1
else
t=.apus-$N
printf '%s\n' "${PWD%/}/$t" >>"$D/temporary"
rm -f "./$t"
set -C; true >"./$t" || return 1
set +C
if [ -e "./$2" ]; then
if [ $apus_cp = gnu ]; then cp --attributes-only --preserve=all "./$2" "./$t" || return 1
else k=$(ls -ldn "./$2"); set -- "$@" $k; chown "${10}:${11}" "./$t" || return 1; chmod "$(stat -c %a "./$2" 2>/dev/null || echo 600)" "./$t"; fi
fi
apus_pour "$q" "./$t" || { rm -f "./$t"; return 1; }
fi
apus_owner "./$t" "$4" "$5" || { [ "$t" = "./$2" ] || rm -f "./$t"; return 1; }
[ "$3" = - ] || chmod "$3" "./$t" || { rm -f "./$t"; return 1; }
if [ -n "${V:-}" ]; then
v=${V%%%s*}${PWD%/}/$t${V#*%s}
sh -c "$v" || { rm -f "./$t"; apus_say "the validation refused the new $1/$2"; return 1; }
fi
if [ -n "${B:-}" ] && [ -e "./$2" ]; then cp -p "./$2" "./$2$B" || { rm -f "./$t"; return 1; }; fi
[ "$t" = "./$2" ] || mv -f "./$t" "./$2" || { rm -f "./$t"; return 1; }; }
apus_owner() {
o=$2; g=$3
if [ ! -g . ]; then
case $o in "$apus_me"|"$apus_uid") [ ! -O "$1" ] || o=-;; esac
case $g in "$apus_group") [ ! -G "$1" ] || g=-;; esac
fi
case $o$g in --) ;; -*) chgrp -h "$g" "$1";; *-) chown -h "$o" "$1";; *) chown -h "$o:$g" "$1";; esac; }
apus_owned() {
apus_enter "${1%/*}/" || return 1
case $2$3 in -?*) chgrp -h "$3" "./${1##*/}";; *-) chown -h "$2" "./${1##*/}";; *) chown -h "$2:$3" "./${1##*/}";; esac; }
apus_moded() {
apus_enter "${1%/*}/" || return 1
[ ! -L "./${1##*/}" ] || { apus_say "$1 is a symbolic link"; return 1; }
chmod "$2" "./${1##*/}"; }
apus_failed=
apus_end() { c=$2; [ ! -s "$S/out" ] || head -c 16384 "$S/out"; apus_mark e "$1" "$c"; }
apus_pend() { [ -f "$D/pending/$1" ] || { printf '%s\n' "$2" >"$D/pending/$1" && { sync "$D/pending/$1" 2>/dev/null || sync; }; }; }
# file /etc/motd
if [ -z "$apus_failed" ]; then apus_mark s 0
apus_pend 879915cfdc2cb4852ed05241911d8de5 tell
( set -e; umask 022
umask 022
apus_put /etc motd - - - any "$S/c0-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 0 $?
[ "$c" = 0 ] || apus_failed=0
fi
# file /srv/bin/tool
if [ -z "$apus_failed" ]; then apus_mark s 1
( set -e; umask 022
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
( set -e; umask 022
umask 077; unset V B P
umask 077
apus_put /srv old.conf - - - fe3209d6d4f51935b391288a43df48d9ddece1a992597ae53387ca16611a9179 "$S/c2-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 2 $?
[ "$c" = 0 ] || apus_failed=2
fi
# line /srv/old.conf: ^a=
if [ -z "$apus_failed" ]; then apus_mark s 3
( set -e; umask 022
umask 077; unset V B P
umask 077
apus_put /srv old.conf - - - 4a73850fde34aad40ff8649b93a66523a5fe744357a3931caea0f10609d0d930 "$S/c3-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 3 $?
[ "$c" = 0 ] || apus_failed=3
fi
# symlink /srv/current
if [ -z "$apus_failed" ]; then apus_mark s 4
( set -e; umask 022
apus_folder() {
apus_enter "${1%/*}/" || return 1
if [ -d "./${1##*/}" ] && [ ! -L "./${1##*/}" ]; then return 0; fi
(umask 022; mkdir "./${1##*/}"); }
apus_link() {
apus_enter "${1%/*}/" || return 1
n=${1##*/}; t=.apus-$N
if [ -d "./$n" ] && [ ! -L "./$n" ]; then apus_say "$1 is a directory"; return 1; fi
printf '%s\n' "${PWD%/}/$t" >>"$D/temporary"
rm -f "./$t"
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
( set -e; umask 022
apus_folder() {
apus_enter "${1%/*}/" || return 1
if [ -d "./${1##*/}" ] && [ ! -L "./${1##*/}" ]; then return 0; fi
(umask 022; mkdir "./${1##*/}"); }
apus_link() {
apus_enter "${1%/*}/" || return 1
n=${1##*/}; t=.apus-$N
if [ -d "./$n" ] && [ ! -L "./$n" ]; then apus_say "$1 is a directory"; return 1; fi
printf '%s\n' "${PWD%/}/$t" >>"$D/temporary"
rm -f "./$t"
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
( set -e; umask 022
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
apus_mark s 1000000
apus_stat /etc /etc/motd /srv/bin /srv/bin/tool /srv /srv/old.conf /srv/current '/srv/it'\''s'
apus_mark e 1000000 $?
apus_mark s 1000001
apus_links /etc /etc/motd /srv/bin /srv/bin/tool /srv /srv/old.conf /srv/current '/srv/it'\''s'
apus_mark e 1000001 $?
apus_mark s 1000002
apus_digests /etc/motd /srv/bin/tool /srv/old.conf
apus_mark e 1000002 $?
apus_mark s 1000003
[ -f /srv/old.conf ] && head -c 1048577 /srv/old.conf 2>/dev/null
apus_mark e 1000003 $?
apus_mark s 1000004
(
for f in "$D"/pending/*; do [ -f "$f" ] && head -n 1 "$f"; done; :
) 2>/dev/null
apus_mark e 1000004 $?
# end NONCE
