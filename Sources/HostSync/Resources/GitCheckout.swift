import SSHTransport

/// What a host says of one checkout and of its remote, and the scripts that clone and update.
struct GitCheckout {
    private(set) var head: String?
    private(set) var remote: String?
    private(set) var remoteCommit: String?
    private(set) var changedFiles = 0
    /// Why git could not answer, for the operator.
    private(set) var complaint: String?

    /// No terminal, no questions: who has no key gets an error instead of a prompt.
    private static let quiet = """
        GIT_TERMINAL_PROMPT=0; GIT_SSH_COMMAND=${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}; GIT_OPTIONAL_LOCKS=0
        export GIT_TERMINAL_PROMPT GIT_SSH_COMMAND GIT_OPTIONAL_LOCKS
        """

    /// The items are whole scripts; the lines of each answer begin with its digest.
    static let query = Query("git") { scripts in
        scripts.map { script in
            let digest = ContentDigest.of(Array(script.utf8))
            return "\(script) </dev/null 3<&- 2>&1 | sed 's/^/\(digest) /'"
        }.joined(separator: "\n")
    }

    static func question(_ declared: GitResource, asksRemote: Bool) -> String {
        let path = ShellText.quoted(declared.path)
        let repository = ShellText.quoted(declared.repository)
        let names = declared.revision.map { name in
            name.hasPrefix("refs/") ? [name] : ["refs/heads/\(name)", "refs/tags/\(name)", "refs/tags/\(name)^{}"]
        }
        let remote = """
            if o=$(git ls-remote -- \(repository) \(ShellText.quoted(names ?? ["HEAD"])) 2>&1); then printf '%s\\n' "$o" | sed 's/^/ref /'
            else printf '%s\\n' "$o" | sed 's/^/failed /'; fi
            """
        let always = declared.update ? "y" : ""
        let script = """
            if ! command -v git >/dev/null 2>&1; then echo 'failed there is no git on the host'; exit; fi
            \(quiet)
            a=y
            if [ -e \(path)/.git ]; then
            cd \(path) || exit
            a=\(always)
            git rev-parse -q --verify 'HEAD^{commit}' 2>&1 | sed 's/^/head /'
            git config --get remote.origin.url | sed 's/^/remote /'
            git status --porcelain --untracked-files=no 2>/dev/null | wc -l | sed 's/^ */changed /'
            fi
            \(asksRemote ? "if [ -n \"$a\" ]; then \(remote)\nfi" : ":")
            """
        return ShellRun(user: declared.user, timeoutSeconds: 60).inline(script)
    }

    init(_ declared: GitResource, _ question: String, _ host: HostState) {
        let digest = ContentDigest.of(Array(question.utf8))
        var refs: [String: String] = [:]
        var failures: [String] = []
        for line in host.lines(GitCheckout.query) where line.hasPrefix(digest) {
            let words = line.dropFirst(digest.utf8.count + 1).split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            let value = String(words[1])
            switch words[0] {
            case "head" where GitCheckout.isCommit(value): head = value
            case "head" where value.contains("dubious ownership"):
                failures.append("\(declared.path) belongs to another user: give that one as user")
            case "remote": remote = value
            case "changed": changedFiles = Int(value) ?? 0
            case "failed": failures.append(value)
            case "ref":
                let parts = value.split(separator: "\t")
                if parts.count == 2, GitCheckout.isCommit(String(parts[0])) {
                    refs[String(parts[1])] = String(parts[0])
                }
            default: continue
            }
        }
        if let last = failures.last { complaint = String(last.prefix(500)) }
        // A tag with a message is an object of its own; `^{}` is the commit that it stands for.
        let name = declared.revision ?? "HEAD"
        let order = ["refs/heads/\(name)", "refs/tags/\(name)^{}", "refs/tags/\(name)", name]
        remoteCommit = order.lazy.compactMap { refs[$0] }.first
    }

    private static func isCommit(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    // MARK: Steps

    static func clone(_ declared: GitResource, _ commit: String, _ steps: inout StepScript) {
        let place = HostPath(declared.path)
        let name = ShellText.quoted("./\(place.name)")
        steps.run("apus_enter", place.folder)
        steps.text("if [ -d \(name) ]; then rmdir \(name) || apus_say 'the folder is there and is not empty'; fi")
        steps.text("apus_private; (umask 022; mkdir ./new)")
        // Another user may pass through our folder, and nothing more.
        if let user = declared.user { steps.text("chown \(ShellText.quoted(user)) ./new; chmod 711 .") }
        steps.text("cd ./new")
        let script = "git init -q .\ngit remote add origin \(ShellText.quoted(declared.repository))\n"
        steps.text(run(declared, script + checkout(declared, commit)))
        steps.text("cd -P ..; mv -f$apus_T ./new \(ShellText.quoted("../\(place.name)")); apus_leave")
    }

    static func update(_ declared: GitResource, _ commit: String, _ steps: inout StepScript) {
        let url = ShellText.quoted(declared.repository)
        steps.run("apus_enter", declared.path)
        steps.text(
            run(
                declared,
                "git remote set-url origin \(url) 2>/dev/null || git remote add origin \(url)\n"
                    + checkout(declared, commit)))
    }

    /// Fetches no more than is needed, and then exactly the commit of the plan.
    private static func checkout(_ declared: GitResource, _ commit: String) -> String {
        let all = "git fetch -q --tags origin '+refs/heads/*:refs/remotes/origin/*'"
        let fetch = declared.depth.map { "git fetch -q --depth \($0) origin \(commit) 2>/dev/null || \(all)" } ?? all
        let force = declared.force ? "git reset -q --hard\n" : ""
        return """
            \(force)if ! git cat-file -e '\(commit)^{commit}' 2>/dev/null; then
            \(fetch)
            git cat-file -e '\(commit)^{commit}' 2>/dev/null || git fetch -q origin \(commit)
            fi
            git checkout -q \(declared.force ? "-f " : "")--detach \(commit)
            """
    }

    private static func run(_ declared: GitResource, _ script: String) -> String {
        ShellRun(user: declared.user).inline("set -e; umask 022\n\(quiet)\n\(script)") + " 3<&-"
    }
}
