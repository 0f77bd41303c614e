import SSHTransport

/// Shell text that runs other shell text: as another user, for a limited time, in a folder, with variables.
///
/// The inner text never stands on a command line, where ps(1) would show it to everybody: it comes on a pipe or from a
/// file that is ours alone.
struct ShellRun {
    /// Nil: the user whom we are on the host. Another one needs root.
    var user: String?
    /// Whole seconds, by timeout(1) where the host has it.
    var timeoutSeconds: Int?

    /// Runs `script` from within a probe or a step; its exit code is the whole's.
    func inline(_ script: String) -> String {
        let word = ShellText.quoted(script)
        guard user != nil || timeoutSeconds != nil else { return "(eval \(word))" }
        return "(\(limit); printf %s \(word) | \(runner("$(cat)")))"
    }

    /// Runs the script that the file at `path` (a word, quoted) holds, with `input` (a word, quoted) on standard input.
    func file(_ path: String, input: String) -> String {
        // The file is opened by us and handed on: the other user may not open it.
        "(\(limit); \(runner("exec 4<&-\n$(cat <&4)")) 4<\(path) <\(input))"
    }

    /// Sets `l` to the words that limit the time; busybox before 1.30 wants them in another way.
    private var limit: String {
        guard let timeoutSeconds else { return "l=" }
        return """
            l=; if command -v timeout >/dev/null 2>&1; then \
            if timeout 5 true 2>/dev/null; then l='timeout \(timeoutSeconds)'; else l='timeout -t \(timeoutSeconds)'; fi; fi
            """
    }

    private func runner(_ text: String) -> String {
        let shell = "eval \"\(text)\""
        guard let user else { return "$l sh -c '\(shell)'" }
        let name = ShellText.quoted(user)
        return """
            { if [ "$(id -un)" = \(name) ]; then exec $l sh -c '\(shell)'; fi
            if [ "$(id -u)" != 0 ]; then echo "only root can become another user"; exit 1; fi
            exec $l su -s /bin/sh -c '\(shell)' \(name)
            }
            """
    }
}

extension StepScript {
    /// As `content(_:)`, and makes sure that the script finds it unpacked: large contents are sent gzipped.
    mutating func unpacked(_ content: Content) -> String {
        let word = self.content(content)
        text("if [ ! -e \(word) ]; then gzip -dc \(word).gz >\(word); fi")
        return word
    }
}
