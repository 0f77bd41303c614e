import Base
import TestKit
import Testing

@testable import Gateway

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

@Suite struct AdaptiveConcurrencyTests {
    /// (limit, minRTT ms, sample ms) → `l = limit · clamp(minRTT · 1.25 / sample)`; `l + √l`, in [3, 1000]
    @Test(arguments: [
        (100, 10, 10, 136), (100, 10, 25, 57), (100, 10, 1000, 57), (100, 10, 1, 214), (3, 10, 1000, 3),
        (1000, 10, 1, 1000), (64, 8, 10, 72), (4, 10, 0, 10),
    ])
    func theFormula(limit: Int, minimum: Int, sample: Int, expected: Int) {
        let policy = AdaptiveConcurrencyPolicy()
        #expect(
            policy.nextLimit(limit, minimum: .milliseconds(minimum), sample: .milliseconds(sample)) == expected)
    }

    /// Fifty requests at the minimum limit, then the limit grows while latency stays.
    @Test func itMeasuresThenGrows() {
        var control = AdaptiveConcurrency(AdaptiveConcurrencyPolicy(), now: start, seed: 1)
        #expect(control.isMeasuring && control.limit == 3)
        var now = start
        for _ in 0..<50 { serve(&control, 1, .milliseconds(10), &now) }
        #expect(!control.isMeasuring)
        #expect(control.minimumRTT.map { $0 >= .milliseconds(10) && $0 < .milliseconds(11) } == true)
        var limits = [control.limit]
        for _ in 0..<300 {
            serve(&control, 1, .milliseconds(10), &now)
            if control.limit != limits.last { limits.append(control.limit) }
        }
        #expect(limits.starts(with: [3, 5, 8, 13]), "\(limits)")
        #expect(limits == limits.sorted())
    }

    @Test func refusesAboveTheLimit() {
        var control = AdaptiveConcurrency(AdaptiveConcurrencyPolicy(), now: start, seed: 1)
        let permits = (0..<5).compactMap { _ in control.admit(now: start) }
        #expect(permits.count == 3 && control.refused == 2 && control.active == 3)
        control.drop(permits[0])
        #expect(control.admit(now: start) != nil)
        #expect(control.admit(now: start) == nil)
    }

    /// A quiet route is not held at the minimum limit: it ends the measurement with what it has, or with nothing.
    @Test(arguments: [0, 2])
    func aMeasurementEndsAfterItsTime(requests: Int) {
        var control = AdaptiveConcurrency(AdaptiveConcurrencyPolicy(), now: start, seed: 1)
        var now = start
        for _ in 0..<requests { serve(&control, 1, .milliseconds(4), &now) }
        #expect(control.isMeasuring)
        now = start.advanced(by: .seconds(5))
        #expect(control.admit(now: now) != nil)
        #expect(!control.isMeasuring)
        #expect((control.minimumRTT == nil) == (requests == 0))
    }

    @Test func aRequestFromBeforeAMeasurementDoesNotCount() {
        var policy = AdaptiveConcurrencyPolicy()
        policy.measureRequests = 1
        policy.measureInterval = .seconds(1)
        policy.jitterPercent = 0
        var control = AdaptiveConcurrency(policy, now: start, seed: 1)
        var now = start
        serve(&control, 1, .milliseconds(10), &now)
        #expect(!control.isMeasuring)
        let old = control.admit(now: now)
        now = now.advanced(by: .seconds(1))
        serve(&control, 0, .zero, &now)
        let next = control.admit(now: now)
        #expect(control.isMeasuring)
        if let old { control.complete(old, now: now) }
        #expect(control.isMeasuring, "the old request had company")
        now = now.advanced(by: .milliseconds(20))
        if let next { control.complete(next, now: now) }
        #expect(!control.isMeasuring)
        #expect(control.minimumRTT.map { $0 > .milliseconds(19) } == true)
    }

    /// Five updates at the minimum with a latency that stays high: the old minimum is no longer true.
    @Test func aWrongMinimumIsMeasuredAnew() {
        var control = AdaptiveConcurrency(AdaptiveConcurrencyPolicy(), now: start, seed: 1)
        var now = start
        for _ in 0..<50 { serve(&control, 1, .milliseconds(1), &now) }
        var seconds = 0
        while !control.isMeasuring, seconds < 30 {
            for _ in 0..<10 { serve(&control, 1, .milliseconds(100), &now) }
            seconds += 1
        }
        #expect(control.isMeasuring && seconds < 30, "well before the next measurement in 60 s")
        for _ in 0..<60 { serve(&control, 1, .milliseconds(100), &now) }
        #expect(control.minimumRTT.map { $0 > .milliseconds(90) } == true)
        #expect(control.limit > 3)
    }

    /// An upstream with ten places and 10 ms a request, and more clients than it can serve: the limit stays near what
    /// it can carry (where latency is the minimum and its buffer), far below what clients would put on it.
    @Test(arguments: UInt64(0)..<4)
    func itFindsTheCapacityOfAnUpstream(seed: UInt64) {
        var upstream = QueueingUpstream(places: 10, serviceTime: .milliseconds(10), clients: 200, seed: seed)
        upstream.run(until: .seconds(10))
        let settled = upstream.limits.suffix(upstream.limits.count / 2)
        let mean = settled.reduce(0, +) / max(1, settled.count)
        #expect(mean >= 8 && mean <= 40, "seed \(seed): mean limit \(mean)")
        #expect(upstream.served > 10 * 1000 * 8 / 10, "seed \(seed): \(upstream.served) served, 1000 a second go")
        #expect(upstream.control.active == upstream.inFlight, "seed \(seed)")
    }

    private func serve(
        _ control: inout AdaptiveConcurrency, _ count: Int, _ latency: Duration, _ now: inout MonotonicInstant
    ) {
        let permits = (0..<count).compactMap { _ in control.admit(now: now) }
        now = now.advanced(by: latency)
        for permit in permits { control.complete(permit, now: now) }
    }
}
