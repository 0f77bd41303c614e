package import Base
import CLinux
import CoreMetrics
import HTTPTransport
import Logging
import Profiling
import Resilience
import Settings
package import Telemetry

/// What every component stands on, made once a process: clocks, telemetry, HTTP, listening sockets, and the line to systemd.
package struct DaemonServices: Sendable {
    package let time: any TimeSource
    package let metrics: MetricsRegistry
    package let logs: LogBackend
    package let host: String
    package let systemd: SystemdEnvironment
    let traces: TraceExport
    let notifier: SystemdNotifier
    let listeners: ListenerPool
    let http: HTTPTransport
    let directory = ComponentDirectory()
    package let events: EventSink
    private let lastReloadSuccessful: Telemetry.Gauge
    private let lastReloadTime: Telemetry.Gauge
    private let rolledBack: Telemetry.Gauge

    /// Sets up the process's telemetry: the one place where the global front ends get their back ends.
    package init(environment: [String: String], processID: Int32, time: any TimeSource = SystemTime()) {
        apus_heap_prepare()
        self.init(
            environment: environment, processID: processID, time: time, logOutput: StandardErrorOutput(),
            isWholeProcess: true)
    }

    /// - Parameter isWholeProcess: False leaves the process's global front ends alone, so that a test can have several.
    init(
        environment: [String: String], processID: Int32, time: any TimeSource, logOutput: any LogOutput,
        isWholeProcess: Bool
    ) {
        self.time = time
        host = HostName.current()
        metrics = MetricsRegistry()
        logs = LogBackend(output: logOutput, time: time, metrics: metrics, environment: environment)
        systemd = SystemdEnvironment(environment: environment, processID: processID)
        notifier = SystemdNotifier(environment: environment)
        if isWholeProcess {
            SystemdEnvironment.clear()
            logs.bootstrap(metadataProvider: .traceContext)
            MetricsSystem.bootstrap(PrometheusMetricsFactory(registry: metrics))
            TracingBackend.bootstrap()
        }
        listeners = ListenerPool(inherited: systemd.descriptors)
        http = HTTPTransport()
        events = EventSink(
            logger: logs.logger(label: "daemon", metadataProvider: .traceContext), metrics: metrics)
        traces = TraceExport(environment: environment, time: time, events: events)
        if isWholeProcess {
            metrics.addProcessMetrics()
            metrics.addBuildInfo()
        }
        lastReloadSuccessful = metrics.gauge(
            "apus_config_last_reload_successful", help: "Whether the last load of the configuration succeeded."
        ).with()
        lastReloadTime = metrics.gauge(
            "apus_config_last_reload_success_timestamp_seconds",
            help: "When the configuration was last loaded with success, in seconds since 1970.", unit: "seconds"
        ).with()
        // Counted from zero, so that the first one is an increase that an alert can see.
        let reloads = metrics.counter(reloadCounter.name, help: reloadCounter.help, labels: reloadCounter.labels)
        for result in ["success", "failure"] { _ = reloads.with(result) }
        let rollbacks = metrics.counter(
            rollbackCounter.name, help: rollbackCounter.help, labels: rollbackCounter.labels)
        for cause in RollbackReason.Cause.allCases { _ = rollbacks.with(cause.rawValue) }
        rolledBack = metrics.gauge(
            "apus_daemon_rolled_back",
            help: "Whether the settings before the file on disk run, because a rollback put them back."
        ).with()
        collectComponentMetrics()
    }

    /// Applies what belongs to the process rather than to a component.
    func configure(from file: SettingsFile) {
        logs.configure((file.group(LogSettings.self) ?? LogSettings()).configuration)
        traces.configure(
            file.group(TelemetrySettings.self) ?? TelemetrySettings(), fingerprint: file.fingerprint(of: "telemetry"))
    }

    func recordReload(_ record: ReloadRecord) {
        lastReloadSuccessful.set(record.isSuccess ? 1 : 0)
        if record.isSuccess { lastReloadTime.set(record.at.secondsSince1970) }
    }

    func recordRolledBack(_ isRolledBack: Bool) { rolledBack.set(isRolledBack ? 1 : 0) }

    func context(
        for name: String, daemon: any DaemonView, origin: RollbackWatch.Origin, fingerprint: SettingsFingerprint
    ) -> ComponentContext {
        ComponentContext(
            name: name, metrics: metrics, time: time, http: http, listeners: listeners, host: host, daemon: daemon,
            origin: origin, fingerprint: fingerprint)
    }

    /// Sends the last spans and closes what is pooled.
    func shutdown() async {
        await traces.shutdown()
        await http.shutdown()
        listeners.closeAll()
    }

    private func collectComponentMetrics() {
        let directory = directory
        _ = metrics.addCollector { collected in
            for runner in directory.all {
                let labels = [("component", runner.name)]
                collected.gauge(
                    "apus_component_ready", help: "Whether the component can do its work now.", labels: labels,
                    runner.status.isReady ? 1 : 0)
                collected.counter(
                    "apus_component_restarts_total", help: "How often the component was built anew after a failure.",
                    labels: labels, Double(runner.restarts))
            }
        }
    }
}
