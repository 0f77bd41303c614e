package import Base
import SSHTransport
import Synchronization
import Terminal

/// Takes a site to its hosts: play after play, batch after batch, so many hosts at a time.
package struct FleetRun: Sendable {
    package enum Mode: Sendable {
        case plan(wantsText: Bool)
        case apply
        case facts
    }

    package struct Options: Sendable {
        package var mode = Mode.plan(wantsText: true)
        /// `--hosts`: nil is every host of the play.
        package var limit: HostPattern?
        package var tags = TagSelection()
        /// Hosts at a time.
        package var forks = 20
        package var keepsGoing = false
        /// Whether a change tells the texts of files before and after, for a diff.
        package var wantsTexts = false
        package var acceptsNewHostKeys = false
        package var sshConfiguration: String?
        /// Approved fingerprints by `PlanKey`: a host that is not among them, or whose plan is another one, is refused.
        package var approved: [String: String]?
        /// Hosts that are left out: verified by the run that is resumed.
        package var skipped: Set<String> = []
        /// For the lock on the host and for the journal: `anna@laptop`.
        package var actor = "apus"

        package init() {}
    }

    package let site: LoadedSite
    package let options: Options

    package init(site: LoadedSite, options: Options) {
        self.site = site
        self.options = options
    }

    /// One play with its hosts, as it will be run.
    struct Stage: Sendable {
        let play: Play
        let number: Int
        let hosts: [InventoryHost]
        let batches: [Range<Int>]
    }

    /// - Throws: `ApusError` `no-hosts` when a pattern names nothing, `no-such-tag`.
    func stages() throws(ApusError) -> [Stage] {
        try options.tags.check(site.site.plays)
        guard !site.site.inventory.hosts.isEmpty else {
            throw ApusError(
                code: "no-hosts",
                "the site has no hosts: declare some under hosts:, name an inventory, or give -i or --local",
                kind: .usage)
        }
        var stages: [Stage] = []
        var limited: Set<String>?
        if let limit = options.limit {
            limited = Set(try FleetRun.select(limit, site.site.inventory).map(\.name))
        }
        for (number, play) in site.site.plays.enumerated() {
            let place = site.site.plays.count == 1 ? "" : "\(site.site.file): \(play.name ?? "plays[\(number)]"): "
            let hosts = try FleetRun.select(play.hosts, site.site.inventory, place).filter { host in
                limited?.contains(host.name) ?? true && !options.skipped.contains(host.name)
            }
            let batches = Batches.split(hosts.count, play.rollout.serial)
            stages.append(Stage(play: play, number: number, hosts: hosts, batches: batches))
        }
        return stages
    }

    private static func select(
        _ pattern: HostPattern, _ inventory: Inventory, _ place: String = ""
    ) throws(ApusError) -> [InventoryHost] {
        do {
            return try pattern.select(from: inventory)
        } catch {
            throw ApusError(code: "no-hosts", "\(place)\(error)", kind: .usage)
        }
    }

    /// How many hosts are taken part, each once.
    package func hostNames() throws(ApusError) -> [String] {
        var known: Set<String> = []
        return try stages().flatMap(\.hosts).map(\.name).filter { known.insert($0).inserted }
    }

    /// In how many plays each host is.
    package func playCounts() throws(ApusError) -> [String: Int] {
        var counts: [String: Int] = [:]
        for host in try stages().flatMap(\.hosts) { counts[host.name, default: 0] += 1 }
        return counts
    }

    /// Runs to the end, or until a limit of failures or a cancellation stops it.
    ///
    /// - Returns: Why it was stopped; nil when every host had its turn.
    /// - Throws: `ApusError` `no-hosts`.
    package func run(_ observer: any SyncObserver) async throws -> String? {
        let told = ToldHosts(observer)
        let why = try await stopped(told)
        // Where a run was stopped, those whose turn never came are part of what there is to know.
        for stage in why == nil ? [] : try stages() {
            for host in stage.hosts where told.isNew(host.name) {
                var report = HostReport(host: host.name, play: stage.play.name, status: .notStarted)
                report.playNumber = stage.number
                observer.finished(report)
            }
        }
        return why
    }

    private func stopped(_ observer: any SyncObserver) async throws -> String? {
        var failed: Set<String> = []
        for stage in try stages() {
            let hosts = stage.hosts.filter { !failed.contains($0.name) }
            let batches =
                hosts.count == stage.hosts.count ? stage.batches : Batches.split(hosts.count, stage.play.rollout.serial)
            for (number, batch) in batches.enumerated() {
                if Task.isCancelled { return "interrupted" }
                let names = await run(Array(hosts[batch]), stage, observer)
                failed.formUnion(names)
                guard number + 1 < batches.count || !names.isEmpty else { continue }
                if let why = verdict(stage, hosts.count, batch: number, failedHere: names.count, failed: failed.count) {
                    return why
                }
            }
        }
        return Task.isCancelled ? "interrupted" : nil
    }

    private func verdict(_ stage: Stage, _ total: Int, batch: Int, failedHere: Int, failed: Int) -> String? {
        let rollout = stage.play.rollout
        guard failed > 0, case .apply = options.mode else { return nil }
        if rollout.canary, batch == 0, failedHere > 0 {
            return "a host of the first batch failed, and rollout.canary is set"
        }
        if let most = rollout.limit, Double(failed) > most.hosts(of: total) {
            let key = rollout.maxFail == nil ? "maxFailPercent" : "maxFail"
            return "\(failed) of \(Count.of(total, "host")) failed, more than rollout.\(key) (\(most.text)) allows"
        }
        if stage.batches.count > 1, failedHere > 0, rollout.limit == nil, failedHere == batchSize(stage, batch) {
            return "every host of a batch failed"
        }
        return nil
    }

    private func batchSize(_ stage: Stage, _ batch: Int) -> Int {
        stage.batches.indices.contains(batch) ? stage.batches[batch].count : 0
    }

    private func run(_ hosts: [InventoryHost], _ stage: Stage, _ observer: any SyncObserver) async -> Set<String> {
        var failed: Set<String> = []
        await withTaskGroup(of: HostReport.self) { group in
            var rest = hosts[...]
            var running = 0
            while running > 0 || !rest.isEmpty {
                while running < max(1, options.forks), let host = rest.popFirst() {
                    running += 1
                    group.addTask { await self.run(host, stage, observer) }
                }
                guard var report = await group.next() else { break }
                report.playNumber = stage.number
                running -= 1
                if report.isFailure { failed.insert(report.host) }
                observer.finished(report)
            }
        }
        return failed
    }

    private func run(_ host: InventoryHost, _ stage: Stage, _ observer: any SyncObserver) async -> HostReport {
        if Task.isCancelled { return HostReport(host: host.name, play: stage.play.name, status: .interrupted) }
        observer.started(host.name)
        let shell: RemoteShell
        do {
            shell = try HostShell.of(
                host.connection, connectTimeout: site.site.connectTimeout,
                acceptsNewHostKeys: options.acceptsNewHostKeys, configurationFile: options.sshConfiguration,
                redactor: site.site.redactor)
        } catch {
            var report = HostReport(host: host.name, play: stage.play.name, status: .failed)
            report.error = error
            return report
        }
        let run = HostRun(
            host: host, play: stage.play, site: site, mode: mode(host, stage), tags: options.tags,
            keepsGoing: options.keepsGoing, lockOwner: options.actor, shell: shell
        ) { title, done, total in
            observer.stepped(host.name, title: title, done: done, total: total)
        }
        do {
            return try await ConversationThread.run { run.run($0) }
        } catch {
            var report = HostReport(host: host.name, play: stage.play.name, status: .failed)
            report.error = error as? ApusError ?? ApusError(code: "host-failed", "\(error)")
            return report
        }
    }

    private func mode(_ host: InventoryHost, _ stage: Stage) -> HostRun.Mode {
        switch options.mode {
        case .plan(let wantsText): .plan(wantsText: wantsText)
        case .facts: .facts
        case .apply:
            .apply(
                approved: options.approved.map {
                    $0[PlanKey.of(play: stage.number, host: host.name)] ?? HostRun.neverPlanned
                }, wantsText: options.wantsTexts)
        }
    }
}

/// Under which name the plan of one host in one play is kept.
package enum PlanKey {
    package static func of(play: Int, host: String) -> String { "\(play)/\(host)" }
}

/// Is told what happens while it happens; called from many tasks at once.
package protocol SyncObserver: Sendable {
    func started(_ host: String)
    func stepped(_ host: String, title: String, done: Int, total: Int)
    /// Called once a host and play, by one task at a time.
    func finished(_ report: HostReport)
}

/// Passes everything on, and knows which hosts were told of.
private final class ToldHosts: SyncObserver {
    private let observer: any SyncObserver
    private let hosts = Mutex<Set<String>>([])

    init(_ observer: any SyncObserver) { self.observer = observer }

    func started(_ host: String) { observer.started(host) }
    func stepped(_ host: String, title: String, done: Int, total: Int) {
        observer.stepped(host, title: title, done: done, total: total)
    }
    func finished(_ report: HostReport) {
        _ = isNew(report.host)
        observer.finished(report)
    }

    /// True the first time.
    func isNew(_ host: String) -> Bool { hosts.withLock { $0.insert(host).inserted } }
}

/// Cuts hosts into batches.
enum Batches {
    /// The sizes one after the other; the last is repeated. A share is of all hosts, rounded down, at least one.
    static func split(_ count: Int, _ sizes: [BatchSize]) -> [Range<Int>] {
        guard !sizes.isEmpty else { return count == 0 ? [] : [0..<count] }
        var batches: [Range<Int>] = []
        var start = 0
        while start < count {
            let size = sizes[min(batches.count, sizes.count - 1)]
            let end = min(count, start + max(1, Int(size.hosts(of: count))))
            batches.append(start..<end)
            start = end
        }
        return batches
    }
}
