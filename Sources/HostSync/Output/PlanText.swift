import Base
import Terminal

/// A host's report as people read it: what differs, with unified diffs of texts. Secrets are taken out here.
package struct PlanText: Sendable {
    /// Lines around a change in a diff.
    private static let context = 3
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
        if let error = report.error, report.items.allSatisfy({ $0.status != .failed }) {
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
        let play = report.play.map { " (\($0))" } ?? ""
        let text = parts.isEmpty ? report.status.rawValue : parts.joined(separator: ", ")
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
        if let text = difference.text { return self.lines(text) }
        let what = shown(difference.what)
        switch (difference.old, difference.new) {
        case (let old?, let new?): return ["      \(what)  \(shown(old)) → \(shown(new))"]
        case (nil, let new?): return ["      \(what)  \(isNew ? "" : "none → ")\(shown(new))"]
        case (let old?, nil): return ["      \(what)  \(shown(old)) → none"]
        case (nil, nil): return ["      \(what)"]
        }
    }

    private func lines(_ change: TextChange) -> [String] {
        if Disclosure(redactor: redactor).isSecret(change) { return ["      content  differs (\(Disclosure.hidden))"] }
        guard showsDiffs, let old = change.old, let new = change.new else { return [summary(change)] }
        guard String(validating: old, as: UTF8.self) != nil, String(validating: new, as: UTF8.self) != nil,
            !old.contains(0), !new.contains(0)
        else { return [summary(change)] }
        var lines = ["      " + paint(change.old?.isEmpty == true ? "content" : "content of \(change.path)", .faint)]
        let diff = LineDifference.lines(from: old, to: new, context: PlanText.context)
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

    private func summary(_ change: TextChange) -> String {
        func side(_ digest: String?, _ size: Int?) -> String {
            guard let digest else { return "none" }
            return "sha256 \(digest.prefix(12))" + (size.map { ", \($0) bytes" } ?? "")
        }
        return "      content  \(side(change.oldDigest, change.oldSize)) → \(side(change.newDigest, change.newSize))"
    }

    private func paintDiff(_ line: String) -> String {
        switch line.first {
        case "+": paint(line, .good)
        case "-": paint(line, .critical)
        case "@": paint(line, .faint)
        default: TerminalText.visible(line)
        }
    }

    private func paint(_ text: String, _ style: TextStyle) -> String {
        style.paint(TerminalText.visible(text), color: color)
    }

    private func shown(_ text: String) -> String { redactor.redacted(text) }
}
