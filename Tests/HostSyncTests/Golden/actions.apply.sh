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
# handler one
if [ -z "$apus_failed" ] && [ -f "$D/pending/7692c3ad3540bb803c020b3aee66cd88" ]; then apus_mark s 504000
( set -e; umask 022
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
( set -e; umask 022
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
( set -e; umask 022
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
( set -e; umask 022
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
apus_mark s 1000000
apus_stat /usr/local/bin/tool /etc/cron.d /etc/cron.d/tidy
apus_mark e 1000000 $?
apus_mark s 1000001
apus_links /usr/local/bin/tool /etc/cron.d /etc/cron.d/tidy
apus_mark e 1000001 $?
apus_mark s 1000002
apus_digests /etc/cron.d/tidy
apus_mark e 1000002 $?
apus_mark s 1000003
(
apus_rows() { while IFS= read -r l || [ -n "$l" ]; do printf '%s|%s\n' "$1" "$l"; done; }
while IFS= read -r l || [ -n "$l" ]; do case $l in deploy:*) printf 'p|%s\n' "$l";; esac; done </etc/passwd
while IFS= read -r l || [ -n "$l" ]; do case $l in deploy:*|adm:*|app:*|*[:,]deploy|*[:,]deploy,*) printf 'g|%s\n' "$l";; esac; done </etc/group
if command -v getent >/dev/null 2>&1; then
getent passwd deploy | apus_rows p
getent group deploy adm app | apus_rows g
fi
) 2>/dev/null
apus_mark e 1000003 $?
apus_mark s 1000004
(
for f in "$D"/pending/*; do [ -f "$f" ] && head -n 1 "$f"; done; :
) 2>/dev/null
apus_mark e 1000004 $?
# end NONCE
