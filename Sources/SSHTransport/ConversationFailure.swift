import Base

/// What the end of ssh, sudo or the shell means, read from exit code and standard error. OpenSSH has one exit code for
/// all of its own failures (255), so its words decide; an unknown word is shown as it is.
enum ConversationFailure {
    static let cancelled = ApusError(code: "cancelled", "interrupted")

    static func become(_ what: String, detail: String) -> ApusError {
        ApusError(code: "become-failed", "\(what)\(shown(detail).map { " (\($0))" } ?? "")")
    }

    static func ended(
        code: Int32?, errors: String, wasReady: Bool, become method: RemoteShell.Become?, passwordsSent: Int
    ) -> ApusError {
        let reason = shown(errors)
        if wasReady {
            let why = reason.map { ": \($0)" } ?? ""
            return ApusError(code: "connection-lost", "the connection was lost\(why)", canRetry: true)
        }
        if let method, let failure = becoming(method, errors, passwordsSent) { return failure }
        for (words, code, hint) in sshFailures where errors.contains(words) {
            return ApusError(
                code: code, (reason ?? words) + (hint.isEmpty ? "" : "; \(hint)"), canRetry: code == "unreachable")
        }
        if code == 255 || code == nil {
            return ApusError(code: "unreachable", reason ?? "ssh ended without a word", canRetry: true)
        }
        let exit = code.map { "exit code \($0)" } ?? "no exit code"
        return ApusError(code: "shell-failed", "the shell of the host ended (\(exit))\(reason.map { ": \($0)" } ?? "")")
    }

    private static let sshFailures: [(words: String, code: String, hint: String)] = [
        (
            "REMOTE HOST IDENTIFICATION HAS CHANGED", "host-key-changed",
            "the host's key is not the one in known_hosts: find out why before you remove the old key"
        ),
        (
            "Host key verification failed", "host-key-unknown",
            "the host's key is not in known_hosts: add it, or give --accept-new"
        ),
        ("Permission denied", "authentication-failed", "the host takes none of the keys that ssh offered"),
        ("Too many authentication failures", "authentication-failed", "name the key with identityFile"),
        ("Could not resolve hostname", "unreachable", ""), ("Connection refused", "unreachable", ""),
        ("Connection timed out", "unreachable", ""), ("No route to host", "unreachable", ""),
        ("Connection closed by", "unreachable", ""), ("Connection reset by", "unreachable", ""),
    ]

    private static func becoming(_ method: RemoteShell.Become, _ errors: String, _ passwordsSent: Int) -> ApusError? {
        let name = method.method.rawValue
        if errors.contains("password is required") || errors.contains("Authorization required")
            || errors.contains("Operation not permitted"), method.password == nil
        {
            return become("\(name) asks for a password: give become.password", detail: "")
        }
        if errors.contains("Sorry, try again") || errors.contains("incorrect password") || passwordsSent > 1 {
            return become("\(name) refused the password", detail: "")
        }
        if errors.contains("\(name):") || errors.contains("is not in the sudoers file") {
            return become("\(name) failed", detail: errors)
        }
        return nil
    }

    /// The last lines that say something, made harmless and short.
    static func shown(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.drop { $0 == " " } }
            .filter { !$0.isEmpty && !$0.hasPrefix("@@@") && !$0.hasPrefix("Warning: Permanently added") }
        guard !lines.isEmpty else { return nil }
        let visible = lines.suffix(2).joined(separator: " / ").unicodeScalars.prefix(300)
        return String(
            String.UnicodeScalarView(visible.filter { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }))
    }
}
