LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin; export PATH; umask 077
apus_mark() { printf '\n@@%s %s\n' "$N" "$*"; }
if stat -c %f / >/dev/null 2>&1; then
apus_stat() { stat -c '%f|%u|%g|%U|%G|%s|%n' -- "$@" 2>&1; }
else
apus_stat() {
for p do
if [ -e "$p" ] || [ -L "$p" ]; then printf 'ls|'; ls -ldn -- "$p" 2>/dev/null || echo; printf 'names|'; ls -ld -- "$p" 2>/dev/null || echo; printf 'path|%s\n' "$p"
fi; done; }
fi
apus_links() { for p do if [ -L "$p" ]; then printf '%s|' "$p"; readlink "$p" || echo; fi; done; }
apus_digests() {
c=$#; for p do if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; fi; done; shift "$c"
[ $# -gt 0 ] || return 0
if command -v sha256sum >/dev/null 2>&1; then sha256sum -- "$@" 2>&1
elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r -- "$@" 2>&1
else shasum -a 256 -- "$@" 2>&1; fi; }
if [ "$(id -u)" = 0 ]; then D=/var/lib/apus-sync; else D=${XDG_STATE_HOME:-$HOME/.local/state}/apus/sync; fi
apus_boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
apus_started() { k=; read -r k 2>/dev/null <"/proc/$1/stat" || return 0; set -- ${k##*) }; echo "${20:-}"; }
apus_holds() {
p=; b=; k=; w=
[ ! -r "$D/lock/owner" ] || { read -r p b k; read -r w; } <"$D/lock/owner"
[ -n "$p" ] && [ "$b" = "$apus_boot" ] && kill -0 "$p" 2>/dev/null && [ "$k" = "$(apus_started "$p")" ]; }
apus_take() {
n=0
until mkdir "$D/lock" 2>/dev/null; do
if apus_holds; then echo "$w (process $p)"; return 2; fi
n=$((n + 1))
if [ $n -gt 5 ]; then
[ -d "$D/lock" ] || { mkdir "$D/lock" && break; }
echo "somebody who died while taking it: remove $D/lock"; return 2
fi
if [ -z "$p" ] && [ -z "$1" ]; then sleep 1; [ ! -s "$D/lock/owner" ] || continue; fi
mv "$D/lock" "$D/lock.$N" 2>/dev/null && rm -rf "$D/lock.$N"
done
trap 'rm -rf "$D/stage" "$D/lock"' EXIT; trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 141' PIPE; trap 'exit 143' TERM
printf '%s %s %s\n%s\n' "$$" "$apus_boot" "$(apus_started $$)" anna@laptop >"$D/lock/owner"; }
apus_lock() {
mkdir -p "$D/pending" && true >"$D/lock.new" && rm -f "$D/lock.new" || return 1
if command -v flock >/dev/null 2>&1; then
exec 9<"$D/pending"; flock 9 && apus_take alone; c=$?; exec 9<&-
else apus_take ''; c=$?; fi
[ $c = 0 ] || return $c
rm -rf "$D/stage"
if [ -s "$D/temporary" ]; then
while IFS= read -r f; do case $f in */.apus-*[0-9a-f]) rm -f "$f";; esac; done <"$D/temporary"
rm -f "$D/temporary"
fi; }
apus_mark s 0
{ apus_lock; } 2>&1
apus_mark e 0 $?
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
