import Base
import Synchronization
import Telemetry

/// Tells the daemon's log and metrics. Failures that come again and again are told once a minute.
final class ArchiveTelemetry: ArchiveObserver {
    private let events: EventSink
    private let uploads: HistogramFamily
    private let plain: CounterFamily
    private let stored: CounterFamily
    private let backlogBytes: GaugeFamily
    private let backlogGenerations: GaugeFamily
    private let oldest: GaugeFamily
    private let logs: GaugeFamily
    private let rulesValid: GaugeFamily

    init(_ events: EventSink) {
        self.events = events
        let registry = events.metrics
        uploads = registry.histogram(
            "apus_logsync_store_seconds", help: "From the first byte read to the store's word, by generation.",
            labels: ["rule"], unit: "seconds", buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000])
        plain = registry.counter(
            "apus_logsync_plain_bytes_total", help: "Bytes of logs that the store has, before compression.",
            labels: ["rule"])
        stored = registry.counter(
            "apus_logsync_stored_bytes_total", help: "Bytes that the store has for them.", labels: ["rule"])
        backlogBytes = registry.gauge(
            "apus_logsync_backlog_bytes", help: "Bytes that wait on this host for their upload.", labels: ["rule"],
            unit: "bytes")
        backlogGenerations = registry.gauge(
            "apus_logsync_backlog_generations", help: "Generations that wait for their upload.", labels: ["rule"])
        oldest = registry.gauge(
            "apus_logsync_oldest_unconfirmed_seconds", help: "Age of the oldest of them; 0 where none waits.",
            labels: ["rule"], unit: "seconds")
        rulesValid = registry.gauge(
            "apus_logsync_rules_valid",
            help: "1 where the rules in the folder are those at work, 0 where they do not read.")
        logs = registry.gauge("apus_logsync_logs", help: "Logs that the rule names now.", labels: ["rule"])
    }

    func tell(_ event: any Event) {
        if let stored = event as? GenerationStored {
            uploads.with(values: [stored.rule]).observe(stored.duration.inSeconds)
            plain.with(values: [stored.rule]).increment(by: Double(stored.bytes))
            self.stored.with(values: [stored.rule]).increment(by: Double(stored.storedBytes))
        }
        event.emit(to: events)
    }

    func progress(_ generation: Generation, step: String, done: Int64, of total: Int64) {}

    func record(_ rule: Rule, _ backlog: Backlog, logs count: Int, now: WallInstant) {
        backlogBytes.with(values: [rule.name]).set(Double(backlog.bytes))
        backlogGenerations.with(values: [rule.name]).set(Double(backlog.generations))
        oldest.with(values: [rule.name]).set(backlog.age(now).inSeconds)
        logs.with(values: [rule.name]).set(Double(count))
    }

    func record(rulesAreValid: Bool) {
        rulesValid.with(values: []).set(rulesAreValid ? 1 : 0)
    }

    func forget(_ rule: String) {
        for family in [backlogBytes, backlogGenerations, oldest, logs] { family.remove(values: [rule]) }
    }
}
