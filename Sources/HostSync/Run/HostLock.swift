import SSHTransport

/// The shell text that keeps two runs apart on one host, and cleans up behind one that died.
///
/// `$D` (/var/lib/apus/sync for root, else below the user's home) holds: `lock/owner` (pid, boot id and who holds it),
/// `stage/` (contents on their way, only while a change is under way), `temporary` (names of files that a dead run may
/// have left beside their destination), `pending/` (handlers that were notified and have not run, one file each: its
/// name is a digest, its content the handler's name and a newline).
enum HostLock {
    /// Says where state is kept; nothing is made.
    static let folder = #"""
        if [ "$(id -u)" = 0 ]; then D=/var/lib/apus/sync; else D=${XDG_STATE_HOME:-$HOME/.local/state}/apus/sync; fi
        """#

    /// Takes the lock, or says `locked` with its owner in section 0. A lock whose process is gone, or that is from
    /// before the last boot, is taken over. What a dead run left is removed.
    static func take(owner: String) -> String {
        #"""
        apus_boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
        apus_lock() {
        mkdir -p "$D/pending" || return 1
        n=0
        until mkdir "$D/lock" 2>/dev/null; do
        [ -d "$D/lock" ] || return 1
        p=; b=; w=
        [ -r "$D/lock/owner" ] && { read -r p b; read -r w; } <"$D/lock/owner"
        if [ -n "$p" ] && [ "$b" = "$apus_boot" ] && kill -0 "$p" 2>/dev/null; then echo "$w (process $p)"; return 2; fi
        n=$((n + 1)); [ $n -lt 5 ] || { echo "somebody who died while taking it: remove $D/lock"; return 2; }
        if [ -z "$p" ]; then sleep 1; [ ! -s "$D/lock/owner" ] || continue; fi
        mv "$D/lock" "$D/lock.$N" 2>/dev/null && rm -rf "$D/lock.$N"
        done
        trap 'rm -rf "$D/stage" "$D/lock"' EXIT; trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 141' PIPE; trap 'exit 143' TERM
        printf '%s %s\n%s\n' "$$" "$apus_boot" \#(ShellText.quoted(owner)) >"$D/lock/owner" || return 1
        rm -rf "$D/stage"
        if [ -s "$D/temporary" ]; then
        while IFS= read -r f; do case $f in */.apus-*[0-9a-f]) rm -f "$f";; esac; done <"$D/temporary"
        rm -f "$D/temporary"
        fi; }
        apus_mark s 0
        apus_lock
        apus_mark e 0 $?
        """#
    }
}
