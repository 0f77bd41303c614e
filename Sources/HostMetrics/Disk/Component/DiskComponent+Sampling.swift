import Base
import Resilience
import Synchronization
import Telemetry
import Tracing

extension DiskComponent {
    func sampleUntilDrained() async throws {
        defer {
            samplingEnded.open()
            wake.yield()
        }
        var next = time.now()
        while !draining.isOpen {
            await sampleOnce()
            try Task.checkCancellation()
            // A sample that took longer than the interval skips the ticks that it missed.
            repeat { next = next.advanced(by: settings.interval) } while next <= time.now()
            if try await time.sleep(until: next, orOpen: draining) { return }
        }
    }

    private func sampleOnce() async {
        let table: MountTable
        do {
            table = try readMounts()
        } catch {
            MountTableUnreadable(error: error).emit(to: events)
            return
        }
        let samples = await withSpan("disk sample", ofKind: .internal) { span in
            let mounts = MountSelection().mounts(of: table).filter(settings.includes)
            let samples = await sampleWithRetries(mounts, of: table).filter(DiskComponent.isKept)
            if span.isRecording {
                span.attributes["mounts"] = samples.count
                span.attributes["errors"] = samples.count { $0.error != nil }
            }
            return samples
        }
        guard !Task.isCancelled else { return }
        tell(of: samples)
    }

    private func tell(of samples: [MountSample]) {
        let (now, wallNow) = (time.now(), time.wallNow())
        let findings = state.withLock { $0.take(samples, host: host, now: now, wallNow: wallNow) }
        DiskSampleErrors.count(samples, in: events.metrics)
        let (firing, waiting) = state.withLock { ($0.alerts.firingCount, $0.reporter?.waiting ?? 0) }
        events.metrics.gauge("apus_disk_alerts_firing", help: "Alerts that fire now.").with().set(Double(firing))
        events.metrics.gauge("apus_disk_reports_waiting", help: "Reports that wait for the receiver.").with()
            .set(Double(waiting))
        for (mount, error) in findings.failed { DiskSampleFailed(mount: mount, reason: error).emit(to: events) }
        for mount in findings.recovered { DiskSampleRecovered(mount: mount).emit(to: events) }
        for change in findings.alerts { DiskAlertChanged(change: change).emit(to: events) }
        emit(findings.notes, detail: "the queue is full")
        wake.yield()
    }

    /// Asks again those whose file system answered with an error, until the policy or the interval is at its end. A
    /// mount that hangs is not asked again: its first question is still open.
    private func sampleWithRetries(_ mounts: [Mount], of table: MountTable) async -> [MountSample] {
        let sampler = sampler.withLock { $0 }
        let start = time.now()
        let deadline = Deadline(after: settings.interval, from: start)
        var samples = await sampler.sample(mounts, of: table, timeout: settings.sampleTimeout)
        var retry = RetryState(policy: settings.retry.policy, startedAt: start)
        while true {
            let failed = samples.indices.filter { samples[$0].error?.mayPass == true }
            guard !failed.isEmpty, !draining.isOpen,
                case .retry(let delay) = retry.afterFailure(now: time.now(), deadline: deadline),
                (try? await time.sleep(until: time.now().advanced(by: delay), orOpen: draining)) == false
            else { return samples }
            let again = await sampler.sample(
                failed.map { samples[$0].mount }, of: table, timeout: settings.sampleTimeout)
            for (index, sample) in zip(failed, again) { samples[index] = sample }
        }
    }

    /// File systems without blocks hold nothing; one that is gone since the table was read is no error.
    private static func isKept(_ sample: MountSample) -> Bool {
        if sample.error == .system(SampleError.notFound) { return false }
        return sample.figures.map { $0.blocks > 0 } ?? (sample.outcome != .skipped)
    }
}
