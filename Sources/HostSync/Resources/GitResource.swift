import SSHTransport
package import Settings

/// `git`: a checkout of a repository at the commit that a branch, a tag or the default branch has now, or at a given
/// one.
///
/// The remote is asked by the host itself, with `git ls-remote` while the host is looked at: also a plan needs the
/// network there. The working tree stands at the commit itself (a detached HEAD). A clone appears whole: it is made in
/// a folder beside.
package struct GitResource: Resource {
    package static let keyword = "git"
    package static let summary = "A checkout of a git repository."
    package static var bringsUnforeseen: Bool { true }

    package var repository = ""
    package var path = ""
    package var revision: String?
    package var depth: Int?
    package var force = false
    package var update = true
    package var user: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "repository", \.repository, .gitRemote, "What git clones, as the host reaches it.", required: true),
            SettingsField("path", \.path, .hostPath, "The folder of the working tree.", required: true),
            SettingsField(
                "revision", \.revision, .gitRevision,
                "A branch, a tag or a full commit; the remote's default branch without it."),
            SettingsField(
                "depth", \.depth, .integer(in: 1...1_000_000), "So many commits of history; all of them without it."),
            SettingsField("force", \.force, .bool, "Discard changes that were made to tracked files on the host."),
            SettingsField(
                "update", \.update, .bool, "false: clone once, and leave it as it is then; no network for a plan."),
            SettingsField(
                "user", \.user, .account, "The user as whom git runs, who owns the tree; another one needs root."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if path == "/" { complaints.error(at: \Self.path, "must be a folder below the root") }
    }

    package var label: String { path }

    private var isCommit: Bool {
        guard let revision else { return false }
        return [40, 64].contains(revision.utf8.count) && revision.allSatisfy(\.isHexDigit)
    }

    package func probe(_ request: inout ProbeRequest) {
        request.path(HostPath(path).folder)
        request.path(path)
        request.path("\(path)/.git")
        request.ask(GitCheckout.query, GitCheckout.question(self, asksRemote: !isCommit))
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let folder = try host.status(path)
        if let folder, folder.kind != .directory {
            throw ResourceFault("\(path) is \(folder.kind.name), not a directory: declare it absent first")
        }
        let isCloned = try host.status("\(path)/.git") != nil
        let checkout = GitCheckout(self, GitCheckout.question(self, asksRemote: !isCommit), host)
        if let complaint = checkout.complaint {
            if host.changesBefore { return .deferred("git cannot tell yet: \(complaint)") }
            throw ResourceFault(complaint)
        }
        var comparison = Comparison()
        if isCloned {
            if !update { return .same }
            try bringUp(checkout, try target(checkout), &comparison)
        } else {
            try FolderSafety.check(HostPath(path).folder, host)
            let commit = try target(checkout)
            comparison.differ("commit", from: nil, to: commit)
            GitCheckout.clone(self, commit, &comparison.steps)
            host.willWrite(path, PathStatus(kind: .directory, mode: 0o755))
            host.willWrite("\(path)/.git", PathStatus(kind: .directory, mode: 0o755))
        }
        return comparison
    }

    private func bringUp(
        _ checkout: GitCheckout, _ commit: String, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        if checkout.remote != repository {
            comparison.differ(
                "repository", from: checkout.remote.map { RemoteAddress.shown($0) } ?? "none",
                to: RemoteAddress.shown(repository))
        }
        if checkout.head != commit { comparison.differ("commit", from: checkout.head, to: commit) }
        if checkout.changedFiles > 0, force {
            comparison.differ("local changes", from: "\(checkout.changedFiles) files", to: "discarded")
        }
        guard !comparison.differences.isEmpty else { return }
        if checkout.changedFiles > 0, !force, checkout.head != commit {
            throw ResourceFault("\(path) has changes in \(checkout.changedFiles) files: force: true discards them")
        }
        GitCheckout.update(self, commit, &comparison.steps)
    }

    /// The commit that the tree is to stand at.
    private func target(_ checkout: GitCheckout) throws(ResourceFault) -> String {
        if isCommit, let revision { return revision.lowercased() }
        if let commit = checkout.remoteCommit { return commit }
        let name = revision ?? "default branch"
        throw ResourceFault("the repository has no \(name) (a commit must be given with all its 40 digits)")
    }
}

extension ValueFormat where Value == String {
    /// What git takes for a remote; never one of its options, nor a transport that is a command (`ext::`).
    package static var gitRemote: ValueFormat {
        parsed(
            name: "a git repository", allowed: "an address or path that does not begin with -",
            pattern: "^[^-\\s]\\S*$",
            parse: { text in
                let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
                return isPlain && !text.isEmpty && !text.hasPrefix("-") && !text.contains("::") ? text : nil
            }, render: { RemoteAddress.shown($0) })
    }

    /// A branch, a tag, a full name such as refs/heads/main, or a commit.
    package static var gitRevision: ValueFormat {
        parsed(
            name: "a branch, a tag or a commit", pattern: "^[^-\\s~^:?*\\[\\\\]+$", numbers: 0...Double.infinity,
            parse: { text in
                let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"~^:?*[\\".utf8.contains($0) }
                return isPlain && !text.isEmpty && !text.hasPrefix("-") && !text.contains("..") ? text : nil
            }, render: { $0 })
    }
}
