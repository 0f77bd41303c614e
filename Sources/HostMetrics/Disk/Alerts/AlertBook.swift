package import Base

/// An alert that started or stopped: a value that is logged and reported.
package struct AlertChange: Sendable, Equatable {
    package enum Status: String, Sendable {
        case firing
        case resolved
    }

    package let rule: String
    package let severity: AlertRule.Severity
    package let status: Status
    package let metric: AlertRule.Metric
    package let mount: String
    package let device: String
    package let value: Double?
}

/// The states of all rules on all mounts. Its size is bounded by rules × mounts: a mount that is gone loses its
/// states, and what was firing for it is resolved, because nobody could ever resolve it later.
package struct AlertBook: Sendable {
    private struct Key: Hashable, Sendable {
        let rule: String
        let mountPoint: RawName
        let source: RawName

        init(_ rule: AlertRule, _ mount: Mount) {
            self.rule = rule.name
            mountPoint = mount.mountPoint
            source = mount.source
        }
    }

    private var rules: [AlertRule]
    private var states: [Key: AlertState] = [:]

    package init(rules: [AlertRule]) {
        self.rules = rules
    }

    package var firingCount: Int { states.values.count(where: \.isFiring) }
    package var pendingCount: Int {
        states.values.count { if case .pending = $0.phase { true } else { false } }
    }

    /// The worst severity that fires for a mount.
    package func worst(for mount: Mount) -> AlertRule.Severity? {
        let order: [AlertRule.Severity] = [.critical, .warning, .info]
        let firing = rules.filter { states[Key($0, mount)]?.isFiring == true }.map(\.severity)
        return order.first { firing.contains($0) }
    }

    /// Goes on with the rules of a new configuration. States of rules whose condition is the same survive, so that a
    /// reload neither repeats an alert nor starts its clock again. What fired under a rule that is gone or changed is
    /// resolved.
    package mutating func replaceRules(_ new: [AlertRule]) -> [AlertChange] {
        let unchanged = Set(
            new.filter { rule in rules.contains { $0.name == rule.name && $0.isSameQuestion(as: rule) } }.map(\.name))
        let gone = states.keys.filter { !unchanged.contains($0.rule) }
        let changes = gone.compactMap { resolve($0) }
        rules = new
        return AlertBook.sorted(changes)
    }

    /// Judges one sample of all mounts.
    package mutating func event(_ samples: [MountSample], now: MonotonicInstant) -> [AlertChange] {
        var changes: [AlertChange] = []
        var seen: Set<Key> = []
        for rule in rules {
            for sample in samples where rule.applies(to: sample.mount) {
                let key = Key(rule, sample.mount)
                seen.insert(key)
                let change = states[key, default: AlertState()].event(rule.value(of: sample), rule: rule, now: now)
                guard let change else { continue }
                changes.append(
                    AlertBook.change(change == .started ? .firing : .resolved, rule, key, states[key]?.value))
            }
        }
        let gone = states.keys.filter { !seen.contains($0) }
        return changes + AlertBook.sorted(gone.compactMap { resolve($0) })
    }

    private mutating func resolve(_ key: Key) -> AlertChange? {
        guard let state = states.removeValue(forKey: key), state.isFiring,
            let rule = rules.first(where: { $0.name == key.rule })
        else { return nil }
        return AlertBook.change(.resolved, rule, key, nil)
    }

    private static func change(
        _ status: AlertChange.Status, _ rule: AlertRule, _ key: Key, _ value: Double?
    ) -> AlertChange {
        AlertChange(
            rule: rule.name, severity: rule.severity, status: status, metric: rule.metric,
            mount: key.mountPoint.description, device: key.source.description, value: value)
    }

    private static func sorted(_ changes: [AlertChange]) -> [AlertChange] {
        changes.sorted { ($0.rule, $0.mount) < ($1.rule, $1.mount) }
    }
}

extension AlertRule {
    /// Whether the two ask the same of a mount; `for`, severity and the choice of mounts may differ.
    fileprivate func isSameQuestion(as other: AlertRule) -> Bool {
        metric == other.metric && condition == other.condition
    }
}
