import Base

/// What of a difference may be shown. One place for the terminal, JSON, journal and report.
///
/// A digest of a text that holds a secret stays hidden, too: who knows the rest of the text could guess a short secret and
/// compare.
struct Disclosure {
    /// Lines around a change in a diff.
    private static let context = 3

    let redactor: Redactor

    func isSecret(_ change: TextChange) -> Bool {
        if change.isSecret { return true }
        return [change.old, change.new].contains { bytes in
            bytes.map { !redactor.isClean(String(decoding: $0, as: UTF8.self)) } ?? false
        }
    }

    /// Old and new as they may stand in any output.
    func values(_ difference: Difference) -> (old: String?, new: String?) {
        if let change = difference.text, isSecret(change) {
            return (difference.old.map { _ in Self.hidden }, difference.new.map { _ in Self.hidden })
        }
        return (difference.old.map { redactor.redacted($0) }, difference.new.map { redactor.redacted($0) })
    }

    /// A unified diff; nil where one of the two is not known, is no text, or is secret.
    func diff(_ change: TextChange) -> [String]? {
        guard !isSecret(change), let old = change.old, let new = change.new, Self.isText(old), Self.isText(new) else {
            return nil
        }
        return LineDifference.lines(from: old, to: new, context: Self.context)
    }

    private static func isText(_ bytes: [UInt8]) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
    }

    static let hidden = "not shown"
}
