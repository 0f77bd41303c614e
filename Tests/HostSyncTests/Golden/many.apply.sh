# ApplyPrelude
apus_failed=
apus_end() { c=$2; [ ! -s "$S/out" ] || head -c 16384 "$S/out"; apus_mark e "$1" "$c"; }
apus_pend() { [ -f "$D/pending/$1" ] || { apus_noted="$apus_noted $1"; printf '%s\n' "$2" >"$D/pending/$1" && { sync "$D/pending/$1" 2>/dev/null || sync; }; }; }
apus_unnote() { for n in $apus_noted; do rm -f "$D/pending/$n"; done; }
apus_self() { k=; read -r k 2>/dev/null </proc/self/stat || return 0; n=${k%% *}; set -- ${k##*) }; echo "$n ${20:-}" >"$D/lock/step"; }
# 5 new files in /etc/app
if [ -z "$apus_failed" ]; then for n in 0 1 2 3 4; do apus_mark s $n; done
apus_noted=
apus_pend 3ace60b0a0c1b6c9345e31494142947a restart
if ( apus_self; umask 077; apus_together "$S/b0" /etc/app 0640 - app ) </dev/null >/dev/null 2>&1 3<&-; then
for n in 0 1 2 3 4; do apus_mark e $n 0; done
else
set -- "$S/b0"/*; [ $# != 5 ] || apus_unnote
# file /etc/app/a.conf
if [ ! -e "$S/b0/a.conf" ]; then apus_mark e 0 0; elif [ -z "$apus_failed" ]; then apus_mark s 0
apus_noted=
apus_pend 3ace60b0a0c1b6c9345e31494142947a restart
( apus_self; set -e; umask 022
umask 026
apus_put /etc/app a.conf - - app any "$S/b0/a.conf"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 0 $?
[ "$c" = 0 ] || apus_unnote
[ "$c" = 0 ] || apus_failed=0
fi
# file /etc/app/b.conf
if [ ! -e "$S/b0/b.conf" ]; then apus_mark e 1 0; elif [ -z "$apus_failed" ]; then apus_mark s 1
apus_noted=
apus_pend 3ace60b0a0c1b6c9345e31494142947a restart
( apus_self; set -e; umask 022
umask 026
apus_put /etc/app b.conf - - app any "$S/b0/b.conf"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 1 $?
[ "$c" = 0 ] || apus_unnote
[ "$c" = 0 ] || apus_failed=1
fi
# file /etc/app/c.conf
if [ ! -e "$S/b0/c.conf" ]; then apus_mark e 2 0; elif [ -z "$apus_failed" ]; then apus_mark s 2
apus_noted=
apus_pend 3ace60b0a0c1b6c9345e31494142947a restart
( apus_self; set -e; umask 022
umask 026
apus_put /etc/app c.conf - - app any "$S/b0/c.conf"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 2 $?
[ "$c" = 0 ] || apus_unnote
[ "$c" = 0 ] || apus_failed=2
fi
# file /etc/app/d.conf
if [ ! -e "$S/b0/d.conf" ]; then apus_mark e 3 0; elif [ -z "$apus_failed" ]; then apus_mark s 3
apus_noted=
apus_pend 3ace60b0a0c1b6c9345e31494142947a restart
( apus_self; set -e; umask 022
umask 026
apus_put /etc/app d.conf - - app any "$S/b0/d.conf"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 3 $?
[ "$c" = 0 ] || apus_unnote
[ "$c" = 0 ] || apus_failed=3
fi
# file /etc/app/e.conf
if [ ! -e "$S/b0/e.conf" ]; then apus_mark e 4 0; elif [ -z "$apus_failed" ]; then apus_mark s 4
apus_noted=
apus_pend 3ace60b0a0c1b6c9345e31494142947a restart
( apus_self; set -e; umask 022
umask 026
apus_put /etc/app e.conf - - app any "$S/b0/e.conf"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 4 $?
[ "$c" = 0 ] || apus_unnote
[ "$c" = 0 ] || apus_failed=4
fi
fi; fi
# file /etc/app/other.conf
if [ -z "$apus_failed" ]; then apus_mark s 5
( apus_self; set -e; umask 022
umask 066
apus_put /etc/app other.conf - - - any "$S/c5-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 5 $?
[ "$c" = 0 ] || apus_failed=5
fi
# file /etc/app/.hidden
if [ -z "$apus_failed" ]; then apus_mark s 6
( apus_self; set -e; umask 022
umask 022
apus_put /etc/app .hidden - - - any "$S/c6-0"
) </dev/null >"$S/out" 2>&1 3<&-
apus_end 6 $?
[ "$c" = 0 ] || apus_failed=6
fi
# handler restart
if [ -z "$apus_failed" ] && [ -f "$D/pending/3ace60b0a0c1b6c9345e31494142947a" ]; then apus_mark s 500000
( apus_self; set -e; umask 022
if [ ! -e "$S/c500000-0" ]; then gzip -dc "$S/c500000-0".gz >"$S/c500000-0"; fi
(l=; $l sh -c 'eval "exec 4<&-
$(cat <&4)"' 4<"$S/c500000-0" </dev/null) 3<&- || {
c=$?
exit $c
}
) </dev/null >"$S/out" 2>&1 3<&-
c=$?; [ $c != 0 ] || rm -f "$D/pending/3ace60b0a0c1b6c9345e31494142947a"; apus_end 500000 $c
[ "$c" = 0 ] || apus_failed=500000
fi
apus_paths 1000000 /etc/app
apus_files 1000002 /etc/app/a.conf /etc/app/b.conf /etc/app/c.conf /etc/app/d.conf /etc/app/e.conf /etc/app/other.conf /etc/app/.hidden
apus_mark s 1000005
(
for f in "$D"/pending/*; do [ -f "$f" ] && head -n 1 "$f"; done; :
) 2>/dev/null
apus_mark e 1000005 $?
# end NONCE
