import SSHTransport

/// Where a user's keys are kept, and what is in there. The home folder is only known to the host, so that one question
/// has to find it and to look into it.
struct AuthorizedKeysProbe {
    let uid: Int
    let gid: Int
    let home: String
    let folder: PathStatus?
    let file: PathStatus?
    /// Nil where there is no file; it is whole, or else its digest is not the file's.
    let content: [UInt8]?

    var folderPath: String { home + "/.ssh" }
    var path: String { home + "/.ssh/authorized_keys" }

    /// For each user: `user|NAME|UID|GID|HOME`, what `apus_stat`, `apus_links` and `apus_digests` say, and the file's
    /// lines behind `line|`. A link is not followed: what a user lets it point to is not ours to read.
    static let query = Query("authorizedKeys") { users in
        """
        for u in \(ShellText.quoted(users)); do
        if command -v getent >/dev/null 2>&1; then e=$(getent passwd "$u"); else
        e=; while IFS= read -r l; do case $l in "$u":*) e=$l; break;; esac; done </etc/passwd; fi
        [ -n "$e" ] || continue
        set -f; IFS=:; set -- $e; unset IFS; set +f
        h=/${6#/}; h=${h%/}
        printf 'user|%s|%s|%s|%s\\n' "$1" "$3" "$4" "$h"
        d=$h/.ssh; f=$d/authorized_keys
        apus_stat "$h" "$d"
        [ -d "$d" ] && [ ! -L "$d" ] || continue
        apus_stat "$f"
        [ -f "$f" ] && [ ! -L "$f" ] || continue
        apus_digests "$f"
        head -c \(ProbeRequest.mostContentBytes) "$f" | while IFS= read -r l || [ -n "$l" ]; do printf 'line|%s\\n' "$l"; done
        done
        """
    }

    /// Nil when the host does not know `user`.
    ///
    /// - Throws: `ResourceFault` where the keys cannot be kept safely, or be read.
    init?(_ user: String, _ host: HostState) throws(ResourceFault) {
        var lines: [Substring] = []
        var head: [Substring]?
        for line in host.lines(AuthorizedKeysProbe.query) {
            if line.hasPrefix("user|") {
                if head != nil { break }
                let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false)
                if fields.count == 5, fields[1] == user[...] { head = fields }
            } else if head != nil {
                lines.append(line)
            }
        }
        guard let head, let uid = Int(head[2]), let gid = Int(head[3]) else { return nil }
        let home = String(head[4])
        guard HostPath.objection(to: home) == nil, home != "/" else {
            throw ResourceFault("the home folder of \(user) is \"\(home)\": give path")
        }
        (self.uid, self.gid, self.home) = (uid, gid, HostPath.normalised(home))
        let answer = AuthorizedKeysProbe.answer(lines, home)
        folder = try AuthorizedKeysProbe.status(home + "/.ssh", answer)
        file = try AuthorizedKeysProbe.status(home + "/.ssh/authorized_keys", answer)
        if case .present? = answer.paths[home] {
        } else {
            throw ResourceFault("\(user) has no home folder \(home): make it first")
        }
        content = try AuthorizedKeysProbe.content(lines, file, home)
    }

    private static func answer(_ lines: [Substring], _ home: String) -> ProbeAnswer {
        let text = Array(lines.filter { !$0.hasPrefix("line|") }.joined(separator: "\n").utf8)
        let asked: Set = [home, home + "/.ssh", home + "/.ssh/authorized_keys"]
        var answer = ProbeAnswer()
        answer.take(.paths, text, code: 0, asked: asked)
        answer.take(.digests, text, code: 0, asked: asked)
        return answer
    }

    private static func status(_ path: String, _ answer: ProbeAnswer) throws(ResourceFault) -> PathStatus? {
        switch answer.paths[path] {
        case .present(let status)?: return status
        case .unreadable(let why)?: throw ResourceFault("cannot look at \(path): \(why) (become another user?)")
        case .absent?, nil: return nil
        }
    }

    private static func content(
        _ lines: [Substring], _ file: PathStatus?, _ home: String
    ) throws(ResourceFault) -> [UInt8]? {
        guard let file, file.kind == .file else { return nil }
        let held = lines.filter { $0.hasPrefix("line|") }.map { $0.dropFirst(5) }.joined(separator: "\n")
        for text in [held + "\n", held, ""] where ContentDigest.of(Array(text.utf8)) == file.digest {
            return Array(text.utf8)
        }
        throw ResourceFault("cannot read \(home)/.ssh/authorized_keys as text of at most 1 MiB")
    }
}
