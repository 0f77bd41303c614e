import Base
import Terminal

/// A host's report as people read it: what differs, with unified diffs of texts. Secrets are taken out here.
package struct PlanText: Sendable {
    private static let mostDiffLines = 200

    package var color: Bool
    /// Show what is as declared, too.
    package var showsAll = false
    /// Show the texts of files; otherwise only that they differ.
    package var showsDiffs = true
    /// Whether it tells of what was done, not of what would be.
    package var isDone = false
    let redactor: Redactor

    package init(site: Site, color: Bool) {
        self.color = color
        redactor = site.redactor
    }

    package func lines(_ report: HostReport) -> [String] {
        var lines = [heading(report)]
        for item in report.items where showsAll || item.status != .same { lines += self.lines(item) }
        for note in report.notes { lines.append("  " + paint("note: \(shown(note))", .warning)) }
        if let error = report.error, error.code != "cancelled",
            error.code != "resource-failed" || report.items.allSatisfy({ $0.status != .failed })
        {
            for line in shown(error.description).split(separator: "\n") {
                lines.append("  " + TextStyle.critical.paint(TerminalText.visible(String(line)), color: color))
            }
        }
        return lines
    }

    private func heading(_ report: HostReport) -> String {
        var parts: [String] = []
        for (status, word) in [
            (HostReport.ItemStatus.changed, isDone ? "changed" : "to change"), (.deferred, "to decide later"),
            (.failed, "failed"),
            (.skipped, "skipped"), (.notRun, "not reached"), (.same, "as declared"),
        ] {
            let count = report.count(status)
            if count > 0 { parts.append("\(count) \(word)") }
        }
        for (status, word) in [(HostReport.ItemStatus.changed, isDone ? "run" : "to run"), (.failed, "failed")] {
            let count = report.handlers(status)
            if count > 0 { parts.append("\(Count.of(count, "handler")) \(word)") }
        }
        let play = report.play.map { " (\($0))" } ?? ""
        let nothing = report.status == .same ? "nothing selected" : report.status.rawValue
        let text = parts.isEmpty ? nothing : parts.joined(separator: ", ")
        return TextStyle.heading.paint(TerminalText.visible(report.host + play), color: color) + "  \(text)"
    }

    private func lines(_ item: HostReport.Item) -> [String] {
        let (mark, style) = mark(item)
        let place = item.place.isEmpty ? "" : "  " + paint(item.place, .faint)
        let name = item.name.map { " (\($0))" } ?? ""
        var lines = ["  " + paint("\(mark) \(shown(item.title + name))", style) + place]
        if let message = item.message {
            for line in shown(message).split(separator: "\n").prefix(20) {
                lines.append("      " + paint(String(line), style))
            }
        }
        for difference in item.differences { lines += self.lines(difference, isNew: isNew(item)) }
        return lines
    }

    private func isNew(_ item: HostReport.Item) -> Bool {
        !item.differences.isEmpty && item.differences.allSatisfy { $0.old == nil }
    }

    private func mark(_ item: HostReport.Item) -> (String, TextStyle) {
        switch item.status {
        case .same: ("=", .faint)
        case .changed where item.isHandler: (">", .warning)
        case .changed: isNew(item) ? ("+", .good) : ("~", .warning)
        case .deferred: ("?", .warning)
        case .failed: ("!", .critical)
        case .skipped, .notRun: ("-", .faint)
        }
    }

    private func lines(_ difference: Difference, isNew: Bool) -> [String] {
        let what = shown(difference.what)
        if let text = difference.text { return self.lines(text, what) }
        switch (difference.old, difference.new) {
        case (let old?, let new?): return ["      \(what)  \(shown(old)) → \(shown(new))"]
        case (nil, let new?): return ["      \(what)  \(isNew ? "" : "none → ")\(shown(new))"]
        case (let old?, nil): return ["      \(what)  \(shown(old)) → none"]
        case (nil, nil): return ["      \(what)"]
        }
    }

    private func lines(_ change: TextChange, _ what: String) -> [String] {
        if Disclosure(redactor: redactor).isSecret(change) { return ["      \(what)  differs (\(Disclosure.hidden))"] }
        guard showsDiffs, let old = change.old, let new = change.new,
            let diff = Disclosure(redactor: redactor).diff(change)
        else { return [summary(change, what)] }
        var lines = ["      " + paint(what == "content" && !old.isEmpty ? "content of \(change.path)" : what, .faint)]
        for line in diff.prefix(PlanText.mostDiffLines) { lines.append("      " + paintDiff(line)) }
        if diff.count > PlanText.mostDiffLines {
            lines.append("      … \(diff.count - PlanText.mostDiffLines) more lines")
        }
        if old.isEmpty || new.isEmpty { return lines }
        if (old.last == 0x0A) != (new.last == 0x0A) {
            lines.append("      " + paint("(only one of them ends with a newline)", .faint))
        }
        return lines
    }

    private func summary(_ change: TextChange, _ what: String) -> String {
        func side(_ digest: String?, _ size: Int?, _ bytes: [UInt8]?) -> String {
            let known = bytes.flatMap { $0.isEmpty ? nil : ContentDigest.of($0) }
            guard let digest = digest ?? known else { return "none" }
            return "sha256 \(digest.prefix(12))" + (size.map { ", \($0) bytes" } ?? "")
        }
        let (old, new) = (
            side(change.oldDigest, change.oldSize, change.old), side(change.newDigest, change.newSize, change.new)
        )
        return old == new ? "      \(what)" : "      \(what)  \(old) → \(new)"
    }

    private func paintDiff(_ line: String) -> String {
        switch line.first {
        case "+": paint(line, .good)
        case "-": paint(line, .critical)
        case "@": paint(line, .faint)
        default: visible(line)
        }
    }

    private func paint(_ text: String, _ style: TextStyle) -> String {
        style.paint(visible(text), color: color)
    }

    /// Tabs stay: texts of files are full of them.
    private func visible(_ text: String) -> String {
        text.split(separator: "\t", omittingEmptySubsequences: false).map { TerminalText.visible(String($0)) }
            .joined(separator: "\t")
    }

    private func shown(_ text: String) -> String { redactor.redacted(text) }
}
