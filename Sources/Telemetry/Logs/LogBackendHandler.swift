import Logging
import Synchronization

/// The level of all loggers with one label, shared so that it can change under them.
final class LogLevelCell: Sendable {
    private let index: Atomic<Int>

    init(_ level: Logger.Level) { index = Atomic(LogLevelCell.index(level)) }

    var level: Logger.Level { Logger.Level.allCases[index.load(ordering: .relaxed)] }

    func set(_ level: Logger.Level) { index.store(LogLevelCell.index(level), ordering: .relaxed) }

    static func index(_ level: Logger.Level) -> Int {
        switch level {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }
}

/// What a `Logger` holds: a label, its own metadata, and the way to the back end.
struct LogBackendHandler: LogHandler {
    let label: String
    let backend: LogBackend
    let cell: LogLevelCell
    var metadataProvider: Logger.MetadataProvider?
    var metadata: Logger.Metadata = [:]
    /// Set when somebody gave this one logger a level of its own, which then no configuration changes.
    private var ownLevel: Logger.Level?

    init(label: String, backend: LogBackend, cell: LogLevelCell, metadataProvider: Logger.MetadataProvider?) {
        self.label = label
        self.backend = backend
        self.cell = cell
        self.metadataProvider = metadataProvider
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? cell.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// The nearest wins: what the statement says, then the provider, then the logger. The provider's `trace_id` and
    /// `span_id` are an exception that nothing overwrites.
    func log(event: LogEvent) {
        var fields = metadata
        let provided = metadataProvider?.get() ?? [:]
        fields.merge(provided) { _, new in new }
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        for key in ["trace_id", "span_id"] {
            if let value = provided[key] { fields[key] = value }
        }
        if let error = event.error, fields["error"] == nil { fields["error"] = .string(String(describing: error)) }
        backend.write(level: event.level, label: label, message: event.message.description, metadata: fields)
    }
}

/// The back end's own metrics, with their series made in advance.
struct LogCounters: Sendable {
    let dropped: Counter
    private let byLevel: [Counter]

    init(_ metrics: MetricsRegistry) {
        let events = metrics.counter("apus_log_events_total", help: "Log events by level.", labels: ["level"])
        byLevel = Logger.Level.allCases.map { events.with($0.rawValue) }
        dropped = metrics.counter(
            "apus_log_lines_dropped_total", help: "Log lines lost because standard error is full, closed or broken."
        ).with()
    }

    func countEvent(_ level: Logger.Level) { byLevel[LogLevelCell.index(level)].increment() }
}
