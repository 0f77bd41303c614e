/// The shell functions behind the steps of the resources. They are sent with the contents, and only where something
/// changes.
///
/// - `apus_enter FOLDER` goes there one component at a time. A link on the way counts only when root or we own it; a
///   folder that somebody swaps for a link meanwhile is noticed. From then on the folder itself is held, not its name.
/// - `apus_put FOLDER NAME MODE OWNER GROUP EXPECT CONTENT` replaces a file whole: a file beside it that nobody else can
///   have made, the old one's owner, mode, label, ACL and attributes, the content, fsync, then rename(2). `-` leaves mode,
///   owner or group as they are. EXPECT is `any`, `none` (nothing may be there) or the SHA-256 that the old content must
///   have: what was computed from it is not written over what changed meanwhile.
/// - `apus_together STAGE FOLDER MODE OWNER GROUP` puts all files of a stage folder into FOLDER, where none of them is yet: made
///   in a folder beside them that nobody else can enter, then fsync, then rename(2) each.
/// - `apus_owned PATH OWNER GROUP` and `apus_moded PATH MODE` change what is there, never through a link: in a folder that
///   somebody else may write to, `apus_hold` opens the file and they change what is open, if it has this one name.
///
/// `V` is a validation command with `%s`, `B` a suffix for a backup, `P` asks for writing in place (a file that is a mount
/// point cannot be renamed over); steps set them.
enum ApplyPrelude {
    static let text = #"""
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
        if [ -n "${P:-}" ] && [ -e "./$2" ]; then apus_overwrite "$@"; return; fi
        t=.apus-$N
        printf '%s\n' "${PWD%/}/$t" >>"$D/temporary"
        if [ -e "./$t" ] || [ -L "./$t" ]; then rm -rf "./$t"; fi
        set -C; true >"./$t" || return 1
        set +C
        apus_fill "$@" && mv -f "./$t" "./$2" || { rm -f "./$t"; return 1; }; }
        apus_fill() {
        if [ -e "./$2" ]; then
        if [ $apus_cp = gnu ]; then cp --attributes-only --preserve=all "./$2" "./$t" || return 1
        else k=$(ls -ldn "./$2"); set -- "$@" $k; chown "${10}:${11}" "./$t" || return 1; chmod "$(stat -c %a "./$2" 2>/dev/null || echo 600)" "./$t"; fi
        fi
        apus_pour "$q" "./$t" && apus_owner "./$t" "$4" "$5" || return 1
        [ "$3" = - ] || chmod "$3" "./$t" || return 1
        apus_valid "${PWD%/}/$t" "$1/$2" && apus_backup "$2"; }
        apus_overwrite() {
        apus_pour "$q" "$S/new" && apus_valid "$S/new" "$1/$2" && apus_backup "$2" && apus_hold "$2" && apus_pour "$S/new" "$x" || return 1
        apus_owner "$x" "$4" "$5" || return 1
        [ "$3" = - ] || chmod "$3" "$x"; }
        apus_valid() {
        [ -n "${V:-}" ] || return 0
        sh -c "${V%%%s*}$1${V#*%s}" || { apus_say "the validation refused the new $2"; return 1; }; }
        apus_backup() {
        [ -z "${B:-}" ] || [ ! -e "./$1" ] || cp -p "./$1" "./$1$B"; }
        apus_together() {
        apus_enter "$2" || return 1
        t=./.apus-$N
        for f in "$1"/*; do f=./${f##*/}; [ ! -e "$f" ] && [ ! -L "$f" ] || return 1; done
        printf '%s\n' "${PWD%/}/.apus-$N" >>"$D/temporary"
        mkdir "$t" || return 1
        if cp "$1"/* "$t" && { case $4$5 in --) ;; -*) chgrp "$5" "$t"/*;; *-) chown "$4" "$t"/*;; *) chown "$4:$5" "$t"/*;; esac; } &&
        chmod "$3" "$t"/* && { sync "$t"/* 2>/dev/null || sync; } && mv -f "$t"/* ./; then rmdir "$t"; return; fi
        rm -rf "$t"; return 1; }
        apus_owner() {
        o=$2; g=$3
        if [ ! -g . ]; then
        case $o in "$apus_me"|"$apus_uid") [ ! -O "$1" ] || o=-;; esac
        case $g in "$apus_group") [ ! -G "$1" ] || g=-;; esac
        fi
        h=-h; case $1 in /proc/*) h=;; esac
        case $o$g in --) ;; -*) chgrp $h "$g" "$1";; *-) chown $h "$o" "$1";; *) chown $h "$o:$g" "$1";; esac; }
        apus_trusted() {
        set -- $(ls -ldn .)
        case $3 in 0|"$apus_uid") case $1 in d????-??-*) return 0;; esac;; esac
        return 1; }
        apus_hold() {
        x=./$1
        if [ -L "$x" ]; then apus_say "${PWD%/}/$1 is a symbolic link"; return 1; fi
        if apus_trusted || [ ! -e /proc/self/fd ]; then return 0; fi
        [ -f "$x" ] || [ -d "$x" ] || { apus_say "${PWD%/}/$1 is neither a file nor a folder, in a folder of somebody else"; return 1; }
        exec 8<"$x" || return 1
        x=/proc/self/fd/8
        [ "$(readlink $x)" = "${PWD%/}/$1" ] || { apus_say "${PWD%/}/$1 became something else"; return 1; }
        set -- "$1" $(ls -ldnL $x)
        case $2:$3 in d*|*:1) ;; *) apus_say "${PWD%/}/$1 has $3 names (hard links): whoever owns the folder may have made one of them"; return 1;; esac; }
        apus_owned() {
        apus_enter "${1%/*}/" || return 1
        x=./${1##*/}; h=-h
        if [ ! -L "$x" ]; then apus_hold "${1##*/}" || return 1; [ "$x" = "./${1##*/}" ] || h=; fi
        case $2$3 in -?*) chgrp $h "$3" "$x";; *-) chown $h "$2" "$x";; *) chown $h "$2:$3" "$x";; esac; }
        apus_moded() {
        apus_enter "${1%/*}/" && apus_hold "${1##*/}" || return 1
        chmod "$2" "$x"; }
        """#
}
