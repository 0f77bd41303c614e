package import Base

/// Passive health checks of one group with Envoy's semantics, as a value: results in, ejections and returns out. Behind
/// a `Mutex` of the group, because a run of failures may be spread over workers; the critical section is some twenty
/// instructions. `record` is O(1), `sweep` O(n) every `interval`; neither allocates, 72 bytes a host.
///
/// - A run of failures ejects at once when fewer than `maximumEjected` hosts are out; otherwise it is counted in
///   `overflowed`, and the run begins anew.
/// - An ejection lasts `baseEjectionTime` times the host's multiplier, at most `maximumEjectionTime`; a sweep ends it.
///   The multiplier grows by one with each ejection and shrinks by one with each sweep that finds the host back for an
///   interval.
/// - While a host is out, its failures (in a panic it is used) start no run; on return all its runs begin at zero.
package struct OutlierDetector: Sendable {
    struct Host: Sendable {
        var run5xx: Int32 = 0
        var runGateway: Int32 = 0
        var runLocalOrigin: Int32 = 0
        var isEjected = false
        var multiplier: Int32 = 0
        var timesEjected: Int32 = 0
        /// Of this interval, for the comparisons.
        var succeeded: UInt32 = 0
        var total: UInt32 = 0
        var returnsAt = MonotonicInstant(nanoseconds: 0)
        var returnedAt: MonotonicInstant?
    }

    package let policy: OutlierPolicy
    package internal(set) var ejectedCount = 0
    /// Ejections that did not happen because too many hosts were out already.
    package internal(set) var overflowed: UInt64 = 0
    /// When `sweep` is due.
    package internal(set) var nextSweep: MonotonicInstant
    var hosts: [Host]
    var random: FastRandom

    package init(_ policy: OutlierPolicy, hosts count: Int, now: MonotonicInstant, seed: UInt64) {
        self.policy = policy
        hosts = [Host](repeating: Host(), count: count)
        nextSweep = now.advanced(by: max(.milliseconds(1), policy.interval))
        random = FastRandom(seed: seed)
    }

    package func isEjected(_ host: Int) -> Bool { hosts[host].isEjected }

    /// The multiplier of the host's next ejection, less one.
    package func multiplier(_ host: Int) -> Int { Int(hosts[host].multiplier) }

    /// The state for a changed list: `old(i)` is the former index of the new host `i`, nil for a newcomer. When hosts
    /// that were ejected remain and others go, more than the maximum may be out until they return.
    package func carried(to count: Int, policy: OutlierPolicy, from old: (Int) -> Int?) -> OutlierDetector {
        var next = self
        next.hosts = (0..<count).map { index in old(index).map { hosts[$0] } ?? Host() }
        next.ejectedCount = next.hosts.count(where: \.isEjected)
        return OutlierDetector(policy, next)
    }

    private init(_ policy: OutlierPolicy, _ other: OutlierDetector) {
        self.policy = policy
        hosts = other.hosts
        ejectedCount = other.ejectedCount
        overflowed = other.overflowed
        nextSweep = other.nextSweep
        random = other.random
    }

    /// Counts a result. Returns the ejection that it caused.
    package mutating func record(
        _ host: Int, _ result: OutlierResult, now: MonotonicInstant
    ) -> OutlierTransition? {
        switch result {
        case .response(let status):
            // Whoever answers was reached.
            hosts[host].runLocalOrigin = 0
            return recordAnswer(
                host, isFailure: (500...599).contains(status), isGateway: (502...504).contains(status), now)
        case .localOriginFailure:
            guard policy.splitLocalOriginFailures else {
                return recordAnswer(host, isFailure: true, isGateway: true, now)
            }
            guard !hosts[host].isEjected else { return nil }
            hosts[host].runLocalOrigin += 1
            guard hosts[host].runLocalOrigin == policy.consecutiveLocalOriginFailures else { return nil }
            hosts[host].runLocalOrigin = 0
            return eject(host, .consecutiveLocalOriginFailures, now: now)
        }
    }

    private mutating func recordAnswer(
        _ host: Int, isFailure: Bool, isGateway: Bool, _ now: MonotonicInstant
    ) -> OutlierTransition? {
        if hosts[host].total < .max {
            hosts[host].total += 1
            hosts[host].succeeded += isFailure ? 0 : 1
        }
        guard isFailure else {
            hosts[host].run5xx = 0
            hosts[host].runGateway = 0
            return nil
        }
        guard !hosts[host].isEjected else { return nil }
        hosts[host].runGateway = isGateway ? hosts[host].runGateway + 1 : 0
        hosts[host].run5xx += 1
        return ejectOnRun(host, now)
    }

    /// Both runs are looked at, gateway failures first. A run that has reached its length begins anew, ejected or not.
    private mutating func ejectOnRun(_ host: Int, _ now: MonotonicInstant) -> OutlierTransition? {
        var transition: OutlierTransition?
        if hosts[host].runGateway > 0, hosts[host].runGateway == policy.consecutiveGatewayFailures {
            hosts[host].runGateway = 0
            transition = eject(host, .consecutiveGatewayFailures, now: now)
        }
        if transition == nil, hosts[host].run5xx == policy.consecutive5xx {
            hosts[host].run5xx = 0
            transition = eject(host, .consecutive5xx, now: now)
        }
        // With a threshold of 0 the run is never reset above: it must not overflow.
        hosts[host].run5xx = min(hosts[host].run5xx, 1 << 30)
        hosts[host].runGateway = min(hosts[host].runGateway, 1 << 30)
        return transition
    }

    /// An active check of the host passed.
    package mutating func healthCheckPassed(_ host: Int, now: MonotonicInstant) -> OutlierTransition? {
        guard policy.returnsOnHealthCheck, hosts[host].isEjected else { return nil }
        return giveBack(host, .healthCheck, now: now)
    }

    mutating func eject(_ host: Int, _ reason: OutlierTransition.Reason, now: MonotonicInstant) -> OutlierTransition? {
        guard !hosts[host].isEjected else { return nil }
        guard ejectedCount < policy.maximumEjected(of: hosts.count) else {
            overflowed += 1
            return nil
        }
        ejectedCount += 1
        let longest = max(policy.baseEjectionTime, policy.maximumEjectionTime)
        // Envoy's bound: beyond the longest ejection a greater multiplier would only take longer to decay.
        let present = policy.baseEjectionTime * Int(hosts[host].multiplier)
        if present < longest + policy.baseEjectionTime, hosts[host].multiplier < 1 << 20 {
            hosts[host].multiplier += 1
        }
        hosts[host].isEjected = true
        hosts[host].timesEjected += 1
        let jitter = Int64(random.below(UInt64(max(0, policy.maximumEjectionJitter.wholeNanoseconds)) + 1))
        let duration = policy.ejectionTime(multiplier: Int(hosts[host].multiplier)) + .nanoseconds(jitter)
        hosts[host].returnsAt = now.advanced(by: duration)
        return transition(host, true, reason, now, duration)
    }

    mutating func giveBack(
        _ host: Int, _ reason: OutlierTransition.Reason, now: MonotonicInstant
    ) -> OutlierTransition {
        ejectedCount -= 1
        hosts[host].isEjected = false
        hosts[host].returnedAt = now
        hosts[host].run5xx = 0
        hosts[host].runGateway = 0
        hosts[host].runLocalOrigin = 0
        return transition(host, false, reason, now, .zero)
    }

    private func transition(
        _ host: Int, _ isEjected: Bool, _ reason: OutlierTransition.Reason, _ now: MonotonicInstant,
        _ duration: Duration
    ) -> OutlierTransition {
        OutlierTransition(
            host: host, isEjected: isEjected, reason: reason, at: now, duration: duration,
            timesEjected: Int(hosts[host].timesEjected))
    }
}
