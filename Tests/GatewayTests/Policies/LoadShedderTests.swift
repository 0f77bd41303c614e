import Base
import Gateway
import TestKit
import Testing

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

@Suite struct LoadShedderTests {
    /// Four priorities over [0.8, 1]: bands of 0.05, the least important first.
    @Test(arguments: [
        (3, 0.80, 0.0), (3, 0.825, 0.5), (3, 0.85, 1), (2, 0.85, 0), (2, 0.875, 0.5), (1, 0.9, 0), (1, 0.925, 0.5),
        (0, 0.95, 0), (0, 0.975, 0.5), (0, 1, 1), (0, 7, 1), (3, 0, 0), (99, 0.825, 0.5), (-4, 0.975, 0.5),
        (3, .nan, 0),
    ])
    func theProbability(priority: Int, utilisation: Double, expected: Double) {
        let policy = LoadSheddingPolicy()
        #expect(abs(policy.probability(priority: priority, utilisation: utilisation) - expected) < 1e-9)
    }

    @Test func itIsMonotoneAndContinuous() {
        for seed in UInt64(0)..<200 {
            var generator = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...16, using: &generator)
            let policy = LoadSheddingPolicy(
                priorities: count, start: Double.random(in: 0...0.95, using: &generator))
            let slope = Double(count) / (1 - policy.start)
            var before = [Double](repeating: 0, count: count)
            for step in 0...110 {
                let utilisation = Double(step) / 100
                let now = (0..<count).map { policy.probability(priority: $0, utilisation: utilisation) }
                for priority in 0..<count {
                    verify(now[priority] >= before[priority], "seed \(seed): falls with utilisation")
                    verify(now[priority] - before[priority] <= slope * 0.0101, "seed \(seed): jumps")
                    if priority > 0, now[priority - 1] > 1e-9 {
                        verify(now[priority] > 1 - 1e-9, "seed \(seed): a lower priority passes")
                    }
                }
                before = now
            }
            verify(before.allSatisfy { $0 == 1 }, "seed \(seed): full sheds everything")
        }
    }

    @Test(arguments: [(80, 0.0), (82, 0.4), (84, 0.8), (90, 1)])
    func shedsAsOftenAsItSays(active: Int, share: Double) {
        var shedder = LoadShedder(LoadSheddingPolicy(), now: start, seed: 3)
        let shed = (0..<20_000).count { _ in
            shedder.decide(priority: 3, active: active, limit: 100, now: start) != .admit
        }
        let tolerance = 5 * (20_000 * share * (1 - share)).squareRoot()
        #expect(abs(Double(shed) - 20_000 * share) <= tolerance)
        #expect(shedder.shedCount == UInt64(shed))
    }

    @Test func retryAfterGrowsAndSpreads() {
        var shedder = LoadShedder(LoadSheddingPolicy(), now: start, seed: 3)
        func waits(_ active: Int) -> [Duration] {
            (0..<2000).compactMap { _ in
                guard case .shed(let wait) = shedder.decide(priority: 3, active: active, limit: 1000, now: start)
                else { return nil }
                return wait
            }
        }
        let (few, all) = (waits(810), waits(1000))
        #expect(few.allSatisfy { $0 >= .milliseconds(2799) && $0 <= .milliseconds(4201) }, "1 + 9 · 0.2 = 2.8 s")
        #expect(all.allSatisfy { $0 >= .milliseconds(9999) && $0 <= .milliseconds(15_001) })
        #expect(Set(all).count > 1000)
    }

    /// A burst that drains within the interval sheds nothing; a queue that stands sheds, and stops shedding when it is
    /// gone.
    @Test func onlyAStandingQueueCounts() {
        var shedder = LoadShedder(LoadSheddingPolicy(priorities: 1), now: start, seed: 3)
        var now = start
        func interval(_ delays: [Int]) -> Double {
            for delay in delays {
                shedder.recordDelay(.milliseconds(delay), now: now)
                now = now.advanced(by: .milliseconds(100) / delays.count)
            }
            return shedder.utilisation(active: 0, limit: 0, now: now)
        }
        #expect(abs(interval([40, 30, 5, 40]) - 0.8) < 1e-9, "the least of it is the target")
        #expect(abs(interval([60, 50, 70, 90]) - 1) < 1e-9)
        #expect(shedder.decide(priority: 0, active: 0, limit: 10, now: now) != .admit)
        #expect(abs(interval([10, 0, 200, 10])) < 1e-9)
        #expect(shedder.decide(priority: 0, active: 0, limit: 10, now: now) == .admit)
        _ = interval([90, 90])
        now = now.advanced(by: .seconds(10))
        #expect(shedder.utilisation(active: 0, limit: 0, now: now) == 0, "nothing was queued since")
    }

    @Test(arguments: [(0, 0.0), (1, 0.16), (5, 0.8), (50, 1), (95, 1.2)])
    func thePressureOfADelay(milliseconds: Int, expected: Double) {
        #expect(abs(LoadSheddingPolicy().pressure(standingDelay: .milliseconds(milliseconds)) - expected) < 1e-9)
    }
}
