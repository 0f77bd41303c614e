import SSHTransport
package import Settings
import Synchronization

/// Knows every secret of a run by its value and takes it out of whatever is shown: diffs, JSON, errors, the journal.
///
/// A value is known from the moment on at which it is decrypted, so that no path from there to an output needs to be
/// trusted; and with it what a shell, JSON or Base64 write instead of it. Values shorter than four bytes cannot be told
/// from ordinary words and are not looked for. Of a secret
/// that was cut, only the beginning before an ellipsis is found: whoever cuts otherwise must redact before.
package final class Redactor: Sendable {
    /// Characters: nothing is shown longer than this before an ellipsis.
    private static let longestCut = 256

    private let values = Mutex<Set<String>>([])

    package init() {}

    package func add(_ secret: String) {
        values.withLock { values in
            for form in Redactor.forms(secret) where form.utf8.count >= 4 { values.insert(form) }
            // A key of many lines is shown line by line in a diff.
            guard secret.utf8.contains(UInt8(ascii: "\n")) else { return }
            for line in secret.split(separator: "\n") where line.utf8.count >= 8 && !line.hasPrefix("-----") {
                values.insert(String(line))
            }
        }
    }

    /// The secret, and as it stands in a shell's quotes, in a JSON string, and in Base64, whatever follows it there.
    private static func forms(_ secret: String) -> [String] {
        let bytes = Array(secret.utf8)
        let encoded = bytes.count < 6 ? "" : Base64.encode(Array(bytes.prefix(bytes.count / 3 * 3)))
        return [
            secret, secret.trimmed, secret.replacing("'", with: "'\\''"),
            String(Value.quoted(secret).dropFirst().dropLast()), encoded,
        ]
    }

    /// The complaints with every secret taken out of their messages.
    package func redacted(_ complaints: [Complaint]) -> [Complaint] {
        complaints.map { complaint in
            var complaint = complaint
            complaint.message = redacted(complaint.message)
            return complaint
        }
    }

    /// Adds a text that was made with a secret: found only as a whole, so that its ordinary lines stay readable elsewhere.
    package func addWhole(_ text: String) {
        if text.utf8.count >= 4 { values.withLock { _ = $0.insert(text) } }
    }

    package func isClean(_ text: String) -> Bool {
        values.withLock { values in !values.contains { text.contains($0) } }
    }

    package func redacted(_ text: String) -> String {
        let known = values.withLock { $0 }
        if known.isEmpty { return text }
        var result = text
        for value in known.sorted(by: { $0.utf8.count > $1.utf8.count }) where result.contains(value) {
            result = result.replacing(value, with: "redacted")
        }
        return Redactor.withoutCut(known, result)
    }

    /// Takes out the beginning of a secret that ends with `…`.
    private static func withoutCut(_ known: Set<String>, _ text: String) -> String {
        guard text.contains("…") else { return text }
        var parts = text.split(separator: "…", omittingEmptySubsequences: false).map(String.init)
        for index in parts.indices.dropLast() {
            let cut = known.map { beginning(of: $0, at: parts[index]) }.max() ?? 0
            if cut > 0 { parts[index] = parts[index].dropLast(cut) + "redacted" }
        }
        return parts.joined(separator: "…")
    }

    /// How many characters at the end of `text` are the beginning of `secret`; 0 for fewer than four.
    private static func beginning(of secret: String, at text: String) -> Int {
        let most = min(secret.prefix(longestCut).count, text.count)
        guard most >= 4 else { return 0 }
        return stride(from: most, through: 4, by: -1).first { text.hasSuffix(secret.prefix($0)) } ?? 0
    }
}
