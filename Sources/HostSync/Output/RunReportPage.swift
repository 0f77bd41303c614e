import Base

/// The report of a run as one HTML page: a summary, a row a host, and what was changed on each. It loads nothing from
/// elsewhere, has no script, and follows the reader's light or dark theme. Secrets are taken out.
struct RunReportPage {
    let site: Site
    let actor: String
    let started: WallInstant
    let reports: [HostReport]
    let recap: Recap
    let stopped: String?

    private static let mostDiffLines = 200

    private static let style = """
        :root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --warn: #9a6700; --bad: #cf222e; }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
        .figures { display: flex; flex-wrap: wrap; gap: 1rem; }
        .figures div { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; min-width: 6rem; }
        .figures b { display: block; font-size: 1.6rem; }
        table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
        .changed { color: var(--warn); } .same { color: var(--good); } .failed, .unreachable, .interrupted { color: var(--bad); font-weight: 600; }
        pre { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; padding: .5rem; }
        .bar { display: flex; height: .6rem; border-radius: .3rem; overflow: hidden; background: #8882; margin: 1rem 0; }
        .bar span { display: block; } .faint { opacity: .65; }
        """

    var html: String {
        var page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        page += "<title>apus sync: \(escaped(site.file))</title><style>\(Self.style)</style></head><body>\n"
        page += "<h1>apus sync apply \(escaped(site.file))</h1>\n"
        page +=
            "<p class=\"faint\">\(started.rfc3339) by \(escaped(actor)), declarations \(site.digest.prefix(12))</p>\n"
        if let stopped { page += "<p class=\"failed\">Stopped: \(escaped(stopped))</p>\n" }
        page += figures + table
        for report in reports where report.status != .same { page += section(report) }
        return page + "</body></html>\n"
    }

    private var figures: String {
        let counts: [(String, String, Int)] = [
            ("as declared", "same", count([.same])), ("changed", "changed", count([.changed])),
            ("failed", "failed", count([.failed, .interrupted])), ("unreachable", "unreachable", count([.unreachable])),
            ("not started", "not-started", count([.notStarted])),
        ]
        var text = "<div class=\"figures\">"
        for (word, style, count) in counts { text += "<div class=\"\(style)\"><b>\(count)</b>\(word)</div>" }
        text += "</div>\n<div class=\"bar\" role=\"img\" aria-label=\"share of hosts by state\">"
        let colors = [
            "same": "var(--good)", "changed": "var(--warn)", "failed": "var(--bad)", "unreachable": "var(--bad)",
        ]
        for (_, style, count) in counts where count > 0 {
            text += "<span style=\"flex:\(count);background:\(colors[style] ?? "gray")\"></span>"
        }
        return text + "</div>\n"
    }

    /// Hosts, each once, however many plays it is in.
    private func count(_ statuses: Set<HostReport.Status>) -> Int {
        recap.lines.count { statuses.contains($0.status) }
    }

    private var table: String {
        var text = "<table><thead><tr><th>Host</th><th class=\"n\">As declared</th><th class=\"n\">Changed</th>"
        text += "<th class=\"n\">Failed</th><th class=\"n\">Seconds</th><th>State</th></tr></thead><tbody>\n"
        for line in recap.lines {
            let seconds = (line.duration.inSeconds * 100).rounded() / 100
            text += "<tr><td>\(escaped(line.host))</td><td class=\"n\">\(line.same)</td>"
            text += "<td class=\"n\">\(line.changed)</td><td class=\"n\">\(line.failed)</td>"
            text +=
                "<td class=\"n\">\(seconds)</td><td class=\"\(line.status.rawValue)\">\(line.status.rawValue)</td></tr>\n"
        }
        return text + "</tbody></table>\n"
    }

    private func section(_ report: HostReport) -> String {
        var text =
            "<h2>\(escaped(report.host + (report.play.map { " (\($0))" } ?? ""))) <span class=\"\(report.status.rawValue)\">\(report.status.rawValue)</span></h2>\n"
        if let error = report.error { text += "<p class=\"failed\">\(shown(error.description))</p>\n" }
        for note in report.notes { text += "<p>\(shown(note))</p>\n" }
        text += "<ul>\n"
        for item in report.items where item.status != .same { text += self.item(item) }
        return text + "</ul>\n"
    }

    private func item(_ item: HostReport.Item) -> String {
        let disclosure = Disclosure(redactor: site.redactor)
        let what = item.differences.map { difference in
            let (old, new) = disclosure.values(difference)
            return shown([difference.what, old.map { "\($0) →" }, new].compactMap { $0 }.joined(separator: " "))
        }
        let name = item.name.map { " (\($0))" } ?? ""
        var text = "<li class=\"\(item.status.rawValue)\">\(shown(item.title + name)) "
        text += "<span class=\"faint\">\(what.joined(separator: ", ")) \(shown(item.place))</span>"
        if let message = item.message { text += "<pre>\(shown(message))</pre>" }
        for change in item.differences.compactMap(\.text) {
            guard let diff = disclosure.diff(change) else { continue }
            text += "<details><summary>\(shown(change.path))</summary><pre>"
            text += diff.prefix(Self.mostDiffLines).map(shown).joined(separator: "\n")
            if diff.count > Self.mostDiffLines { text += "\n… \(diff.count - Self.mostDiffLines) more lines" }
            text += "</pre></details>"
        }
        return text + "</li>\n"
    }

    private func shown(_ text: String) -> String { escaped(site.redactor.redacted(text)) }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
