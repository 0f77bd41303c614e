import Base
import Gateway
import TestKit
import Testing

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

@Suite struct HealthCheckStateTests {
    /// `+` and `-` are results; the states after each: H healthy, U unhealthy. fall 3, rise 2.
    @Test(arguments: [
        ("+", "H"), ("-", "U"), ("+--+---", "HHHHHHU"), ("-+-++", "UUUUH"), ("+---++", "HHHUUH"), ("-----+", "UUUUUU"),
        ("+--+--+--", "HHHHHHHHH"),
    ])
    func thresholds(results: String, states: String) {
        var generator = SeededGenerator(seed: 1)
        let policy = HealthCheckPolicy()
        var state = HealthCheckState(policy, now: start, using: &generator)
        #expect(state.health == .unknown)
        var seen = ""
        var last = HealthCheckState.Health.unknown
        for result in results {
            let transition = state.record(passed: result == "+", policy, now: start, using: &generator)
            #expect((transition != nil) == (state.health != last))
            #expect(transition == nil || (transition?.from == last && transition?.to == state.health))
            last = state.health
            seen += state.health == .healthy ? "H" : "U"
        }
        #expect(seen == states)
    }

    /// The results, then the seconds to the next check: 5 when all is well, 1 at an edge, 20 while down.
    @Test(arguments: [("+", 5), ("+-", 1), ("+--", 1), ("+---", 20), ("-", 20), ("-+", 1), ("-++", 5), ("+-+", 5)])
    func intervals(results: String, seconds: Int) {
        var generator = SeededGenerator(seed: 1)
        var policy = HealthCheckPolicy()
        policy.jitterPercent = 0
        policy.edgeInterval = .seconds(1)
        policy.unhealthyInterval = .seconds(20)
        var state = HealthCheckState(policy, now: start, using: &generator)
        #expect(state.nextCheck == start)
        for result in results { _ = state.record(passed: result == "+", policy, now: start, using: &generator) }
        #expect(state.nextCheck == start.advanced(by: .seconds(seconds)))
    }

    @Test func jitterSpreadsTheChecks() {
        var generator = SeededGenerator(seed: 1)
        var policy = HealthCheckPolicy()
        policy.jitterPercent = 20
        policy.initialJitter = .seconds(2)
        var waits: [Duration] = []
        for _ in 0..<2000 {
            var state = HealthCheckState(policy, now: start, using: &generator)
            verify(state.nextCheck >= start && state.nextCheck <= start.advanced(by: .seconds(2)), "\(state.nextCheck)")
            _ = state.record(passed: true, policy, now: start, using: &generator)
            waits.append(start.duration(to: state.nextCheck))
        }
        #expect(waits.allSatisfy { $0 >= .seconds(5) && $0 <= .seconds(6) })
        #expect(waits.contains { $0 < .milliseconds(5100) } && waits.contains { $0 > .milliseconds(5900) })
    }

    /// The state turns exactly when the last `threshold` results since it began all speak against it.
    @Test func agreesWithAList() {
        for seed in UInt64(0)..<300 {
            var generator = SeededGenerator(seed: seed)
            var policy = HealthCheckPolicy()
            policy.unhealthyThreshold = Int.random(in: -1...4, using: &generator)
            policy.healthyThreshold = Int.random(in: -1...4, using: &generator)
            var state = HealthCheckState(policy, now: start, using: &generator)
            var isUp: Bool?
            var list: [Bool] = []
            for step in 0..<100 {
                let passed = Bool.random(using: &generator)
                _ = state.record(passed: passed, policy, now: start, using: &generator)
                list.append(passed)
                if let up = isUp {
                    let needed = max(1, up ? policy.unhealthyThreshold : policy.healthyThreshold)
                    if list.suffix(needed).count(where: { $0 != up }) == needed {
                        isUp = !up
                        list = []
                    }
                } else {
                    isUp = passed
                    list = []
                }
                verify(state.health == (isUp == true ? .healthy : .unhealthy), "seed \(seed), step \(step)")
            }
        }
    }
}
