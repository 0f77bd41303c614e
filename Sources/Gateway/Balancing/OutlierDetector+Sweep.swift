package import Base

extension OutlierDetector {
    /// The work of every `interval`, in Envoy's order: return hosts whose time is over, compare the interval's rates,
    /// let multipliers decay. Appends the transitions. Nothing before `nextSweep`; a late sweep counts as one.
    package mutating func sweep(now: MonotonicInstant, into transitions: inout [OutlierTransition]) {
        guard now >= nextSweep else { return }
        let interval = max(.milliseconds(1), policy.interval)
        nextSweep = now.advanced(by: interval)
        for host in hosts.indices where hosts[host].isEjected && now >= hosts[host].returnsAt {
            transitions.append(giveBack(host, .timeElapsed, now: now))
        }
        if let rule = policy.successRate { compareSuccessRates(rule, now: now, &transitions) }
        if let rule = policy.failurePercentage { compareFailures(rule, now: now, &transitions) }
        for host in hosts.indices {
            hosts[host].succeeded = 0
            hosts[host].total = 0
            guard !hosts[host].isEjected, let back = hosts[host].returnedAt, back.duration(to: now) >= interval else {
                continue
            }
            hosts[host].multiplier = max(0, hosts[host].multiplier - 1)
        }
    }

    private mutating func compareSuccessRates(
        _ rule: OutlierPolicy.SuccessRate, now: MonotonicInstant, _ transitions: inout [OutlierTransition]
    ) {
        var count = 0
        var sum = 0.0
        for host in hosts where host.isComparable(rule.requestVolume) {
            count += 1
            sum += host.successRate
        }
        guard count > 0, count >= rule.minimumHosts else { return }
        let mean = sum / Double(count)
        var squares = 0.0
        for host in hosts where host.isComparable(rule.requestVolume) {
            squares += (host.successRate - mean) * (host.successRate - mean)
        }
        let threshold = mean - rule.standardDeviations * (squares / Double(count)).squareRoot()
        for host in hosts.indices
        where hosts[host].isComparable(rule.requestVolume) && hosts[host].successRate < threshold {
            if let transition = eject(host, .successRate, now: now) { transitions.append(transition) }
        }
    }

    private mutating func compareFailures(
        _ rule: OutlierPolicy.FailurePercentage, now: MonotonicInstant, _ transitions: inout [OutlierTransition]
    ) {
        let count = hosts.count { $0.isComparable(rule.requestVolume) }
        guard count >= rule.minimumHosts else { return }
        for host in hosts.indices
        where hosts[host].isComparable(rule.requestVolume) && 100 - hosts[host].successRate >= rule.threshold {
            if let transition = eject(host, .failurePercentage, now: now) { transitions.append(transition) }
        }
    }
}

extension OutlierDetector.Host {
    /// Percent of the interval's requests.
    fileprivate var successRate: Double { Double(succeeded) * 100 / Double(total) }

    /// Hosts that are out take no part.
    fileprivate func isComparable(_ volume: Int) -> Bool { !isEjected && total > 0 && Int(total) >= volume }
}
