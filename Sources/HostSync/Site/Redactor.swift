import Synchronization

/// Knows every secret of a run by its value and takes it out of whatever is shown: diffs, JSON, errors, the journal.
///
/// A value is known from the moment on at which it is decrypted, so that no path from there to an output needs to be
/// trusted. Values shorter than four bytes cannot be told from ordinary words and are not looked for.
package final class Redactor: Sendable {
    private let values = Mutex<Set<String>>([])

    package init() {}

    package func add(_ secret: String) {
        values.withLock { values in
            if secret.utf8.count >= 4 { values.insert(secret) }
            // A key of many lines is shown line by line in a diff.
            guard secret.utf8.contains(UInt8(ascii: "\n")) else { return }
            for line in secret.split(separator: "\n") where line.utf8.count >= 8 && !line.hasPrefix("-----") {
                values.insert(String(line))
            }
        }
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
        return result
    }
}
