import Base

/// When something is wrong with a mount, and for how long it must be before anybody is told.
package struct AlertRule: Sendable, Equatable {
    /// What a rule looks at.
    package enum Metric: String, Sendable, CaseIterable {
        /// Use% as `df` shows it, without the rounding.
        case usedPercent
        case availableBytes
        case availablePercent
        case inodesUsedPercent
        /// The mount is read-only. Needs no limit.
        case readOnly
        /// The last sample brought no figures. Needs no limit.
        case error

        var needsLimit: Bool { self != .readOnly && self != .error }
    }

    package enum Severity: String, Sendable, CaseIterable {
        case info, warning, critical
    }

    /// Which side of the limit is wrong. A figure equal to the limit counts, as in `apus disk --fail`.
    package enum Condition: Sendable, Equatable {
        case atLeast(Double)
        case atMost(Double)
        /// For `readOnly` and `error`: simply true.
        case holds

        func isMet(_ value: Double) -> Bool {
            switch self {
            case .atLeast(let limit): value >= limit
            case .atMost(let limit): value <= limit
            case .holds: value != 0
            }
        }
    }

    package let name: String
    package let metric: Metric
    package let condition: Condition
    /// How long the condition must hold without a break.
    package let duration: Duration
    /// Mount points that the rule is about, as glob(7) patterns.
    package let mounts: [GlobPattern]
    package let severity: Severity

    package init(
        name: String, metric: Metric, condition: Condition, for duration: Duration = .zero,
        mounts: [GlobPattern] = [GlobPattern("*")], severity: Severity = .warning
    ) {
        self.name = name
        self.metric = metric
        self.condition = condition
        self.duration = duration
        self.mounts = mounts
        self.severity = severity
    }

    package func applies(to mount: Mount) -> Bool {
        mounts.contains { $0.matches(mount.mountPoint) }
    }

    /// The figure that the rule compares; nil where the sample does not tell it.
    package func value(of sample: MountSample) -> Double? {
        switch metric {
        case .usedPercent: return sample.figures?.usedRatio.map { $0 * 100 }
        case .availableBytes: return sample.figures.map { Double($0.availableBytes) }
        case .availablePercent: return sample.figures?.usedRatio.map { (1 - $0) * 100 }
        case .inodesUsedPercent: return sample.figures?.inodesUsedRatio.map { $0 * 100 }
        case .readOnly: return sample.mount.isReadOnly ? 1 : 0
        case .error: return sample.error == nil ? 0 : 1
        }
    }
}
