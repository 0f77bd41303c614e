import SSHTransport

/// Writes a `ProbeRequest` as POSIX sh, and keeps which section of the answer belongs to which question.
///
/// Many paths cost little: no list is built word by word, which is quadratic in a shell, and what sha256sum(1) writes line by
/// line goes on in one piece.
///
/// The script runs under dash, bash, busybox ash and ksh. Where stat(1) has no `-c` (an old busybox) ls(1) answers;
/// where there is no sha256sum(1), openssl or shasum do. Only regular files are read: a FIFO would block for ever.
struct ProbeScript {
    enum Section: Sendable, Equatable {
        case facts
        case paths
        case links
        case digests
        case content(String)
        case query(String)
    }

    /// So many bytes of paths go to one command: far below ARG_MAX, which is 128 KiB at the least.
    private static let batchBytes = 48 << 10

    private(set) var sections: [Section] = []
    /// One text a section or a few: each is whole by itself, so that a shell can be given them one after the other.
    private(set) var chunks: [String] = []
    private let firstNumber: Int

    /// - Parameter firstNumber: The number of the first section, for probes that share a leg with other sections.
    init(_ request: ProbeRequest, firstNumber: Int = 0) {
        self.firstNumber = firstNumber
        if request.wantsFacts {
            section(.facts) { $0.append(FactsScript.text) }
        }
        for batch in ProbeScript.batches(request.plainPaths) {
            paths("apus_paths", batch, [.paths, .links])
        }
        for batch in ProbeScript.batches(request.digests) {
            paths("apus_files", batch, [.paths, .links, .digests])
        }
        for path in request.contents {
            let limit = ProbeRequest.mostContentBytes + 1
            let word = ShellText.quoted(path)
            section(.content(path)) { $0.append("[ -f \(word) ] && head -c \(limit) \(word) 2>/dev/null") }
        }
        for asked in request.queries {
            section(.query(asked.query.name)) { lines in
                lines.append("(")
                lines.append(asked.query.script(asked.items))
                lines.append(") 2>/dev/null")
            }
        }
    }

    /// One call that answers several sections: the paths, which are most of a large probe, are sent once.
    private mutating func paths(_ function: String, _ paths: [String], _ answers: [Section]) {
        chunks.append("\(function) \(firstNumber + sections.count) \(ShellText.quoted(paths))")
        sections += answers
    }

    private mutating func section(_ section: Section, _ body: (inout [String]) -> Void) {
        let number = firstNumber + sections.count
        var lines = ["apus_mark s \(number)"]
        body(&lines)
        lines.append("apus_mark e \(number) $?")
        sections.append(section)
        chunks.append(lines.joined(separator: "\n"))
    }

    /// The section with this number, nil when it is none of ours.
    func section(numbered number: Int) -> Section? {
        let index = number.subtractingReportingOverflow(firstNumber).partialValue
        return sections.indices.contains(index) ? sections[index] : nil
    }

    private static func batches(_ paths: [String]) -> [[String]] {
        var result: [[String]] = []
        var bytes = 0
        for path in paths {
            if result.isEmpty || bytes + path.utf8.count > batchBytes {
                result.append([])
                bytes = 0
            }
            result[result.count - 1].append(path)
            bytes += path.utf8.count + 3
        }
        return result
    }

    /// The functions that the sections use; sent once, before the first probe.
    static let prelude = #"""
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
        if command -v sha256sum >/dev/null 2>&1; then apus_sum() { sha256sum -- "$@"; }
        elif command -v openssl >/dev/null 2>&1; then apus_sum() { openssl dgst -sha256 -r -- "$@"; }
        else apus_sum() { shasum -a 256 -- "$@"; }
        fi
        apus_digests() {
        c=$#; k=
        for p do if [ -L "$p" ] || { [ -e "$p" ] && [ ! -f "$p" ]; }; then k=1; break; fi; done
        if [ -n "$k" ]; then
        for p do if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; fi; done; shift "$c"
        [ $# -gt 0 ] || return 0
        fi
        k=$(apus_sum "$@" 2>/dev/null); printf '%s\n' "$k"; }
        apus_paths() {
        n=$1; shift
        apus_mark s $n; apus_stat "$@"; apus_mark e $n $?
        n=$((n + 1)); apus_mark s $n; apus_links "$@"; apus_mark e $n $?; }
        apus_files() {
        apus_paths "$@"; shift
        n=$((n + 1)); apus_mark s $n; apus_digests "$@"; apus_mark e $n $?; }
        """#
}
