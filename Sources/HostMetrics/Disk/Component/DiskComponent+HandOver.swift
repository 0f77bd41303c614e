package import Base
package import Daemon
import Resilience
import Synchronization
import Telemetry

/// What survives a reload: the alerts and their clocks, the unsent reports with the breaker, the series, and the
/// sampler, in whose book the hung probes stand.
struct DiskHandOver: Sendable {
    let sampler: DiskSampler
    let alerts: AlertBook
    let pendingChanges: [AlertChange]
    let reports: Reporter.Remainder?
    let metrics: DiskMetrics
    let failing: [MountIdentity: String]
    let samples: [MountSample]
    let lastSampleAt: WallInstant?
    let sentReports: Int
    let droppedReports: Int
}

extension DiskComponent {
    package func handOver() async -> HandOver? {
        let kept = sampler.withLock { $0 }
        return state.withLock { state in
            state.isHandedOver = true
            return DiskHandOver(
                sampler: kept, alerts: state.alerts, pendingChanges: state.pendingChanges,
                reports: state.reporter?.handOver(), metrics: state.metrics, failing: state.failing,
                samples: state.samples, lastSampleAt: state.lastSampleAt, sentReports: state.sentReports,
                droppedReports: state.droppedReports)
        }
    }

    package func adopt(_ handOver: HandOver) async {
        guard let kept = handOver as? DiskHandOver else { return }
        sampler.withLock { $0 = kept.sampler }
        let now = time.now()
        let (changes, notes) = state.withLock { state in
            state.alerts = kept.alerts
            let changes = state.alerts.replaceRules(settings.rules.map(\.rule))
            state.pendingChanges = kept.pendingChanges + changes
            state.metrics = kept.metrics
            state.failing = kept.failing
            state.samples = kept.samples
            state.lastSampleAt = kept.lastSampleAt
            state.sentReports += kept.sentReports
            state.droppedReports += kept.droppedReports
            let notes = kept.reports.flatMap { state.reporter?.adopt($0, now: now) } ?? []
            state.count(notes)
            return (changes, notes)
        }
        for change in changes { DiskAlertChanged(change: change).emit(to: events) }
        emit(notes, detail: "")
        for returned in kept.reports?.returns ?? [] { returned.whenBack { [wake] in wake.yield() } }
        wake.yield()
    }

    /// The series go with the component, unless a successor has them. Reports are still there only after a
    /// cancellation.
    func finish() {
        let (isLast, notes) = state.withLock { state in
            if !state.isHandedOver { state.metrics.removeAll() }
            let notes = state.reporter?.giveUpAll() ?? []
            state.count(notes)
            return (!state.isHandedOver, notes)
        }
        emit(notes, detail: "stopped before the receiver answered")
        if isLast { sampler.withLock { $0.abandon() } }
    }
}
