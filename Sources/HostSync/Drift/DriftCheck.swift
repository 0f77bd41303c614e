import Base
import Settings
import Synchronization

/// The outcome of one check of all hosts.
struct DriftCheck: Sendable, Equatable {
    struct Host: Sendable, Equatable {
        var status: HostReport.Status
        var same = 0
        var drifted = 0
        var failed = 0
        var titles: [String] = []
        var error: String?
    }

    private(set) var hosts: [String: Host] = [:]

    mutating func add(_ report: HostReport) {
        var host = hosts[report.host] ?? Host(status: .same)
        host.same += report.count(.same)
        host.drifted += report.count(.changed) + report.count(.deferred)
        host.failed += report.count(.failed)
        host.titles += report.items.filter { $0.status == .changed || $0.status == .deferred }.map(\.title)
        if report.status != .same { host.status = report.status }
        host.error = host.error ?? report.error?.description
        hosts[report.host] = host
    }

    func count(_ status: HostReport.Status) -> Int { hosts.values.count { $0.status == status } }
    var failedCount: Int { hosts.values.count { $0.status != .same && $0.status != .changed } }

    /// What is worth a line: hosts that differ now in another way than before.
    func changes(since before: DriftCheck?) -> [DriftChanged] {
        hosts.sorted { $0.key < $1.key }.compactMap { name, host in
            let old = before?.hosts[name]
            guard old?.status != host.status || old?.titles != host.titles else { return nil }
            if old == nil, host.status == .same { return nil }
            return DriftChanged(host: name, state: host)
        }
    }
}

/// Gathers the reports of one check.
final class DriftCollector: SyncObserver {
    private let state = Mutex(DriftCheck())

    var check: DriftCheck { state.withLock { $0 } }

    func started(_ host: String) {}
    func stepped(_ host: String, title: String, done: Int, total: Int) {}
    func finished(_ report: HostReport) { state.withLock { $0.add(report) } }
}
