import Base
import TestKit
import Testing

@testable import Gateway

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

@Suite struct AdaptiveConcurrencyPropertyTests {
    /// Random traffic against a model that keeps each latency and sorts them.
    @Test func agreesWithTheModel() {
        var updates = 0
        for seed in UInt64(0)..<150 {
            var generator = SeededGenerator(seed: seed)
            let policy = randomPolicy(&generator)
            var now = start
            var control = AdaptiveConcurrency(policy, now: now, seed: seed)
            var model = GradientModel(policy: policy, now: now)
            var permits: [AdaptiveConcurrency.Permit] = []
            for step in 0..<1000 {
                now = now.advanced(by: .microseconds(Int.random(in: 0...8000, using: &generator)))
                let place = "seed \(seed), step \(step)"
                if Bool.random(using: &generator) || permits.isEmpty {
                    let permit = control.admit(now: now)
                    verify((permit != nil) == model.admit(now), place)
                    if let permit { permits.append(permit) }
                } else {
                    let permit = permits.remove(at: Int.random(in: 0..<permits.count, using: &generator))
                    if Int.random(in: 0..<10, using: &generator) == 0 {
                        control.drop(permit)
                        model.active -= 1
                    } else {
                        control.complete(permit, now: now)
                        model.complete(permit.startedAt, now)
                    }
                }
                verify(control.active == permits.count && control.active == model.active, place)
                verify(control.limit == model.limit, "\(place): \(control.limit), not \(model.limit)")
                verify(control.minimumRTT == model.minimumRTT, place)
                verify(control.isMeasuring == model.isMeasuring, place)
                let least = max(1, policy.minimumLimit)
                verify(control.limit >= least && control.limit <= max(least, policy.maximumLimit), place)
            }
            updates += model.updates
        }
        #expect(updates > 1000, "the histories must move the limit")
    }

    private func randomPolicy(_ generator: inout SeededGenerator) -> AdaptiveConcurrencyPolicy {
        var policy = AdaptiveConcurrencyPolicy()
        policy.sampleQuantile = Double.random(in: 0...1, using: &generator)
        policy.updateInterval = .milliseconds(Int.random(in: 1...200, using: &generator))
        policy.minimumLimit = Int.random(in: -1...6, using: &generator)
        policy.maximumLimit = Int.random(in: 1...50, using: &generator)
        policy.measureInterval = .milliseconds(Int.random(in: 100...3000, using: &generator))
        policy.jitterPercent = 0
        policy.measureRequests = Int.random(in: 0...20, using: &generator)
        policy.measureTimeout = .milliseconds(Int.random(in: 10...400, using: &generator))
        return policy
    }
}

private struct GradientModel {
    let policy: AdaptiveConcurrencyPolicy
    var limit: Int
    var active = 0
    var minimumRTT: Duration?
    var isMeasuring = true
    var updates = 0
    private var samples: [Duration] = []
    private var heldLimit: Int
    private var measuringSince: MonotonicInstant
    private var measureDue: MonotonicInstant
    private var updateDue: MonotonicInstant
    private var stuck = 0

    init(policy: AdaptiveConcurrencyPolicy, now: MonotonicInstant) {
        self.policy = policy
        limit = max(1, policy.minimumLimit)
        heldLimit = limit
        measuringSince = now
        measureDue = now
        updateDue = now
    }

    mutating func admit(_ now: MonotonicInstant) -> Bool {
        advance(now)
        if active < limit { active += 1 } else { return false }
        return true
    }

    mutating func complete(_ startedAt: MonotonicInstant, _ now: MonotonicInstant) {
        active -= 1
        if startedAt >= measuringSince { samples.append(startedAt.duration(to: now)) }
        advance(now)
    }

    /// The bucket's upper bound of the sample of that rank.
    private var quantile: Duration? {
        guard !samples.isEmpty else { return nil }
        let rank = min(samples.count, max(1, Int((policy.sampleQuantile * Double(samples.count)).rounded(.up))))
        let sample = samples.sorted()[rank - 1]
        return LatencyHistogram.upperBound(of: LatencyHistogram.bucket(of: sample))
    }

    private mutating func advance(_ now: MonotonicInstant) {
        if isMeasuring {
            guard
                samples.count >= max(1, policy.measureRequests)
                    || measuringSince.duration(to: now) >= policy.measureTimeout
            else { return }
            minimumRTT = quantile ?? minimumRTT
            (samples, limit, isMeasuring) = ([], heldLimit, false)
            measureDue = now.advanced(by: policy.measureInterval)
            updateDue = now.advanced(by: policy.updateInterval)
        } else if now >= measureDue {
            (heldLimit, limit, isMeasuring) = (limit, max(1, policy.minimumLimit), true)
            (measuringSince, samples, stuck) = (now, [], 0)
        } else if now >= updateDue {
            updateDue = now.advanced(by: policy.updateInterval)
            guard let minimumRTT, let sample = quantile else { return }
            samples = []
            updates += 1
            let least = max(1, policy.minimumLimit)
            let gradient = min(2, max(0.5, minimumRTT.inSeconds * 1.25 / sample.inSeconds))
            let next = Double(limit) * gradient + (Double(limit) * gradient).squareRoot()
            let bounded = min(max(least, policy.maximumLimit), max(least, Int(next)))
            stuck = limit == least && bounded == least ? stuck + 1 : 0
            limit = bounded
            if stuck >= 5 { measureDue = now }
        }
    }
}
