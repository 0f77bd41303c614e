import Base
import Gateway
import TestKit
import Testing

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

@Suite struct OutlierDetectorTests {
    /// Digits are the first digits of answers: 2 → 200, 5 → 500, G → 503, L → a failure of our own.
    private func run(
        _ results: String, _ policy: OutlierPolicy, hosts: Int = 20
    ) -> (OutlierDetector, [OutlierTransition]) {
        var detector = OutlierDetector(policy, hosts: hosts, now: start, seed: 1)
        let transitions = results.compactMap { letter -> OutlierTransition? in
            let result: OutlierResult =
                switch letter {
                case "5": .response(status: 500)
                case "G": .response(status: 503)
                case "L": .localOriginFailure
                default: .response(status: 200)
                }
            return detector.record(0, result, now: start)
        }
        return (detector, transitions)
    }

    @Test(
        arguments: [
            ("5555", nil), ("55555", .consecutive5xx), ("55552555", nil), ("5555G", .consecutive5xx),
            ("LLLLL", .consecutive5xx), ("5L5L5", .consecutive5xx), ("222222222", nil),
        ] as [(String, OutlierTransition.Reason?)])
    func fiveFailuresInARowEject(results: String, reason: OutlierTransition.Reason?) {
        #expect(run(results, OutlierPolicy()).1.map(\.reason) == (reason.map { [$0] } ?? []))
    }

    @Test(
        arguments: [
            ("GGG", .consecutiveGatewayFailures), ("GG5G", nil), ("GG5GGG", .consecutiveGatewayFailures),
            ("GLG", .consecutiveGatewayFailures), ("GG2G", nil), ("5555555", nil),
        ] as [(String, OutlierTransition.Reason?)])
    func threeGatewayFailuresEject(results: String, reason: OutlierTransition.Reason?) {
        var policy = OutlierPolicy()
        policy.consecutive5xx = 0
        policy.consecutiveGatewayFailures = 3
        #expect(run(results, policy).1.map(\.reason) == (reason.map { [$0] } ?? []))
    }

    @Test(
        arguments: [
            ("LLL", .consecutiveLocalOriginFailures), ("LL5L", nil), ("LL2LLL", .consecutiveLocalOriginFailures),
            ("55555", .consecutive5xx), ("5555LL5", .consecutive5xx),
        ] as [(String, OutlierTransition.Reason?)])
    func failuresOfOurOwnCanBeCountedApart(results: String, reason: OutlierTransition.Reason?) {
        var policy = OutlierPolicy()
        policy.splitLocalOriginFailures = true
        policy.consecutiveLocalOriginFailures = 3
        #expect(run(results, policy).1.map(\.reason) == (reason.map { [$0] } ?? []))
    }

    /// (hosts, percent, always one) → how many may be out
    @Test(arguments: [
        (1, 10.0, true, 1), (9, 10, true, 1), (9, 10, false, 0), (10, 10, false, 1), (19, 10, false, 1),
        (20, 10, true, 2), (100, 10, true, 10), (3, 0, false, 0), (3, 0, true, 1), (3, 100, true, 3), (3, 500, true, 3),
        (0, 10, true, 0), (3, .nan, false, 0),
    ])
    func theMaximum(hosts: Int, percent: Double, always: Bool, expected: Int) {
        var policy = OutlierPolicy()
        policy.maximumEjectionPercent = percent
        policy.alwaysEjectOneHost = always
        #expect(policy.maximumEjected(of: hosts) == expected)
    }

    @Test func whatExceedsTheMaximumIsCountedAndBeginsAnew() {
        var detector = OutlierDetector(OutlierPolicy(), hosts: 10, now: start, seed: 1)
        for host in 0..<3 {
            for _ in 0..<9 { _ = detector.record(host, .response(status: 500), now: start) }
        }
        #expect((0..<10).filter { detector.isEjected($0) } == [0])
        #expect(detector.overflowed == 2)
        #expect(detector.record(1, .response(status: 500), now: start) == nil)
        #expect(detector.overflowed == 3, "the run began anew after the fifth: this was the tenth")
    }

    /// 30 s, 60 s, … at most 300 s, each rounded up to the next sweep; a quiet interval takes one step back.
    @Test func ejectionsGrowAndTheMultiplierDecays() {
        var detector = OutlierDetector(OutlierPolicy(), hosts: 1, now: start, seed: 1)
        var now = start
        var lasted: [Int] = []
        for _ in 0..<13 {
            var out: OutlierTransition?
            while out == nil { out = detector.record(0, .response(status: 500), now: now) }
            let from = now
            var transitions: [OutlierTransition] = []
            while transitions.isEmpty {
                now = now.advanced(by: .seconds(1))
                detector.sweep(now: now, into: &transitions)
            }
            #expect(transitions.map(\.reason) == [.timeElapsed])
            lasted.append(Int(from.duration(to: now).components.seconds))
        }
        #expect(lasted == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300, 300])
        #expect(detector.multiplier(0) == 11)
        var transitions: [OutlierTransition] = []
        for expected in [10, 9, 8] {
            now = now.advanced(by: .seconds(10))
            detector.sweep(now: now, into: &transitions)
            #expect(detector.multiplier(0) == expected)
        }
        for _ in 0..<20 {
            now = now.advanced(by: .seconds(10))
            detector.sweep(now: now, into: &transitions)
        }
        #expect(detector.multiplier(0) == 0)
        #expect(transitions.isEmpty)
    }

    @Test func aPassedCheckReturnsTheHost() {
        var (detector, _) = run("55555", OutlierPolicy())
        #expect(detector.healthCheckPassed(0, now: start)?.reason == .healthCheck)
        #expect(detector.healthCheckPassed(0, now: start) == nil)
        #expect(detector.ejectedCount == 0)
        var policy = OutlierPolicy()
        policy.returnsOnHealthCheck = false
        (detector, _) = run("55555", policy)
        #expect(detector.healthCheckPassed(0, now: start) == nil)
        #expect(detector.isEjected(0))
    }

    @Test func jitterIsBoundedAndSpread() {
        var policy = OutlierPolicy()
        policy.maximumEjectionJitter = .seconds(10)
        policy.maximumEjectionPercent = 100
        policy.consecutive5xx = 1
        var detector = OutlierDetector(policy, hosts: 200, now: start, seed: 1)
        let lengths = (0..<200).compactMap { detector.record($0, .response(status: 500), now: start)?.duration }
        #expect(lengths.allSatisfy { $0 >= .seconds(30) && $0 <= .seconds(40) })
        #expect(Set(lengths).count > 190)
    }

    /// Envoy's own example: rates 50, 100, 100, 100, 100 have mean 90, σ 20, and with 1.9 σ the threshold is 52.
    @Test(arguments: [(50, 1.9, true), (53, 1.9, true), (50, 2.0, false), (100, 1.9, false)])
    func successRatesAreCompared(percent: Int, deviations: Double, isEjected: Bool) {
        var policy = OutlierPolicy()
        policy.consecutive5xx = 0
        policy.maximumEjectionPercent = 100
        policy.successRate = OutlierPolicy.SuccessRate()
        policy.successRate?.standardDeviations = deviations
        var detector = OutlierDetector(policy, hosts: 5, now: start, seed: 1)
        for host in 0..<5 {
            for call in 0..<100 {
                let fails = host == 0 && call >= percent
                _ = detector.record(host, .response(status: fails ? 500 : 200), now: start)
            }
        }
        var transitions: [OutlierTransition] = []
        detector.sweep(now: start.advanced(by: .seconds(9)), into: &transitions)
        #expect(transitions.isEmpty, "the sweep is not due")
        detector.sweep(now: start.advanced(by: .seconds(10)), into: &transitions)
        #expect(transitions.map(\.host) == (isEjected ? [0] : []))
        #expect(transitions.allSatisfy { $0.reason == .successRate })
    }

    @Test(arguments: [(84, 50, false), (85, 50, true), (100, 50, true), (100, 49, false)])
    func aShareOfFailuresEjects(failures: Int, calls: Int, isEjected: Bool) {
        var policy = OutlierPolicy()
        policy.consecutive5xx = 0
        policy.failurePercentage = OutlierPolicy.FailurePercentage()
        policy.failurePercentage?.minimumHosts = 1
        var detector = OutlierDetector(policy, hosts: 10, now: start, seed: 1)
        for call in 0..<(calls * 2) {
            let fails = call * 100 < failures * calls * 2
            _ = detector.record(0, .response(status: fails ? 500 : 200), now: start)
            if calls < 50 && call + 1 == calls { break }
        }
        var transitions: [OutlierTransition] = []
        detector.sweep(now: start.advanced(by: .seconds(10)), into: &transitions)
        #expect(transitions.map(\.reason) == (isEjected ? [.failurePercentage] : []))
    }

    @Test func stateIsCarriedToAChangedList() {
        var (detector, _) = run("55555", OutlierPolicy())
        _ = detector.record(7, .response(status: 500), now: start)
        let next = detector.carried(to: 3, policy: OutlierPolicy()) { [7, 0, nil][$0] }
        #expect(!next.isEjected(0) && next.isEjected(1) && !next.isEjected(2))
        #expect(next.ejectedCount == 1)
        #expect(next.multiplier(1) == 1)
    }
}
