import SSHTransport

/// The shell text that keeps two runs apart on one host, and cleans up behind one that died.
///
/// `$D` (/var/lib/apus-sync for root, else below the user's home) holds: `lock/owner` (pid, boot id, start
/// time of the process, and who holds it), `lock/step` (pid and start time of the step at work: it may outlive a shell that
/// was killed),
/// `stage/` (contents on their way, only while a change is under way), `temporary` (names of files that a dead run may
/// have left beside their destination), `pending/` (handlers that were notified and have not run, one file each: its
/// name is a digest, its content the handler's name and a newline).
enum HostLock {
    /// Says where state is kept; nothing is made. It is not below /var/lib/apus, which belongs to the daemon's user: what is
    /// sourced as root lies in it.
    static let folder = #"""
        if [ "$(id -u)" = 0 ]; then D=/var/lib/apus-sync; else D=${XDG_STATE_HOME:-$HOME/.local/state}/apus/sync; fi
        """#

    /// Takes the lock, or says in section 0 who holds it. With the lock comes the word `gzip` where the host has that. A lock whose process is gone, or that is from
    /// before the last boot, is taken over. What a dead run left is removed.
    ///
    /// Where there is flock(1), looking at a lock and taking it over is one step for those who come at the same time: it is
    /// held on the folder itself, and the kernel lets go of it whoever dies. A process is known by its number, the boot and
    /// its start time, because numbers are given again.
    static func take(owner: String) -> String {
        #"""
        apus_boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
        apus_started() { k=; read -r k 2>/dev/null <"/proc/$1/stat" || return 0; set -- ${k##*) }; echo "${20:-}"; }
        apus_holds() {
        p=; b=; k=; w=
        [ ! -r "$D/lock/owner" ] || { read -r p b k; read -r w; } <"$D/lock/owner"
        [ -n "$p" ] && [ "$b" = "$apus_boot" ] || return 1
        if apus_lives "$p" "$k"; then return 0; fi
        [ -r "$D/lock/step" ] && read -r p k <"$D/lock/step" && apus_lives "$p" "$k"; }
        apus_lives() { kill -0 "$1" 2>/dev/null && [ "$2" = "$(apus_started "$1")" ]; }
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
        printf '%s %s %s\n%s\n' "$$" "$apus_boot" "$(apus_started $$)" \#(ShellText.quoted(owner)) >"$D/lock/owner"; }
        apus_lock() {
        mkdir -p "$D/pending" && true >"$D/lock.new" && rm -f "$D/lock.new" || return 1
        if command -v flock >/dev/null 2>&1; then
        exec 9<"$D/pending"; flock 9 && apus_take alone; c=$?; exec 9<&-
        else apus_take ''; c=$?; fi
        [ $c = 0 ] || return $c
        rm -rf "$D/stage"
        if [ -s "$D/temporary" ]; then
        while IFS= read -r f; do case $f in */.apus-*[0-9a-f]) rm -rf "$f";; esac; done <"$D/temporary"
        rm -f "$D/temporary"
        fi
        if command -v gzip >/dev/null 2>&1; then echo gzip; fi; }
        apus_mark s 0
        { apus_lock; } 2>&1
        apus_mark e 0 $?
        """#
    }
}
