package import Base
package import Daemon
import Settings
import Synchronization
package import Telemetry

/// The `sync` component of `apus run`: holds the hosts against the site on an interval, tells what has drifted as metrics
/// and log lines, and, where it is told to, brings them back.
package final class SyncComponent: Component {
    package static let definition = ComponentDefinition(
        "sync", "Checks hosts against a site file on an interval, and tells what has drifted.",
        settings: SyncSettings.self
    ) { settings, context in
        SyncComponent(settings, events: context.events, time: context.time)
    }

    private struct State {
        var check: DriftCheck?
        var error: String?
        var metrics: DriftMetrics
        var isDraining = false
    }

    private let settings: SyncSettings
    private let events: EventSink
    private let time: any TimeSource
    private let draining = Latch()
    private let state: Mutex<State>

    package init(_ settings: SyncSettings, events: EventSink, time: any TimeSource) {
        self.settings = settings
        self.events = events
        self.time = time
        state = Mutex(State(metrics: DriftMetrics(registry: events.metrics)))
    }

    package var status: ComponentStatus {
        state.withLock { state in
            guard let check = state.check else {
                return state.error.map { ComponentStatus(.degraded, reason: $0) } ?? ComponentStatus(.starting)
            }
            let figures = [
                ComponentStatus.Figure("hosts", "\(check.hosts.count)"),
                ComponentStatus.Figure("as declared", "\(check.count(.same))"),
                ComponentStatus.Figure("drifted", "\(check.count(.changed))"),
                ComponentStatus.Figure("failed or unreachable", "\(check.failedCount)"),
            ]
            if let error = state.error { return ComponentStatus(.degraded, reason: error, figures: figures) }
            let reason = check.failedCount > 0 ? "\(check.failedCount) hosts could not be checked" : nil
            return ComponentStatus(reason == nil ? .running : .degraded, reason: reason, figures: figures)
        }
    }

    package func run() async throws {
        defer { state.withLock { $0.metrics.removeAll() } }
        var next = time.now()
        while !draining.isOpen {
            try await checkUnlessDrained()
            if draining.isOpen { return }
            // A check that took longer than the interval skips the ticks that it missed.
            repeat { next = next.advanced(by: settings.interval) } while next <= time.now()
            if try await time.sleep(until: next, orOpen: draining) { return }
        }
    }

    package func drain() { draining.open() }

    /// A drain ends a check at once: nothing is half done by it when it only looks, and a change stops between two
    /// resources.
    private func checkUnlessDrained() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.check()
                return true
            }
            group.addTask {
                try await self.draining.wait()
                return false
            }
            _ = try await group.next()
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }

    private func check() async {
        let start = time.now()
        do {
            var options = SiteReader.Options()
            options.identityFile = settings.identityFile
            options.isLocal = settings.isLocal
            let loaded = try SiteReader.read(settings.site, options: options)
            var fleet = FleetRun.Options()
            fleet.mode = settings.action == .apply ? .apply : .plan(wantsText: false)
            fleet.forks = settings.forks
            fleet.limit =
                try settings.isLocal
                ? HostPattern(parsing: "localhost") : settings.hosts.map { try HostPattern(parsing: $0) }
            fleet.actor = "apus run@\(HostName.current())"
            let collector = DriftCollector()
            _ = try await FleetRun(site: loaded, options: fleet).run(collector)
            if draining.isOpen { return }
            take(collector.check, start: start)
        } catch {
            let text =
                (error as? SiteRefused).map { $0.complaints.map(\.description).joined(separator: "; ") } ?? "\(error)"
            state.withLock { $0.error = "the site cannot be read: \(text)" }
            DriftCheckFailed(reason: text).emit(to: events)
        }
    }

    private func take(_ check: DriftCheck, start: MonotonicInstant) {
        let before = state.withLock { state in
            let before = state.check
            state.metrics.record(check, duration: start.duration(to: time.now()), now: time.wallNow())
            state.check = check
            state.error = nil
            return before
        }
        for event in check.changes(since: before) { event.emit(to: events) }
    }
}
