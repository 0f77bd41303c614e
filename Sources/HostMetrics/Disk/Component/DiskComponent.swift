package import Base
package import Daemon
import Resilience
import Synchronization
package import Telemetry

/// The `disk` component of `apus run`: samples the file systems on an interval, keeps their series, judges the rules,
/// and reports each sample.
///
/// Two loops: one samples, one posts what the first put into the queue; a receiver that is away never delays a
/// sample. All decisions are in `DiskState`, under one lock that is never held across an `await`. The loops stand in
/// `DiskComponent+Sampling.swift` and `DiskComponent+Reporting.swift`, the reload in `DiskComponent+HandOver.swift`.
package final class DiskComponent: Component {
    package static let definition = ComponentDefinition(
        "disk", "Samples the disk use of this host, reports it and raises alerts.", settings: DiskSettings.self
    ) { settings, context in
        DiskComponent(
            settings, events: context.events, time: context.time, http: context.http, host: context.host)
    }

    let settings: DiskSettings
    let events: EventSink
    let time: any TimeSource
    let host: String
    let sender: ReportSender?
    let readMounts: @Sendable () throws -> MountTable
    let state: Mutex<DiskState>
    let sampler: Mutex<DiskSampler>
    let draining = Latch()
    /// The last report is in the queue: only then may posting come to its end.
    let samplingEnded = Latch()
    /// Tells the posting loop that there is something to look at. One waiting signal stands for any number.
    let wakes: AsyncStream<Void>
    let wake: AsyncStream<Void>.Continuation

    package init(
        _ settings: DiskSettings, events: EventSink, time: any TimeSource, http: any HTTPSender, host: String,
        readMounts: @escaping @Sendable () throws -> MountTable = { try MountTable.read().table }
    ) {
        self.settings = settings
        self.events = events
        self.time = time
        self.host = host
        self.readMounts = readMounts
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
                metrics: DiskMetrics(registry: events.metrics)))
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
}
