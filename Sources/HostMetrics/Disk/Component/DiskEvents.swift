import Base
import Logging
import Resilience
import Telemetry

/// What the disk component tells: each event is a log line and moves a metric.

/// A mount gives no figures, said once when it begins.
struct DiskSampleFailed: Event {
    static let message = "disk sample failed"
    let mount: Mount
    let reason: SampleError
    var level: Logger.Level { .warning }
    var fields: Logger.Metadata {
        ["mount": "\(mount.mountPoint)", "device": "\(mount.source)", "type": "\(mount.type)", "reason": "\(reason)"]
    }
}

/// A mount that gave no figures gives them again.
struct DiskSampleRecovered: Event {
    static let message = "disk sample recovered"
    let mount: Mount
    var fields: Logger.Metadata { ["mount": "\(mount.mountPoint)", "device": "\(mount.source)"] }
}

/// One mount brought no figures in one sample; only counted.
struct DiskSampleErrors {
    static func count(_ samples: [MountSample], in metrics: MetricsRegistry) {
        let family = metrics.counter(
            "apus_disk_sample_errors_total", help: "Samples of a mount that brought no figures, by reason.",
            labels: ["reason"])
        for sample in samples {
            if let error = sample.error { family.with(error.code).increment() }
        }
    }
}

struct MountTableUnreadable: Event {
    static let message = "mount table unreadable"
    static let counter: EventCounter? = EventCounter(
        "apus_disk_mount_table_errors_total", help: "Times that the table of mounts could not be read.")
    let error: (any Error)?
    var level: Logger.Level { .error }
}

struct DiskAlertChanged: Event {
    static let message = "disk alert"
    static let counter: EventCounter? = EventCounter(
        "apus_disk_alert_changes_total", help: "Alerts that started (firing) or stopped (resolved).",
        labels: ["rule", "status"])
    let change: AlertChange
    var level: Logger.Level {
        switch (change.status, change.severity) {
        case (.firing, .critical): .error
        case (.firing, .warning): .warning
        default: .info
        }
    }
    var labels: [String] { [change.rule, change.status.rawValue] }
    var fields: Logger.Metadata {
        [
            "rule": "\(change.rule)", "status": "\(change.status.rawValue)", "severity": "\(change.severity.rawValue)",
            "metric": "\(change.metric.rawValue)", "mount": "\(change.mount)", "device": "\(change.device)",
            "value": change.value.map { .stringConvertible(($0 * 100).rounded() / 100) } ?? "unknown",
        ]
    }
}

struct DiskReportSent: Event {
    static let message = "disk report sent"
    static let counter: EventCounter? = EventCounter(
        "apus_disk_reports_sent_total", help: "Reports that were accepted.")
    var level: Logger.Level { .debug }
}

struct DiskReportRetried: Event {
    static let message = "disk report failed, trying again"
    static let counter: EventCounter? = EventCounter(
        "apus_disk_report_retries_total", help: "Posts of a report that failed and are repeated.")
    let attempt: Int
    let delay: Duration
    let reason: String
    var level: Logger.Level { .warning }
    var fields: Logger.Metadata {
        [
            "attempt": .stringConvertible(attempt), "delaySeconds": .stringConvertible(delay.inSeconds),
            "reason": "\(reason)",
        ]
    }
}

struct DiskReportDropped: Event {
    static let message = "disk reports dropped"
    let reason: Reporter.DropReason
    let count: Int
    let detail: String
    var level: Logger.Level { .warning }
    var fields: Logger.Metadata {
        ["reason": "\(reason.rawValue)", "count": .stringConvertible(count), "detail": "\(detail)"]
    }
    func record(in metrics: MetricsRegistry) {
        metrics.counter(
            "apus_disk_reports_dropped_total", help: "Reports that were given up, by reason.", labels: ["reason"]
        ).with(reason.rawValue).increment(by: UInt64(max(0, count)))
    }
}

struct ReportBreakerChanged: Event {
    static let message = "disk report circuit breaker changed"
    let from: CircuitBreaker.State
    let to: CircuitBreaker.State
    var level: Logger.Level { to == .open ? .warning : .info }
    var fields: Logger.Metadata { ["from": "\(from.rawValue)", "to": "\(to.rawValue)"] }
}
