import Base
import Daemon
import Resilience

/// The console's view of the component.
extension DiskState {
    /// Where no rule says what is too full, the bars turn at these.
    private static let usualLimits = UsageLimits(warn: 80, fail: 90)

    func status(outstanding: Int) -> ComponentStatus {
        let failing = samples.count { $0.error != nil }
        let isBreakerOpen = reporter?.breakerState == .open
        var reasons: [String] = []
        if failing > 0 { reasons.append("\(failing) of \(samples.count) mounts without figures") }
        if isBreakerOpen { reasons.append("the receiver of reports is away") }
        let state: ComponentStatus.State = lastSampleAt == nil ? .starting : reasons.isEmpty ? .running : .degraded
        return ComponentStatus(
            state, reason: reasons.isEmpty ? nil : reasons.joined(separator: ", "), figures: figures(outstanding),
            bars: samples.map(bar).sorted(by: DiskState.isWorse))
    }

    private func figures(_ outstanding: Int) -> [ComponentStatus.Figure] {
        var figures = [
            ComponentStatus.Figure("mounts", "\(samples.count)"),
            ComponentStatus.Figure("alerts firing", "\(alerts.firingCount)"),
            ComponentStatus.Figure("alerts pending", "\(alerts.pendingCount)"),
            ComponentStatus.Figure("probes outstanding", "\(outstanding)"),
        ]
        if let lastSampleAt { figures.append(ComponentStatus.Figure("last sample", lastSampleAt.rfc3339)) }
        guard let reporter else { return figures }
        return figures + [
            ComponentStatus.Figure("reports sent", "\(sentReports)"),
            ComponentStatus.Figure("reports waiting", "\(reporter.waiting)"),
            ComponentStatus.Figure("reports dropped", "\(droppedReports)"),
            ComponentStatus.Figure("circuit breaker", reporter.breakerState.rawValue),
        ]
    }

    private func bar(_ sample: MountSample) -> ComponentStatus.Bar {
        let label = sample.mount.mountPoint.description
        guard let figures = sample.figures else {
            return ComponentStatus.Bar(label, ratio: nil, text: sample.error?.description ?? "-", level: .unknown)
        }
        let available = ByteCount(Int64(clamping: figures.availableBytes)).humanReadable
        let size = ByteCount(Int64(clamping: figures.sizeBytes)).humanReadable
        let readOnly = sample.mount.isReadOnly ? " · read-only" : ""
        let percent = figures.usePercent.map { "\($0) %" } ?? "-"
        return ComponentStatus.Bar(
            label, ratio: figures.usedRatio, text: "\(percent) · \(available) free of \(size)\(readOnly)",
            level: level(sample))
    }

    /// What asks for attention stands first: mounts without figures, then by level, then by use.
    private static func isWorse(_ left: ComponentStatus.Bar, _ right: ComponentStatus.Bar) -> Bool {
        func rank(_ bar: ComponentStatus.Bar) -> (Int, Double) {
            let level = [ComponentStatus.Bar.Level.ok, .warning, .critical, .unknown].firstIndex(of: bar.level) ?? 0
            return (level, bar.ratio ?? 1)
        }
        return rank(left) == rank(right) ? left.label < right.label : rank(left) > rank(right)
    }

    private func level(_ sample: MountSample) -> ComponentStatus.Bar.Level {
        switch alerts.worst(for: sample.mount) {
        case .critical: return .critical
        case .warning: return .warning
        case .info, nil: break
        }
        switch DiskState.usualLimits.level(sample) {
        case .critical: return .critical
        case .warning: return .warning
        case .ok, .unknown: return .ok
        }
    }
}
