/// The shell functions behind the steps of the resources. They are sent with the contents, and only where something
/// changes.
///
/// - `apus_enter FOLDER` goes there one component at a time. A link on the way counts only when root or we own it; a
///   folder that somebody swaps for a link meanwhile is noticed. From then on the folder itself is held, not its name.
/// - `apus_trusted`: nobody but root and we can change a name in this folder (owner, mode, no ACL). Only there are things
///   done by their names.
/// - `apus_private`: elsewhere, in a new folder beside the destination, of mode 0700, that is held as the working folder
///   and was found empty. What is there already is taken in by a hard link (`apus_take`: link(2) follows no symbolic
///   link) as `./old`, which nobody can swap any more; one with other names than these two is refused, because whoever
///   may write to the folder could have given it another user's file. (Where we are not root and may not link a file, it is
///   taken by its name: no more can be had by that than we have.) What is new is made as `./new`, and rename(2)d.
/// - `apus_put FOLDER NAME MODE OWNER GROUP EXPECT CONTENT` replaces a file whole: a new file, the old one's owner, mode,
///   label, ACL and attributes, the content, fsync, then rename(2). `-` leaves mode, owner or group as they are. EXPECT is
///   `any`, `none` (nothing may be there) or the SHA-256 that the old content must have: what was computed from it is not
///   written over what changed meanwhile.
/// - `apus_together STAGE FOLDER MODE OWNER GROUP` puts all files of a stage folder into FOLDER, where none of them is
///   yet. When it fails, what is in place already is gone from the stage folder.
/// - `apus_all FOLDER MODE OWNER GROUP NAME…` is both of these for many files of one folder.
/// - `apus_owned PATH OWNER GROUP` and `apus_moded PATH MODE` change what is there, never through a link.
///
/// `V` is a validation command with `%s` (`H`: its output is hidden), `B` a suffix for a backup, `L` lets a symbolic link
/// be replaced, `P` asks for writing in place (a file that is a mount point cannot be renamed over); steps set them.
enum ApplyPrelude {
    static let text = #"""
        apus_say() { printf '%s\n' "$*"; return 1; }
        apus_uid=$(id -u); apus_me=$(id -un); apus_group=$(id -gn)
        if cp --attributes-only --preserve=all /dev/null "$S/probe" 2>/dev/null; then apus_cp=gnu; else apus_cp=plain; fi
        : >"$S/probe"; if mv -fT "$S/probe" "$S/probe.moved" 2>/dev/null; then apus_T=T; else apus_T=; fi
        rm -f "$S/probe" "$S/probe.moved"
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
        apus_trusted() {
        set -- $(ls -ldn .)
        case $1 in *+) return 1;; d????-??-*) ;; *) return 1;; esac
        case $3 in 0|"$apus_uid") return 0;; esac
        return 1; }
        apus_private() {
        w=${PWD%/}
        printf '%s\n' "$w/.apus-$N" >>"$D/temporary"
        if [ -e "./.apus-$N" ] || [ -L "./.apus-$N" ]; then rm -rf "./.apus-$N"; fi
        (umask 077; mkdir "./.apus-$N") && cd -P "./.apus-$N" || return 1
        set -- $(ls -ldn .)
        [ "$PWD" = "$w/.apus-$N" ] && [ "$3" = "$apus_uid" ] || { apus_say "somebody swaps what is made in $w"; return 1; }
        case $1 in drwx--[-S]---) ;; *) chmod 700 . || return 1;; esac
        [ -z "$(ls -A .)" ] || { apus_say "somebody swaps what is made in $w"; return 1; }; }
        apus_leave() {
        cd -P .. && rmdir "./.apus-$N" 2>/dev/null
        return 0; }
        apus_take() {
        if ! ln "../$1" ./old 2>/dev/null; then
        if [ "$apus_uid" != 0 ]; then x=../$1; return 0; fi
        ln "../$1" ./old; return 1
        fi
        set -- "$1" $(ls -ldn ./old)
        case $2:$3 in l*|*:2) ;; *) rm -f ./old; apus_say "$w/$1 has $(($3 - 1)) names (hard links): whoever may write to the folder may have made one of them"; return 1;; esac; }
        apus_put() {
        apus_enter "$1" || return 1
        [ -n "${L:-}" ] || [ ! -L "./$2" ] || { apus_say "$1/$2 is a symbolic link"; return 1; }
        [ ! -d "./$2" ] || [ -L "./$2" ] || { apus_say "$1/$2 is a directory"; return 1; }
        q=$7
        [ -e "$q" ] || q=$7.gz
        e=
        if [ -e "./$2" ] && [ ! -L "./$2" ]; then e=1; fi
        if apus_trusted; then
        t=./.apus-$N; f=./$2; x=$f
        printf '%s\n' "${PWD%/}/.apus-$N" >>"$D/temporary"
        if [ -e "$t" ] || [ -L "$t" ]; then rm -rf "$t"; fi
        apus_write "$@" || { rm -f "$t"; return 1; }
        else
        apus_private || return 1
        t=./new; f=../$2; x=./old
        if [ -z "$e" ] || { apus_take "$2" && apus_plain "$1/$2"; } && apus_write "$@"; then rm -f ./old; apus_leave
        else rm -f ./old ./new ./bak; apus_leave; return 1; fi
        fi; }
        apus_plain() {
        [ -f "$x" ] && [ ! -L "$x" ] || { apus_say "$1 became something else"; return 1; }; }
        apus_write() {
        case $6 in
        any) ;;
        none) [ -z "$e" ] || { apus_say "$1/$2 appeared meanwhile"; return 1; };;
        *) h=; [ -z "$e" ] || apus_digest "$x"; [ "$h" = "$6" ] || { apus_say "$1/$2 changed meanwhile"; return 1; };;
        esac
        if [ -n "${P:-}" ] && [ -n "$e" ]; then
        apus_pour "$q" "$S/new" && apus_valid "$S/new" "$1/$2" && apus_backup "$f" && apus_pour "$S/new" "$x" || return 1
        apus_own "$x" "$4" "$5" && { [ "$3" = - ] || chmod "$3" "$x"; }
        return
        fi
        set -C; true >"$t" || return 1
        set +C
        if [ -n "$e" ]; then
        if [ $apus_cp = gnu ]; then cp --attributes-only --preserve=all "$x" "$t" || return 1
        else k=$(ls -ldn "$x"); set -- "$@" $k; chown "${10}:${11}" "$t" || return 1; chmod "$(stat -c %a "$x" 2>/dev/null || echo 600)" "$t"; fi
        fi
        apus_pour "$q" "$t" && apus_own "$t" "$4" "$5" || return 1
        [ "$3" = - ] || chmod "$3" "$t" || return 1
        apus_valid "$PWD/${t#./}" "$1/$2" && apus_backup "$f" && mv -f$apus_T "$t" "$f"; }
        apus_valid() {
        [ -n "${V:-}" ] || return 0
        if [ -n "${H:-}" ]; then sh -c "${V%%%s*}$1${V#*%s}" >/dev/null 2>&1; else sh -c "${V%%%s*}$1${V#*%s}"; fi || { apus_say "the validation refused the new $2${H:+ (its output is not shown: sensitive)}"; return 1; }; }
        apus_backup() {
        [ -n "${B:-}" ] && [ -n "$e" ] || return 0
        if [ "$t" = ./new ]; then cp -p "$x" ./bak && mv -f$apus_T ./bak "$1$B"; else cp -p "$x" "$1$B"; fi; }
        apus_together() {
        apus_enter "$2" || return 1
        for f in "$1"/*; do f=./${f##*/}; [ ! -e "$f" ] && [ ! -L "$f" ] || return 1; done
        apus_private || return 1
        if cp "$1"/* . && apus_give "$4" "$5" ./* && chmod "$3" ./* && { sync ./* 2>/dev/null || sync; }; then
        if mv -f ./* ..; then apus_leave; return; fi
        for f in "$1"/*; do [ -e "./${f##*/}" ] || rm -f "$f"; done
        fi
        rm -f ./*; apus_leave; return 1; }
        apus_give() {
        o=$1; g=$2; shift 2
        if [ "$o" = - ] && [ "$g" = - ]; then return 0; fi
        if [ "$o" = - ]; then chgrp -h "$g" "$@"; elif [ "$g" = - ]; then chown -h "$o" "$@"; else chown -h "$o:$g" "$@"; fi; }
        apus_own() {
        o=$2; g=$3
        if [ ! -g . ]; then
        case $o in "$apus_me"|"$apus_uid") [ ! -O "$1" ] || o=-;; esac
        case $g in "$apus_group") [ ! -G "$1" ] || g=-;; esac
        fi
        apus_give "$o" "$g" "$1"; }
        apus_held() {
        x=./$1
        if apus_trusted; then "$2" "$3" "$4"; return; fi
        if [ -d "$x" ] && [ ! -L "$x" ]; then
        w=${PWD%/}/$1
        cd -P "$x" && [ "$PWD" = "$w" ] || { apus_say "$w became something else"; return 1; }
        x=.
        "$2" "$3" "$4"; return
        fi
        apus_private || return 1
        x=./old
        if apus_take "$1" && "$2" "$3" "$4"; then rm -f ./old; apus_leave; else rm -f ./old; apus_leave; return 1; fi; }
        apus_all() {
        apus_enter "$1" || return 1
        m=$2; u=$3; r=$4; shift 4; z=
        if apus_trusted; then
        for f do shift; set -- "$@" "./$f"; done
        else
        apus_private || return 1
        for f do shift; set -- "$@" "../$f"; done
        ln "$@" . || z=1
        for f in $(find . ! -type l -links +2 -exec echo x \;); do z=2; break; done
        if [ "$z" = 2 ]; then
        apus_say "in $w there are files with several names (hard links): whoever may write to the folder may have made one of them"
        find . ! -type l -links +2 -exec rm -f {} \;
        fi
        for f do shift; f=./${f#../}; if [ -e "$f" ] || [ -L "$f" ]; then set -- "$@" "$f"; fi; done
        fi
        if [ $# -gt 0 ]; then
        apus_give "$u" "$r" "$@" || z=1
        if [ "$m" != - ]; then
        for f do shift; [ -L "$f" ] || set -- "$@" "$f"; done
        [ $# = 0 ] || chmod "$m" "$@" || z=1
        fi
        fi
        case $PWD in "$w/.apus-$N") find . ! -name . -exec rm -f {} \;; apus_leave;; esac
        [ -z "$z" ]; }
        apus_owned() {
        apus_enter "${1%/*}/" && apus_held "${1##*/}" apus_give_held "$2" "$3"; }
        apus_give_held() { apus_give "$1" "$2" "$x"; }
        apus_moded() {
        apus_enter "${1%/*}/" && apus_held "${1##*/}" apus_mode_held "$2" ''; }
        apus_mode_held() {
        [ ! -L "$x" ] || { apus_say "it is a symbolic link"; return 1; }
        chmod "$1" "$x"; }
        """#
}
