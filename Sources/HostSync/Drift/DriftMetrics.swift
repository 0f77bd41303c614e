import Base
import Telemetry

/// The series of the last check. A host that is no longer in the site takes its series with it.
struct DriftMetrics: Sendable {
    private static let states = ["same", "drifted", "failed"]

    private let resources: GaugeFamily
    private let reachable: GaugeFamily
    private let hosts: GaugeFamily
    private let duration: GaugeFamily
    private let lastCheck: GaugeFamily
    private var known: Set<String> = []

    init(registry: MetricsRegistry) {
        resources = registry.gauge(
            "apus_sync_resources", help: "Resources of a host by what the last check found.", labels: ["host", "state"])
        reachable = registry.gauge(
            "apus_sync_host_reachable", help: "1 where the last check reached the host.", labels: ["host"])
        hosts = registry.gauge("apus_sync_hosts", help: "Hosts by what the last check found.", labels: ["status"])
        duration = registry.gauge(
            "apus_sync_check_duration_seconds", help: "How long the last check of all hosts took.", labels: [],
            unit: "seconds")
        lastCheck = registry.gauge(
            "apus_sync_last_check_timestamp_seconds", help: "When the last check ended, in seconds since 1970.",
            labels: [], unit: "seconds")
    }

    mutating func record(_ check: DriftCheck, duration time: Duration, now: WallInstant) {
        for (name, host) in check.hosts {
            let isReached = host.status != .unreachable && host.status != .interrupted
            reachable.with(values: [name]).set(isReached ? 1 : 0)
            for (state, count) in zip(DriftMetrics.states, [host.same, host.drifted, host.failed]) {
                // A number that stands still would look like a host that is well.
                if isReached {
                    resources.with(values: [name, state]).set(count)
                } else {
                    resources.remove(values: [name, state])
                }
            }
        }
        for name in known.subtracting(check.hosts.keys) { remove(name) }
        known = Set(check.hosts.keys)
        for status in [HostReport.Status.same, .changed, .failed, .unreachable] {
            hosts.with(values: [status == .changed ? "drifted" : status.rawValue]).set(check.count(status))
        }
        duration.with(values: []).set(time.inSeconds)
        lastCheck.with(values: []).set(now.secondsSince1970)
    }

    mutating func removeAll() {
        for name in known { remove(name) }
        known = []
        for status in ["same", "drifted", "failed", "unreachable"] { hosts.remove(values: [status]) }
        duration.remove(values: [])
        lastCheck.remove(values: [])
    }

    private func remove(_ host: String) {
        reachable.remove(values: [host])
        for state in DriftMetrics.states { resources.remove(values: [host, state]) }
    }
}
