package import Base

/// One rule for one mount over time, with the meaning that `for` has in Prometheus: inactive → pending as soon as the
/// condition is met → firing when it was met at every sample for the rule's duration → resolved at the first sample
/// at which it is not met. A sample without the figure (the mount hangs) decides nothing: what is pending stays
/// pending and its clock goes on, but it does not *start* to fire before a sample says so; what fires goes on firing,
/// since a disk that was full before it hung is not known to be well. The hang itself is what a rule on `error` is
/// for.
package struct AlertState: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        case inactive
        case pending(since: MonotonicInstant)
        case firing(since: MonotonicInstant)
    }

    package enum Change: Sendable, Equatable {
        case started
        case stopped
    }

    package private(set) var phase = Phase.inactive
    /// The last figure that was known.
    package private(set) var value: Double?

    package init() {}

    package var isFiring: Bool {
        if case .firing = phase { return true }
        return false
    }

    /// Takes the figure of one sample; nil where it is not known.
    package mutating func event(_ value: Double?, rule: AlertRule, now: MonotonicInstant) -> Change? {
        guard let value else { return nil }
        self.value = value
        let isMet = rule.condition.isMet(value)
        switch phase {
        case .inactive where isMet:
            return wait(since: now, rule, now)
        case .pending(let since) where isMet:
            return wait(since: since, rule, now)
        case .firing where !isMet:
            phase = .inactive
            return .stopped
        case .pending where !isMet:
            phase = .inactive
            return nil
        default:
            return nil
        }
    }

    private mutating func wait(since: MonotonicInstant, _ rule: AlertRule, _ now: MonotonicInstant) -> Change? {
        guard since.duration(to: now) >= rule.duration else {
            phase = .pending(since: since)
            return nil
        }
        phase = .firing(since: now)
        return .started
    }
}
