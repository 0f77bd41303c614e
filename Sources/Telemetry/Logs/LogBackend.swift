package import Base
package import Logging
import Synchronization

/// The back end of swift-log: one per process, made first thing, installed by `bootstrap`.
///
/// What always holds: an event is one line and one write; a line never holds a control character but its line feed; a level
/// that is off costs one atomic load; losing a line is counted (`apus_log_lines_dropped_total`) and never stops the program.
/// Bounds: a line of 4,096 bytes, 1,024 distinct labels with levels of their own (more share the general level), and the
/// history for the console (`LogHistory`).
package final class LogBackend: Sendable {
    static let labelLimit = 1024

    private struct State {
        var configuration: LogConfiguration
        var levels: [String: LogLevelCell] = [:]
    }

    private let state: Mutex<State>
    private let history = Mutex(LogHistory())
    /// A `Style`, read by every event.
    private let style: Atomic<UInt8>
    private let generalLevel: LogLevelCell
    private let output: any LogOutput
    private let time: any TimeSource
    private let environment: [String: String]
    private let counters: LogCounters

    /// - Parameters:
    ///   - metrics: where `apus_log_events_total{level}` and `apus_log_lines_dropped_total` are counted.
    ///   - environment: for `NO_COLOR` and its like; the process's own in production.
    package init(
        configuration: LogConfiguration = LogConfiguration(), output: any LogOutput = StandardErrorOutput(),
        time: any TimeSource = SystemTime(), metrics: MetricsRegistry? = nil,
        environment: [String: String] = ProcessEnvironment.current()
    ) {
        state = Mutex(State(configuration: configuration))
        generalLevel = LogLevelCell(configuration.level)
        self.output = output
        self.time = time
        self.environment = environment
        counters = LogCounters(metrics ?? MetricsRegistry())
        style = Atomic(Style(configuration.format, isTerminal: output.isTerminal, environment: environment).rawValue)
    }

    /// Makes this the process's back end. A second call in one process is a broken invariant of swift-log, which stops it.
    ///
    /// - Parameter metadataProvider: gives `trace_id` and `span_id` of the current span.
    package func bootstrap(metadataProvider: Logger.MetadataProvider? = nil) {
        LoggingSystem.bootstrap(
            { [self] label, provider in handler(label: label, metadataProvider: provider) },
            metadataProvider: metadataProvider)
    }

    /// A logger that writes here whatever the process's back end is.
    package func logger(label: String, metadataProvider: Logger.MetadataProvider? = nil) -> Logger {
        Logger(label: label) { handler(label: $0, metadataProvider: metadataProvider) }
    }

    /// Changes levels and format for all loggers, those that exist too. Events that are being written keep the old ones.
    package func configure(_ configuration: LogConfiguration) {
        let style = Style(configuration.format, isTerminal: output.isTerminal, environment: environment)
        state.withLock { state in
            state.configuration = configuration
            generalLevel.set(configuration.level)
            for (label, cell) in state.levels { cell.set(configuration.level(of: label)) }
            self.style.store(style.rawValue, ordering: .relaxed)
        }
    }

    package func configure(level: Logger.Level, overrides: [String: Logger.Level], format: LogFormat) {
        configure(LogConfiguration(level: level, overrides: overrides, format: format))
    }

    package var configuration: LogConfiguration { state.withLock { $0.configuration } }

    /// The last events that were written, oldest first, for the console.
    package func recentEvents() -> [RecentLogEvent] { history.withLock { $0.events } }

    private func handler(label: String, metadataProvider: Logger.MetadataProvider?) -> LogBackendHandler {
        LogBackendHandler(label: label, backend: self, cell: cell(of: label), metadataProvider: metadataProvider)
    }

    private func cell(of label: String) -> LogLevelCell {
        state.withLock { state in
            if let cell = state.levels[label] { return cell }
            guard state.levels.count < LogBackend.labelLimit else { return generalLevel }
            let cell = LogLevelCell(state.configuration.level(of: label))
            state.levels[label] = cell
            return cell
        }
    }

    /// Stamps, renders and writes one event.
    ///
    /// The arithmetic: one array of 512 bytes that most lines fit, one for the fields of the history, one write(2), one
    /// poll(2) and two rt_sigprocmask(2): some microseconds, of which the system calls are the larger half.
    func write(level: Logger.Level, label: String, message: String, metadata: Logger.Metadata) {
        let record = LogRecord(
            time: time.wallNow(), level: level, label: label, message: message, metadata: metadata)
        var line = [UInt8]()
        line.reserveCapacity(512)
        switch Style(rawValue: style.load(ordering: .relaxed)) ?? .json {
        case .json: JSONLine.append(record, to: &line)
        case .logfmt: LogfmtLine.append(record, colour: false, to: &line)
        case .colouredLogfmt: LogfmtLine.append(record, colour: true, to: &line)
        }
        counters.countEvent(level)
        if !output.write(line) { counters.dropped.increment() }
        remember(record)
    }

    private func remember(_ record: LogRecord) {
        var fields = [UInt8]()
        LogfmtLine.appendFields(record, end: LogRecord.longestLine, to: &fields)
        var message = [UInt8]()
        LogEscape.append(record.message, limit: LogRecord.longestValue, to: &message)
        let event = RecentLogEvent(
            time: record.time, level: record.level, label: record.label,
            message: String(decoding: message, as: UTF8.self),
            fields: String(decoding: fields.dropFirst(), as: UTF8.self))
        history.withLock { $0.append(event) }
    }
}

/// How lines look, decided once per `configure`.
private enum Style: UInt8 {
    case json, logfmt, colouredLogfmt

    init(_ format: LogFormat, isTerminal: Bool, environment: [String: String]) {
        let isJSON = format == .json || (format == .automatic && !isTerminal)
        let isColoured = LogColour.isWanted(environment: environment, isTerminal: isTerminal)
        self = isJSON ? .json : isColoured ? .colouredLogfmt : .logfmt
    }
}
