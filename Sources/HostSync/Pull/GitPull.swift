import Base
import Glibc

/// Keeps a checkout at the newest commit of a revision, once that commit's signature has been verified.
///
/// The commit object is fetched and looked at before anything of it is checked out. Its signature covers the tree and so
/// every file (git-commit(1), gpg.format=ssh). `$folder/taken` holds the committer's time of the last commit that was
/// taken, in seconds since 1970.
struct GitPull {
    private static let mostBytes = 1 << 20

    let repository: String
    let revision: String
    let pull: SitePull

    private var checkout: String { "\(pull.folder)/checkout" }
    private var takenFile: String { "\(pull.folder)/taken" }

    func fetch() throws(ApusError) -> SitePull.Outcome {
        guard !repository.hasPrefix("-"), !revision.hasPrefix("-"), !repository.contains("::") else {
            throw ApusError(code: "pull-failed", "this is no repository or revision that is fetched", kind: .usage)
        }
        if access("\(checkout)/.git", F_OK) != 0 {
            _ = try git(["init", "--quiet", checkout], inside: false)
        }
        _ = try git(["fetch", "--quiet", "--depth", "1", "--no-tags", repository, revision])
        let commit = try git(["rev-parse", "--verify", "FETCH_HEAD^{commit}"]).trimmed
        let object = try git(["cat-file", "commit", commit])
        var signer: String?
        if let allowed = pull.allowedSigners {
            guard let parts = CommitSignature.split(object) else {
                throw ApusError(code: "signature-refused", "the commit \(commit.prefix(12)) is not signed")
            }
            signer = try SitePull.verify(
                Array(parts.payload.utf8), Array(parts.signature.utf8), allowed, namespace: "git")
        }
        try refuseOlder(object, commit)
        _ = try git(["-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", "--detach", commit])
        _ = try git(["clean", "--quiet", "-fdx"])
        return SitePull.Outcome(site: "\(checkout)/\(pull.site)", version: commit, signer: signer)
    }

    private func refuseOlder(_ object: String, _ commit: String) throws(ApusError) {
        let time = CommitSignature.committerTime(object) ?? 0
        let last =
            (try? Files.read(takenFile, limit: 64)).flatMap { Int(String(decoding: $0, as: UTF8.self).trimmed) } ?? 0
        guard time >= last else {
            throw ApusError(
                code: "older-site",
                "the commit \(commit.prefix(12)) is older than the one taken last: remove \(takenFile) to take it")
        }
        try Files.writeAtomically(Array("\(time)\n".utf8), to: takenFile, mode: 0o600)
    }

    /// Neither hooks nor filters nor the configuration of others have a say.
    private func git(_ arguments: [String], inside: Bool = true) throws(ApusError) -> String {
        let options = ["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "safe.directory=*"]
        return try LocalCommand.output(
            ["git"] + options + (inside ? ["-C", checkout] : []) + arguments, limit: GitPull.mostBytes)
    }
}

/// The text of a commit object, taken apart.
enum CommitSignature {
    /// The signature and what it covers: everything else (gitformat-signature(5)). Nil for a commit without one.
    static func split(_ object: String) -> (payload: String, signature: String)? {
        var payload: [Substring] = []
        var signature: [Substring] = []
        var isHeader = true
        var isSignature = false
        for line in object.split(separator: "\n", omittingEmptySubsequences: false) {
            if isHeader, line.isEmpty { isHeader = false }
            if isHeader, line.hasPrefix("gpgsig ") {
                isSignature = true
                signature.append(line.dropFirst(7))
            } else if isHeader, isSignature, line.hasPrefix(" ") {
                signature.append(line.dropFirst())
            } else {
                isSignature = false
                payload.append(line)
            }
        }
        guard !signature.isEmpty else { return nil }
        return (payload.joined(separator: "\n"), signature.joined(separator: "\n") + "\n")
    }

    /// Seconds since 1970 in the header `committer NAME <MAIL> SECONDS ZONE`.
    static func committerTime(_ object: String) -> Int? {
        for line in object.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { return nil }
            guard line.hasPrefix("committer ") else { continue }
            let words = line.split(separator: " ")
            return words.count >= 2 ? Int(words[words.count - 2]) : nil
        }
        return nil
    }
}
