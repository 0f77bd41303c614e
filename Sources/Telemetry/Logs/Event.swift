package import Logging

/// Where events go: a logger and the registry.
package struct EventSink: Sendable {
    package var logger: Logger
    package let metrics: MetricsRegistry

    package init(logger: Logger, metrics: MetricsRegistry) {
        self.logger = logger
        self.metrics = metrics
    }
}

/// Something worth telling: one type, whose one `emit(to:)` makes both the log line and the metric, so that the two cannot
/// disagree and a reader finds all that the program says by searching for `: Event`.
///
/// ```swift
/// struct DiskSampleFailed: Event {
///     static let message = "disk sample failed"
///     static let counter: EventCounter? = EventCounter(
///         "apus_disk_sample_failures_total", help: "Samples that failed.", labels: ["mount"])
///     let mount: String
///     let error: (any Error)?
///     var level: Logger.Level { .warning }
///     var labels: [String] { [mount] }
///     var fields: Logger.Metadata { ["mount": "\(mount)"] }
/// }
///
/// DiskSampleFailed(mount: "/srv", error: error).emit(to: sink)
/// ```
/// The message is constant and searchable; everything that varies is a field. The metric moves even where the level is
/// off. An `emit` finds its series by name, under a lock and with some allocations: it is for events that are worth a log
/// line; the hot path of a proxy keeps a `Counter` of its own.
package protocol Event: Sendable {
    static var message: String { get }
    /// What counts these events; nil where a log line is enough.
    static var counter: EventCounter? { get }
    var level: Logger.Level { get }
    /// The values for `counter`'s labels, in their order.
    var labels: [String] { get }
    var fields: Logger.Metadata { get }
    /// Becomes the field `error`.
    var error: (any Error)? { get }
    /// Moves the metrics. The default counts one on `counter`; an event that sets gauges or observes a duration has its
    /// own (and counts there, if it has a counter too).
    func record(in metrics: MetricsRegistry)
}

/// The words of an event's counter.
package struct EventCounter: Sendable {
    package let name: String
    package let help: String
    package let labels: [String]

    package init(_ name: String, help: String, labels: [String] = []) {
        self.name = name
        self.help = help
        self.labels = labels
    }
}

extension Event {
    package static var counter: EventCounter? { nil }
    package var level: Logger.Level { .info }
    package var labels: [String] { [] }
    package var fields: Logger.Metadata { [:] }
    package var error: (any Error)? { nil }

    package func record(in metrics: MetricsRegistry) {
        guard let counter = Self.counter else { return }
        metrics.counter(counter.name, help: counter.help, labels: counter.labels).with(values: labels).increment()
    }

    /// Moves the metrics and writes the line.
    package func emit(to sink: EventSink) {
        record(in: sink.metrics)
        sink.logger.log(level: level, "\(Self.message)", error: error, metadata: fields)
    }
}
