import Base
import Logging
import Telemetry

/// The console: one page that says what runs, since when, with which configuration, and how each component fares. It is
/// whole without script; the script only replaces `<main>` by what the server renders anew.
enum ConsolePage {
    static func render(_ snapshot: DaemonSnapshot, logs: [RecentLogEvent], canReload: Bool) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>apus · \(snapshot.host)</title>
        <link rel="stylesheet" href="console.css">
        <link rel="icon" href="icon.svg" type="image/svg+xml">
        <script src="console.js" defer></script>
        </head>
        <body>
        <header>
        <h1><img src="icon.svg" alt="" width="28" height="28"> apus <span class="host">\(snapshot.host)</span></h1>
        <p id="link" role="status"><noscript>not live: reload the page for new figures</noscript></p>
        \(canReload ? reloadButton : "")
        </header>
        <main id="main">
        \(main(snapshot, logs: logs))
        </main>
        <footer>
        <a href="metrics">metrics</a> <a href="readyz">readiness</a> <a href="healthz">health</a>
        <a href="configuration">configuration</a>
        </footer>
        </body>
        </html>

        """
    }

    private static let reloadButton: HTML =
        #"<form method="post" action="-/reload"><button title="Read the configuration file again">Reload</button></form>"#

    /// What changes: also the payload of each server-sent event.
    static func main(_ snapshot: DaemonSnapshot, logs: [RecentLogEvent]) -> HTML {
        """
        \(overview(snapshot))
        \(HTML.joined(snapshot.components.map { component($0, now: snapshot.now) }))
        \(recentLogs(logs))
        """
    }

    private static func overview(_ snapshot: DaemonSnapshot) -> HTML {
        let reload = snapshot.lastReload
        let verdict: HTML =
            snapshot.isReady ? pill("ready", "ok") : pill(snapshot.isStopping ? "stopping" : "not ready", "critical")
        let loaded: HTML = reload.isSuccess ? pill("ok", "ok") : pill("failed", "critical")
        return """
            <section class="overview" aria-label="Overview">
            <dl>
            <div><dt>State</dt><dd>\(verdict)</dd></div>
            <div><dt>Up for</dt><dd>\(span(snapshot.uptime))</dd></div>
            <div><dt>Version</dt><dd>\(snapshot.version)</dd></div>
            <div><dt>Generation</dt><dd>\(snapshot.generation)</dd></div>
            <div><dt>Last load</dt><dd>\(loaded) \(span(reload.at.distance(to: snapshot.now))) ago</dd></div>
            <div class="wide"><dt>Configuration</dt>
            <dd><code>\(snapshot.configurationFile)</code> <code class="hash">\(snapshot.configurationHash)</code></dd></div>
            </dl>
            \(snapshot.rolledBack.map { rolledBack($0, file: snapshot.configurationFile, now: snapshot.now) } ?? "")
            \(complaints(reload, "The file was not taken over; what ran before it still runs."))
            \(snapshot.failedRollback.map { complaints($0, "A rollback was asked for and could not be made; what ran still runs.") } ?? "")
            </section>
            """
    }

    private static func rolledBack(_ rolledBack: RolledBack, file: String, now: WallInstant) -> HTML {
        """
        <div class="complaints" role="alert"><p>The file on disk is not what runs: rolled back \
        \(span(rolledBack.at.distance(to: now))) ago.</p>
        <ul><li>\(rolledBack.reason.text)</li>
        <li>Rejected: <code class="hash">\(rolledBack.rejectedHash)</code>; \
        change <code>\(file)</code> and reload.</li></ul></div>
        """
    }

    private static func complaints(_ reload: ReloadRecord, _ verdict: HTML) -> HTML {
        guard !reload.isSuccess else { return "" }
        let lines = HTML.joined(reload.complaints.prefix(20).map { "<li><code>\($0)</code></li>" })
        return """
            <div class="complaints" role="alert"><p>\(verdict)</p>
            <ul>\(lines)</ul></div>
            """
    }

    private static func component(_ entry: DaemonSnapshot.ComponentEntry, now: WallInstant) -> HTML {
        let status = entry.status
        let figures = HTML.joined(
            status.figures.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" })
        let restarts: HTML = entry.restarts > 0 ? " · restarted \(entry.restarts)×" : ""
        return """
            <section class="component" aria-label="\(entry.name)">
            <h2>\(entry.name) \(pill(status.state.rawValue, level(status.state)))
            <small>for \(span(entry.startedAt.distance(to: now)))\(restarts)</small></h2>
            \(status.reason.map { "<p class=\"reason\">\($0)</p>" as HTML } ?? "")
            <dl>\(figures)</dl>
            \(status.bars.isEmpty ? "" : bars(status.bars))
            </section>
            """
    }

    private static func bars(_ bars: [ComponentStatus.Bar]) -> HTML {
        let rows = HTML.joined(bars.map(bar))
        return "<ul class=\"bars\">\(rows)</ul>"
    }

    /// An SVG of our own size attributes: the content security policy forbids inline styles.
    private static func bar(_ bar: ComponentStatus.Bar) -> HTML {
        let percent = bar.ratio.map { Int(($0 * 100).rounded()) }
        let filled: HTML =
            percent.map { "<rect class=\"\(bar.level.rawValue)\" width=\"\($0)%\" height=\"100%\"/>" } ?? ""
        return """
            <li><span class="label">\(bar.label)</span>
            <svg role="img" aria-label="\(percent.map { "\($0) percent" } ?? "not known")" width="100%" height="12">\
            <rect class="track" width="100%" height="100%"/>\(filled)</svg>
            <span class="text \(bar.level.rawValue)">\(bar.text)</span></li>
            """
    }

    private static func recentLogs(_ logs: [RecentLogEvent]) -> HTML {
        guard !logs.isEmpty else { return "" }
        let rows = HTML.joined(
            logs.suffix(30).reversed().map { record in
                """
                <tr class="\(record.level.rawValue)"><td><time>\(record.time.rfc3339)</time></td><td>\(record.level.rawValue)</td>\
                <td>\(record.label)</td><td>\(record.message) <span class="fields">\(record.fields)</span></td></tr>
                """ as HTML
            })
        return """
            <section class="logs" aria-label="Recent events"><h2>Recent events</h2>
            <div class="scroll"><table><thead><tr><th>Time</th><th>Level</th><th>Part</th><th>Event</th></tr></thead>
            <tbody>\(rows)</tbody></table></div></section>
            """
    }

    private static func pill(_ text: String, _ level: String) -> HTML { "<span class=\"pill \(level)\">\(text)</span>" }

    private static func level(_ state: ComponentStatus.State) -> String {
        switch state {
        case .running: "ok"
        case .starting, .degraded, .draining: "warning"
        case .failed, .stopped: "critical"
        }
    }

    /// A length of time in its two largest units: `3d 4h`, `12m 5s`, `8s`.
    static func span(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let parts: [(Int64, String)] = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
        ]
        guard let first = parts.firstIndex(where: { $0.0 > 0 }) else { return "0s" }
        return parts[first..<min(first + 2, parts.count)].map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }
}

extension WallInstant {
    fileprivate func distance(to other: WallInstant) -> Duration {
        .nanoseconds(other.nanosecondsSince1970.subtractingClamped(nanosecondsSince1970))
    }
}
