package import Base
package import Daemon
package import Logging
import Resilience
import Synchronization
package import Telemetry

/// The `disk` component of `apus run`: samples the file systems on an interval, keeps their series, judges the rules, and
/// reports each sample.
///
/// Two loops: one samples, one posts what the first put into the queue; a receiver that is away never delays a sample. All
/// decisions are in `DiskState`, under one lock that is never held across an `await`.
package final class DiskComponent: Component {
    package static let definition = ComponentDefinition(
        "disk", "Samples the disk use of this host, reports it and raises alerts.", settings: DiskSettings.self
    ) { settings, context in
        DiskComponent(
            settings, logger: context.logger, metrics: context.metrics, time: context.time, http: context.http,
            host: context.host)
    }

    private let settings: DiskSettings
    private let events: EventSink
    private let time: any TimeSource
    private let host: String
    private let sender: ReportSender?
    private let readMounts: @Sendable () throws -> MountTable
    private let state: Mutex<DiskState>
    private let sampler: Mutex<DiskSampler>
    private let draining = Latch()
    /// The last report is in the queue: only then may posting come to its end.
    private let samplingEnded = Latch()
    /// Tells the posting loop that there is something to look at. One waiting signal stands for any number.
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    package init(
        _ settings: DiskSettings, logger: Logger, metrics: MetricsRegistry, time: any TimeSource, http: any HTTPSender,
        host: String, readMounts: @escaping @Sendable () throws -> MountTable = { try MountTable.read().table }
    ) {
        self.settings = settings
        self.time = time
        self.host = host
        self.readMounts = readMounts
        events = EventSink(logger: logger, metrics: metrics)
        sender = ReportSender(settings.report, http: http, time: time)
        (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        sampler = Mutex(DiskSampler(time: time))
        let reporter = settings.report.map {
            Reporter(
                retry: $0.retry.policy, breaker: $0.circuitBreaker.policy, maxItems: $0.queue.items,
                maxBytes: Int($0.queue.bytes.bytes), now: time.now())
        }
        state = Mutex(
            DiskState(
                alerts: AlertBook(rules: settings.rules.map(\.rule)), reporter: reporter,
                metrics: DiskMetrics(registry: metrics)))
    }

    package var status: ComponentStatus {
        let outstanding = sampler.withLock { $0.outstanding }
        return state.withLock { $0.status(outstanding: outstanding) }
    }

    package func run() async throws {
        defer { finish() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.sampleUntilDrained() }
            group.addTask { try await self.postUntilDrained() }
            try await group.waitForAll()
        }
    }

    package func drain() {
        draining.open()
    }

    // MARK: Reload

    package func handOver() async -> HandOver? {
        let kept = sampler.withLock { $0 }
        return state.withLock { state in
            state.isHandedOver = true
            return DiskHandOver(
                sampler: kept, alerts: state.alerts, pendingChanges: state.pendingChanges,
                reports: state.reporter?.handOver(), metrics: state.metrics, failing: state.failing,
                samples: state.samples)
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
            let notes = kept.reports.flatMap { state.reporter?.adopt($0, now: now) } ?? []
            state.count(notes)
            return (changes, notes)
        }
        for change in changes { DiskAlertChanged(change: change).emit(to: events) }
        emit(notes, detail: "")
        wake.yield()
    }

    /// The series go with the component, unless a successor has them. Reports are still there only after a cancellation.
    private func finish() {
        let (isLast, notes) = state.withLock { state in
            if !state.isHandedOver { state.metrics.removeAll() }
            let notes = state.reporter?.giveUpAll() ?? []
            state.count(notes)
            return (!state.isHandedOver, notes)
        }
        emit(notes, detail: "stopped before the receiver answered")
        if isLast { sampler.withLock { $0.abandon() } }
    }

    // MARK: Sampling

    private func sampleUntilDrained() async throws {
        defer {
            samplingEnded.open()
            wake.yield()
        }
        var next = time.now()
        while !draining.isOpen {
            await sampleOnce()
            try Task.checkCancellation()
            // A sample that took longer than the interval skips the ticks that it missed.
            repeat { next = next.advanced(by: settings.interval) } while next <= time.now()
            if try await time.sleep(until: next, orOpen: draining) { return }
        }
    }

    private func sampleOnce() async {
        let table: MountTable
        do {
            table = try readMounts()
        } catch {
            MountTableUnreadable(error: error).emit(to: events)
            return
        }
        let mounts = MountSelection().mounts(of: table).filter(settings.includes)
        let samples = await sampleWithRetries(mounts, of: table).filter(DiskComponent.isKept)
        guard !Task.isCancelled else { return }
        let (now, wallNow) = (time.now(), time.wallNow())
        let findings = state.withLock { $0.take(samples, host: host, now: now, wallNow: wallNow) }
        DiskSampleErrors.count(samples, in: events.metrics)
        for (mount, error) in findings.failed { DiskSampleFailed(mount: mount, reason: error).emit(to: events) }
        for mount in findings.recovered { DiskSampleRecovered(mount: mount).emit(to: events) }
        for change in findings.alerts { DiskAlertChanged(change: change).emit(to: events) }
        emit(findings.notes, detail: "the queue is full")
        wake.yield()
    }

    /// Asks again those whose file system answered with an error, until the policy or the interval is at its end. A mount
    /// that hangs is not asked again: its first question is still open.
    private func sampleWithRetries(_ mounts: [Mount], of table: MountTable) async -> [MountSample] {
        let sampler = sampler.withLock { $0 }
        let start = time.now()
        let deadline = Deadline(after: settings.interval, from: start)
        var samples = await sampler.sample(mounts, of: table, timeout: settings.timeout)
        var retry = RetryState(policy: settings.retry.policy, startedAt: start)
        while true {
            let failed = samples.indices.filter { samples[$0].error?.mayPass == true }
            guard !failed.isEmpty, !draining.isOpen,
                case .retry(let delay) = retry.afterFailure(now: time.now(), deadline: deadline),
                (try? await time.sleep(until: time.now().advanced(by: delay), orOpen: draining)) == false
            else { return samples }
            let again = await sampler.sample(failed.map { samples[$0].mount }, of: table, timeout: settings.timeout)
            for (index, sample) in zip(failed, again) { samples[index] = sample }
        }
    }

    /// File systems without blocks hold nothing; one that is gone since the table was read is no error.
    private static func isKept(_ sample: MountSample) -> Bool {
        if sample.error == .system(SampleError.notFound) { return false }
        return sample.figures.map { $0.blocks > 0 } ?? (sample.outcome != .skipped)
    }

    // MARK: Reporting

    private func postUntilDrained() async throws {
        guard let sender else { return }
        var signals = wakes.makeAsyncIterator()
        while true {
            try Task.checkCancellation()
            let isDraining = samplingEnded.isOpen
            let now = time.now()
            let (action, notes) = state.withLock { state in
                if isDraining { state.reporter?.drain() }
                let step = state.reporter?.next(now: now) ?? (.finished, [])
                state.count(step.notes)
                return step
            }
            emit(notes, detail: "the receiver is away")
            switch action {
            case .finished: return
            case .idle: _ = await signals.next()
            case .wait(let until): _ = try await time.sleep(until: until, orOpen: samplingEnded)
            case .send(let report): await post(report, with: sender)
            }
        }
    }

    private func post(_ report: Report, with sender: ReportSender) async {
        let result = await sender.send(report)
        let now = time.now()
        let notes = state.withLock { state in
            let notes = state.reporter?.answered(result.answer, now: now) ?? []
            state.count(notes)
            return notes
        }
        emit(notes, detail: result.failure ?? "")
    }

    private func emit(_ notes: [Reporter.Note], detail: String) {
        for note in notes {
            switch note {
            case .sent: DiskReportSent().emit(to: events)
            case .retrying(let attempt, let delay):
                DiskReportRetried(attempt: attempt, delay: delay, reason: detail).emit(to: events)
            case .dropped(let reason, let count):
                DiskReportDropped(reason: reason, count: count, detail: detail).emit(to: events)
            case .breaker(let from, let to): ReportBreakerChanged(from: from, to: to).emit(to: events)
            }
        }
    }
}
