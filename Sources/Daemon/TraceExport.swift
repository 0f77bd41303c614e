import Base
import Compression
import HTTPTransport
import Logging
import Settings
import Synchronization
import Telemetry

/// Runs the span exporter of the running generation. A reload that changes the telemetry settings swaps it: spans that began
/// before end in the new one, and the old one sends what it has queued.
final class TraceExport: Sendable {
    private struct State {
        var fingerprint: SettingsFingerprint?
        var exporting: Task<Void, Never>?
        var ending: [Task<Void, Never>] = []
    }

    private let environment: [String: String]
    private let time: any TimeSource
    private let transport = HTTPTransport()
    private let events: EventSink
    private let state = Mutex(State())

    init(environment: [String: String], time: any TimeSource, events: EventSink) {
        self.environment = environment
        self.time = time
        self.events = events
    }

    /// Applies the settings, unless they are those that run already.
    func configure(_ settings: TelemetrySettings, fingerprint: SettingsFingerprint?) {
        let isNew = state.withLock { state in
            defer { state.fingerprint = fingerprint }
            return state.fingerprint == nil || state.fingerprint != fingerprint
        }
        guard isNew else { return }
        var options = settings.traces.options
        for warning in options.apply(environment: environment) {
            events.logger.warning("tracing configuration", metadata: ["warning": "\(warning)"])
        }
        let exporter = options.makeExporter(
            sender: transport, time: time, observer: TraceExportEvents(sink: events),
            compress: { try Gzip.compress($0) })
        TracingBackend.shared.configure(options, exporter: exporter)
        let next = exporter.map { exporter in Task { await exporter.run() } }
        state.withLock { state in
            // Only the latest few can still be flushing: each ends within its flush time-out.
            state.ending = state.ending.suffix(8)
            if let old = state.exporting {
                old.cancel()
                state.ending.append(old)
            }
            state.exporting = next
        }
    }

    /// Sends what is queued and closes the connections; each exporter bounds its own last flush.
    func shutdown() async {
        let tasks = state.withLock { state in
            defer { state.exporting = nil }
            return state.ending + [state.exporting].compactMap { $0 }
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await transport.shutdown()
    }
}

/// What the exporter tells, as log lines and metrics.
private struct TraceExportEvents: TracingObserver {
    let sink: EventSink
    private let exported: Counter
    private let dropped: CounterFamily
    private let failures: Counter

    init(sink: EventSink) {
        self.sink = sink
        exported = sink.metrics.counter(
            "apus_traces_spans_exported_total", help: "Spans that the collector accepted."
        ).with()
        dropped = sink.metrics.counter(
            "apus_traces_spans_dropped_total", help: "Spans that were lost, by reason.", labels: ["reason"])
        failures = sink.metrics.counter(
            "apus_traces_export_failures_total", help: "Batches that could not be exported."
        ).with()
    }

    func observe(_ event: TracingEvent) {
        switch event {
        case .exported(let spans):
            exported.increment(by: UInt64(spans))
        case .dropped(let spans, let reason):
            dropped.with(reason.rawValue).increment(by: UInt64(spans))
        case .retrying(let delay, let error):
            sink.logger.debug("trace export is tried again", metadata: ["after": "\(delay)", "error": "\(error)"])
        case .exportFailed(let error, let attempts):
            failures.increment()
            sink.logger.warning("trace export failed", metadata: ["error": "\(error)", "attempts": "\(attempts)"])
        case .rejection(let message):
            sink.logger.warning("the collector rejected spans", metadata: ["reason": "\(message)"])
        }
    }
}
