/// Shell functions of the steps that change accounts. The shadow suite does the work where it is; without it (Alpine,
/// an initial ramdisk) busybox's adduser makes accounts, and a field of a table is edited and put in place whole.
///
/// - `apus_has PROGRAM`
/// - `apus_field FILE NAME NUMBER VALUE` sets a field of a table of /etc; the value is no argument of any process.
/// - `apus_gid GROUP` prints a group's number.
/// - `apus_feed CONTENT COMMAND…` gives a content to a command's standard input.
/// - `apus_member GROUP NAME add|remove` changes who is in a group.
enum AccountFunctions {
    static let text = #"""
        apus_has() { command -v "$1" >/dev/null 2>&1; }
        apus_table() {
        apus_digest "$1" && apus_put "${1%/*}" "${1##*/}" - - - "$h" "$S/table"; }
        apus_field() {
        apus_n=$2 apus_v=$4 awk -v k="$3" 'BEGIN{FS=OFS=":";n=ENVIRON["apus_n"];v=ENVIRON["apus_v"]} $1==n{$k=v} {print}' "$1" >"$S/table" || return 1
        apus_table "$1"; }
        apus_gid() {
        case $1 in *[!0-9]*) ;; *) echo "$1"; return;; esac
        while IFS=: read -r a b c d; do if [ "$a" = "$1" ]; then echo "$c"; return; fi; done </etc/group
        return 1; }
        apus_feed() {
        f=$1; shift
        if [ -e "$f" ]; then "$@" <"$f"; else gzip -dc "$f.gz" | "$@"; fi; }
        apus_member() {
        if apus_has gpasswd; then
        if [ "$3" = add ]; then gpasswd -a "$2" "$1" >/dev/null; else gpasswd -d "$2" "$1" >/dev/null; fi
        else
        apus_n=$1 apus_v=$2 apus_d=$3 awk 'BEGIN{FS=OFS=":";n=ENVIRON["apus_n"];v=ENVIRON["apus_v"]}
        $1==n{c=split($4,m,",");r="";for(i=1;i<=c;i++)if(m[i]!=""&&m[i]!=v)r=r (r==""?"":",") m[i]
        if(ENVIRON["apus_d"]=="add")r=r (r==""?"":",") v
        $4=r} {print}' /etc/group >"$S/table" || return 1
        apus_table /etc/group
        fi; }
        """#
}
