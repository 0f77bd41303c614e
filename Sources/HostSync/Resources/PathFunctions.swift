import SSHTransport

/// Shell functions of the kinds that make folders and links and remove things. A step that needs them puts `text`
/// before its first call.
///
/// - `apus_folder PATH` makes one folder (0755, less what a setgid or default-ACL parent says); the parent must be
///   there.
/// - `apus_link PATH TARGET` puts a symbolic link in place at once: no moment without one.
/// - `apus_gone PATH [all]` removes a file, a link (never what it points to) or an empty folder; with `all` a folder
///   with what is in it, unless something is mounted there. What is not there is no failure.
enum PathFunctions {
    static let text = #"""
        apus_folder() {
        apus_enter "${1%/*}/" || return 1
        if [ -d "./${1##*/}" ] && [ ! -L "./${1##*/}" ]; then return 0; fi
        (umask 022; mkdir "./${1##*/}"); }
        apus_link() {
        apus_enter "${1%/*}/" || return 1
        n=${1##*/}; t=.apus-$N
        if [ -d "./$n" ] && [ ! -L "./$n" ]; then apus_say "$1 is a directory"; return 1; fi
        printf '%s\n' "${PWD%/}/$t" >>"$D/temporary"
        rm -rf "./$t"
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
        """#
}

/// What else a folder's declaration needs to be told apart: mode bits exactly as declared.
enum FolderMode {
    /// Five digits: with fewer, chmod(1) keeps a folder's setuid and setgid bits.
    static func word(_ mode: UInt32) -> String { "0" + PathStatus.octal(mode) }

    /// Appends what mends the owner, group and mode of a folder that is there, or was just made.
    static func mend(_ path: String, _ ownership: Ownership, from status: PathStatus?, _ steps: inout StepScript) {
        let owner = ownership.owner.flatMap { status?.isOwned(by: $0) == true ? nil : $0 }
        let group = ownership.group.flatMap { status?.isInGroup($0) == true ? nil : $0 }
        if owner != nil || group != nil { steps.run("apus_owned", path, owner ?? "-", group ?? "-") }
        // chown(2) clears setuid and setgid on some file systems: the mode comes last, and again where it has such
        // bits.
        let mode = ownership.mode ?? status?.mode
        guard let mode else { return }
        if mode != status?.mode || (owner != nil || group != nil) && mode & 0o6000 != 0 {
            steps.run("apus_moded", path, word(mode))
        }
    }
}
