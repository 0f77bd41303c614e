/// The shell functions behind the steps of the resources. They are sent with the contents, and only where something
/// changes.
///
/// - `apus_enter FOLDER` goes there one component at a time. A link on the way counts only when root or we own it; a
///   folder that somebody swaps for a link meanwhile is noticed. From then on the folder itself is held, not its name.
/// - `apus_put FOLDER NAME MODE OWNER GROUP EXPECT CONTENT` replaces a file whole: a file beside it that nobody else can
///   have made, the old one's owner, mode, label, ACL and attributes, the content, fsync, then rename(2). `-` leaves mode,
///   owner or group as they are. EXPECT is `any`, `none` (nothing may be there) or the SHA-256 that the old content must
///   have: what was computed from it is not written over what changed meanwhile.
/// - `apus_owned PATH OWNER GROUP` and `apus_moded PATH MODE` change what is there, never through a link.
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
        """#
}
