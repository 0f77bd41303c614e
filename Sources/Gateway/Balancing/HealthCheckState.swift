package import Base

/// The active health checks of one host as a value: results in, changes out, and when the next check is due. The caller
/// makes the check, with its time-out, and sets the mark `unhealthy` on the `HostBoard`. O(1), 40 bytes.
package struct HealthCheckState: Sendable {
    package enum Health: String, Hashable, Sendable, CaseIterable {
        /// Not checked yet. The host is used until a check says otherwise, so that a start waits for nobody.
        case unknown
        case healthy
        case unhealthy
    }

    /// A change of state.
    package struct Transition: Hashable, Sendable {
        package let from: Health
        package let to: Health
        package let at: MonotonicInstant
        /// The results in a row that decided.
        package let results: Int
    }

    package private(set) var health = Health.unknown
    /// When the present state began.
    package private(set) var since: MonotonicInstant
    package private(set) var nextCheck: MonotonicInstant
    /// Results in a row against the present state.
    package private(set) var against = 0

    package init(
        _ policy: HealthCheckPolicy, now: MonotonicInstant, using generator: inout some RandomNumberGenerator
    ) {
        since = now
        let spread = max(0, policy.initialJitter.wholeNanoseconds)
        nextCheck = now.advanced(by: .nanoseconds(Int64.random(in: 0...spread, using: &generator)))
    }

    /// A check ended at `now`. Returns the change that it caused.
    package mutating func record(
        passed: Bool, _ policy: HealthCheckPolicy, now: MonotonicInstant,
        using generator: inout some RandomNumberGenerator
    ) -> Transition? {
        let transition = change(passed: passed, policy, now: now)
        nextCheck = now.advanced(by: wait(policy, using: &generator))
        return transition
    }

    private mutating func change(passed: Bool, _ policy: HealthCheckPolicy, now: MonotonicInstant) -> Transition? {
        switch health {
        case .unknown:
            return enter(passed ? .healthy : .unhealthy, results: 1, now: now)
        case .healthy:
            against = passed ? 0 : against + 1
            guard against >= max(1, policy.unhealthyThreshold) else { return nil }
            return enter(.unhealthy, results: against, now: now)
        case .unhealthy:
            against = passed ? against + 1 : 0
            guard against >= max(1, policy.healthyThreshold) else { return nil }
            return enter(.healthy, results: against, now: now)
        }
    }

    private mutating func enter(_ next: Health, results: Int, now: MonotonicInstant) -> Transition {
        let transition = Transition(from: health, to: next, at: now, results: results)
        health = next
        since = now
        against = 0
        return transition
    }

    private func wait(
        _ policy: HealthCheckPolicy, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        var interval = policy.interval
        if against > 0 {
            interval = policy.edgeInterval ?? interval
        } else if health == .unhealthy {
            interval = policy.unhealthyInterval ?? interval
        }
        let percent = policy.jitterPercent.isNaN ? 0 : min(max(policy.jitterPercent, 0), 100)
        let whole = max(1_000_000, interval.wholeNanoseconds)
        let jitter = Double(whole) * percent / 100 * Double.random(in: 0...1, using: &generator)
        return .nanoseconds(whole.addingClamped(Int64(jitter)))
    }
}
