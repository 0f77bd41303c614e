import Base
import Resilience
import Telemetry

/// What the disk component knows between two samples. One lock guards it whole (`DiskComponent`).
struct DiskState: Sendable {
    var alerts: AlertBook
    var reporter: Reporter?
    var metrics: DiskMetrics
    var samples: [MountSample] = []
    /// Alerts that the change of rules at a reload resolved, for the next report.
    var pendingChanges: [AlertChange] = []
    /// Mounts that give no figures, with the code of the error that was logged.
    var failing: [MountIdentity: String] = [:]
    var lastSampleAt: WallInstant?
    var sentReports = 0
    var droppedReports = 0
    /// Somebody else goes on with alerts, queue and metrics.
    var isHandedOver = false

    /// What is to be told after a sample.
    struct Findings: Sendable {
        var alerts: [AlertChange] = []
        var failed: [(mount: Mount, error: SampleError)] = []
        var recovered: [Mount] = []
        var notes: [Reporter.Note] = []
    }

    /// Takes one sample of all mounts, unless a successor took over.
    mutating func take(
        _ samples: [MountSample], host: String, now: MonotonicInstant, wallNow: WallInstant
    ) -> Findings {
        guard !isHandedOver else { return Findings() }
        var findings = Findings()
        self.samples = samples
        lastSampleAt = wallNow
        metrics.record(samples)
        noteFailures(samples, &findings)
        findings.alerts = pendingChanges + alerts.event(samples, now: now)
        pendingChanges = []
        if reporter != nil {
            let body = ReportBody.encode(host: host, time: wallNow, samples: samples, alerts: findings.alerts)
            let notes = reporter?.offer(Report(time: wallNow, body: body)) ?? []
            count(notes)
            findings.notes = notes
        }
        return findings
    }

    mutating func count(_ notes: [Reporter.Note]) {
        for note in notes {
            switch note {
            case .sent: sentReports += 1
            case .dropped(_, let count): droppedReports += count
            case .retrying, .breaker: break
            }
        }
    }

    private mutating func noteFailures(_ samples: [MountSample], _ findings: inout Findings) {
        var failing: [MountIdentity: String] = [:]
        for sample in samples {
            let identity = sample.mount.identity
            if let error = sample.error {
                failing[identity] = error.code
                if self.failing[identity] != error.code { findings.failed.append((sample.mount, error)) }
            } else if self.failing[identity] != nil {
                findings.recovered.append(sample.mount)
            }
        }
        self.failing = failing
    }
}
