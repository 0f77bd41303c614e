import Base
import Gateway
import TestKit
import Testing

/// Random answers through the detector and a model that keeps every result in a list and counts from scratch.
@Suite struct OutlierDetectorPropertyTests {
    @Test func agreesWithTheModel() {
        var ejections = 0
        var reasons: Set<OutlierTransition.Reason> = []
        for seed in UInt64(0)..<300 {
            var generator = SeededGenerator(seed: seed)
            let policy = randomPolicy(&generator)
            let count = Int.random(in: 1...15, using: &generator)
            var now = MonotonicInstant(nanoseconds: 7_000_000_000)
            var detector = OutlierDetector(policy, hosts: count, now: now, seed: seed)
            var model = OutlierModel(policy: policy, hosts: count, now: now)
            for step in 0..<600 {
                now = now.advanced(by: .milliseconds(Int.random(in: 0...400, using: &generator)))
                let host = Int.random(in: 0..<count, using: &generator)
                var seen: [OutlierTransition] = []
                var expected: [OutlierModel.Change] = []
                switch Int.random(in: 0..<100, using: &generator) {
                case 0..<10:
                    detector.sweep(now: now, into: &seen)
                    expected = model.sweep(now: now)
                case 10:
                    if let back = detector.healthCheckPassed(host, now: now) { seen = [back] }
                    expected = model.healthCheckPassed(host, now: now)
                default:
                    let result = randomResult(host, &generator)
                    if let out = detector.record(host, result, now: now) { seen = [out] }
                    expected = model.record(host, result, now: now)
                }
                let place = "seed \(seed), step \(step)"
                verify(seen.map { OutlierModel.Change($0.host, $0.reason) } == expected, "\(place)")
                verify((0..<count).allSatisfy { detector.isEjected($0) == model.isOut($0) }, "\(place)")
                verify((0..<count).allSatisfy { detector.multiplier($0) == model.multipliers[$0] }, "\(place)")
                verify(detector.ejectedCount <= policy.maximumEjected(of: count), "\(place)")
                ejections += seen.count(where: \.isEjected)
                reasons.formUnion(seen.map(\.reason))
            }
        }
        #expect(ejections > 1000, "the histories must eject")
        #expect(reasons == Set(OutlierTransition.Reason.allCases))
    }

    private func randomPolicy(_ generator: inout SeededGenerator) -> OutlierPolicy {
        var policy = OutlierPolicy()
        policy.consecutive5xx = Int.random(in: 0...5, using: &generator)
        policy.consecutiveGatewayFailures = Int.random(in: 0...4, using: &generator)
        policy.splitLocalOriginFailures = Bool.random(using: &generator)
        policy.consecutiveLocalOriginFailures = Int.random(in: 0...3, using: &generator)
        policy.interval = .seconds(Int.random(in: 1...5, using: &generator))
        policy.baseEjectionTime = .seconds(Int.random(in: 1...10, using: &generator))
        policy.maximumEjectionTime = .seconds(Int.random(in: 1...40, using: &generator))
        policy.maximumEjectionPercent = Double(Int.random(in: 0...100, using: &generator))
        policy.alwaysEjectOneHost = Bool.random(using: &generator)
        if Bool.random(using: &generator) {
            var rule = OutlierPolicy.SuccessRate()
            rule.minimumHosts = Int.random(in: 0...3, using: &generator)
            rule.requestVolume = Int.random(in: 0...5, using: &generator)
            rule.standardDeviations = Double.random(in: 0.5...2, using: &generator)
            policy.successRate = rule
        }
        if Bool.random(using: &generator) {
            var rule = OutlierPolicy.FailurePercentage()
            rule.minimumHosts = Int.random(in: 0...3, using: &generator)
            rule.requestVolume = Int.random(in: 0...5, using: &generator)
            rule.threshold = Double.random(in: 40...100, using: &generator)
            policy.failurePercentage = rule
        }
        return policy
    }

    /// Hosts with low numbers fail often.
    private func randomResult(_ host: Int, _ generator: inout SeededGenerator) -> OutlierResult {
        guard Int.random(in: 0..<(host + 3), using: &generator) < 2 else { return .response(status: 204) }
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: return .response(status: 500)
        case 1: return .response(status: Int.random(in: 502...504, using: &generator))
        default: return .localOriginFailure
        }
    }
}

private struct OutlierModel {
    struct Change: Equatable {
        let host: Int
        let reason: OutlierTransition.Reason
        init(_ host: Int, _ reason: OutlierTransition.Reason) {
            self.host = host
            self.reason = reason
        }
    }

    let policy: OutlierPolicy
    /// Since the last reset of the run in question, oldest first.
    var since5xx: [[OutlierResult]]
    var sinceGateway: [[OutlierResult]]
    var sinceLocal: [[OutlierResult]]
    var ofInterval: [[OutlierResult]]
    var outUntil: [MonotonicInstant?]
    var backSince: [MonotonicInstant?]
    var multipliers: [Int]
    var sweepDue: MonotonicInstant

    init(policy: OutlierPolicy, hosts: Int, now: MonotonicInstant) {
        self.policy = policy
        since5xx = Array(repeating: [], count: hosts)
        sinceGateway = since5xx
        sinceLocal = since5xx
        ofInterval = since5xx
        outUntil = Array(repeating: nil, count: hosts)
        backSince = outUntil
        multipliers = Array(repeating: 0, count: hosts)
        sweepDue = now.advanced(by: policy.interval)
    }

    func isOut(_ host: Int) -> Bool { outUntil[host] != nil }

    private func isExternal(_ result: OutlierResult) -> Bool {
        !(policy.splitLocalOriginFailures && result == .localOriginFailure)
    }
    private func is5xx(_ result: OutlierResult) -> Bool {
        if case .response(let status) = result { return status >= 500 }
        return isExternal(result)
    }
    private func isGateway(_ result: OutlierResult) -> Bool {
        if case .response(let status) = result { return status >= 502 && status <= 504 }
        return isExternal(result)
    }
    private func isLocal(_ result: OutlierResult) -> Bool { !isExternal(result) }

    private func tail(_ results: [OutlierResult], _ matches: (OutlierResult) -> Bool) -> Int {
        results.reversed().prefix(while: matches).count
    }

    mutating func record(_ host: Int, _ result: OutlierResult, now: MonotonicInstant) -> [Change] {
        if isExternal(result) { ofInterval[host].append(result) }
        if isOut(host) { return [] }
        var changes: [Change] = []
        sinceLocal[host].append(result)
        if isExternal(result) {
            since5xx[host].append(result)
            sinceGateway[host].append(result)
        } else if tail(sinceLocal[host], isLocal) == policy.consecutiveLocalOriginFailures {
            sinceLocal[host] = []
            return eject(host, .consecutiveLocalOriginFailures, now)
        }
        guard isExternal(result) else { return [] }
        if isGateway(result), tail(sinceGateway[host], isGateway) == policy.consecutiveGatewayFailures {
            sinceGateway[host] = []
            changes += eject(host, .consecutiveGatewayFailures, now)
        }
        if !isOut(host), is5xx(result), tail(since5xx[host], is5xx) == policy.consecutive5xx {
            since5xx[host] = []
            changes += eject(host, .consecutive5xx, now)
        }
        return changes
    }

    private mutating func eject(_ host: Int, _ reason: OutlierTransition.Reason, _ now: MonotonicInstant) -> [Change] {
        guard !isOut(host) else { return [] }
        let out = outUntil.count { $0 != nil } + 1
        let fits = Double(out) * 100 <= policy.maximumEjectionPercent * Double(outUntil.count)
        guard fits || (policy.alwaysEjectOneHost && out == 1) else { return [] }
        let most = max(policy.baseEjectionTime, policy.maximumEjectionTime)
        if policy.baseEjectionTime * multipliers[host] < most + policy.baseEjectionTime { multipliers[host] += 1 }
        outUntil[host] = now.advanced(by: min(policy.baseEjectionTime * multipliers[host], most))
        return [Change(host, reason)]
    }

    private mutating func giveBack(_ host: Int, now: MonotonicInstant) {
        outUntil[host] = nil
        backSince[host] = now
        since5xx[host] = []
        sinceGateway[host] = []
        sinceLocal[host] = []
    }

    mutating func healthCheckPassed(_ host: Int, now: MonotonicInstant) -> [Change] {
        guard isOut(host) else { return [] }
        giveBack(host, now: now)
        return [Change(host, .healthCheck)]
    }

    mutating func sweep(now: MonotonicInstant) -> [Change] {
        guard now >= sweepDue else { return [] }
        sweepDue = now.advanced(by: policy.interval)
        var changes: [Change] = []
        for host in outUntil.indices {
            if let until = outUntil[host], until <= now {
                giveBack(host, now: now)
                changes.append(Change(host, .timeElapsed))
            }
        }
        changes += compare(now)
        for host in outUntil.indices {
            ofInterval[host] = []
            if !isOut(host), let back = backSince[host], back.duration(to: now) >= policy.interval {
                multipliers[host] = max(0, multipliers[host] - 1)
            }
        }
        return changes
    }

    private func rates(volume: Int) -> [(host: Int, rate: Double)] {
        outUntil.indices.compactMap { host in
            let results = ofInterval[host]
            guard !isOut(host), !results.isEmpty, results.count >= volume else { return nil }
            return (host, Double(results.count { !is5xx($0) }) * 100 / Double(results.count))
        }
    }

    private mutating func compare(_ now: MonotonicInstant) -> [Change] {
        var changes: [Change] = []
        if let rule = policy.successRate {
            let rates = rates(volume: rule.requestVolume)
            if !rates.isEmpty, rates.count >= rule.minimumHosts {
                let mean = rates.reduce(0) { $0 + $1.rate } / Double(rates.count)
                let variance = rates.reduce(0) { $0 + ($1.rate - mean) * ($1.rate - mean) } / Double(rates.count)
                for (host, rate) in rates where rate < mean - rule.standardDeviations * variance.squareRoot() {
                    changes += eject(host, .successRate, now)
                }
            }
        }
        if let rule = policy.failurePercentage {
            let rates = rates(volume: rule.requestVolume)
            if rates.count >= rule.minimumHosts {
                for (host, rate) in rates where 100 - rate >= rule.threshold {
                    changes += eject(host, .failurePercentage, now)
                }
            }
        }
        return changes
    }
}
