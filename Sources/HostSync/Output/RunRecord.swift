package import Base
import Glibc
import Settings
import Synchronization

/// Keeps a run for later: the journal (`--journal`, JSON lines, appended) and the report (`--report`, HTML).
///
/// A journal holds a `start` line (who, when, which site, which commit of it, digest), a `host` line for each host and play
/// as `ReportJSON` writes it, without what was as declared, and an `end` line. Each line is one write(2), so that runs
/// may share a journal; it is made with mode 0600.
package final class RunRecord: Sendable {
    private struct State {
        var journal: Int32 = -1
        var recap = Recap()
        var reports: [HostReport] = []
        var failure: ApusError?
    }

    private let state: Mutex<State>
    private let json: ReportJSON
    private let site: Site
    private let actor: String
    private let report: String?
    private let started: WallInstant

    /// - Throws: `ApusError` `write-failed`: a journal that cannot be written is told before anything is changed.
    package init(
        journal: String?, report: String?, site: Site, actor: String, plan: Bool, time: any TimeSource = SystemTime()
    ) throws(ApusError) {
        var json = ReportJSON(site: site)
        json.onlyDifferent = true
        self.json = json
        self.site = site
        self.actor = actor
        self.report = report
        started = time.wallNow()
        if let report { try OutputFile.check(report) }
        var state = State()
        if let journal {
            state.journal = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard state.journal >= 0 else { throw Files.failure("write-failed", "cannot open the journal \(journal)") }
            try RunRecord.write(RunRecord.start(site, actor, started, plan), state.journal)
        }
        self.state = Mutex(state)
    }

    deinit {
        let journal = state.withLock { $0.journal }
        if journal >= 0 { close(journal) }
    }

    package func take(_ report: HostReport) {
        let keepsReport = self.report != nil
        let line = json.line(report)
        state.withLock { state in
            state.recap.add(report)
            if keepsReport { state.reports.append(report) }
            guard state.journal >= 0 else { return }
            do throws(ApusError) {
                try RunRecord.write(line, state.journal)
            } catch {
                state.failure = error
            }
        }
    }

    /// - Throws: `ApusError` `write-failed`, also of a line that could not be written earlier.
    package func finish(stopped: String?, time: any TimeSource = SystemTime()) throws {
        let (reports, failure, journal, recap) = state.withLock { ($0.reports, $0.failure, $0.journal, $0.recap) }
        if journal >= 0 {
            var map = RunRecord.object([("event", "end"), ("time", time.wallNow().rfc3339), ("stopped", stopped)])
            var hosts = OrderedMap<Value>()
            for (status, count) in recap.hostCounts { hosts.set(status.rawValue, .integer(count)) }
            map.set("hosts", .map(hosts))
            try RunRecord.write(Value.map(map).json, journal)
            fsync(journal)
        }
        if let report {
            let page = RunReportPage(
                site: site, actor: actor, started: started, reports: reports, recap: recap, stopped: stopped)
            try Files.writeAtomically(Array(page.html.utf8), to: report, mode: 0o600)
        }
        if let failure { throw failure }
    }

    private static func start(_ site: Site, _ actor: String, _ time: WallInstant, _ plan: Bool) -> String {
        var map = object([
            ("event", "start"), ("time", time.rfc3339), ("actor", actor), ("site", site.file), ("digest", site.digest),
            ("commit", GitCommit.of(folder: SiteReader.folder(of: site.file))),
        ])
        map.set("fromPlan", .bool(plan))
        return Value.map(map).json
    }

    private static func object(_ fields: [(String, String?)]) -> OrderedMap<Value> {
        var map = OrderedMap<Value>()
        for (key, value) in fields { if let value { map.set(key, .string(value)) } }
        return map
    }

    private static func write(_ line: String, _ journal: Int32) throws(ApusError) {
        try Files.writeAll(Array((line + "\n").utf8), to: journal, name: "the journal")
    }
}
