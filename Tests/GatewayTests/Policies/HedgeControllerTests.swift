import Base
import Gateway
import TestKit
import Testing

@Suite struct HedgeControllerTests {
    @Test func aFixedDelay() {
        var hedge = HedgeController(HedgePolicy(.fixed(.milliseconds(30))))
        #expect(hedge.requestStarted() == .milliseconds(30))
        #expect(hedge.tryHedge(copies: 0) == true)
        #expect(hedge.tryHedge(copies: 1) == false, "one copy is the default")
        #expect(hedge.hedged == 1 && hedge.refused == 0)
    }

    @Test func noCopiesNoDelay() {
        var hedge = HedgeController(HedgePolicy(.fixed(.milliseconds(30)), maximumCopies: 0))
        #expect(hedge.requestStarted() == nil)
        #expect(hedge.tryHedge(copies: 0) == false)
    }

    /// Nothing below 20 samples, then the quantile of what was seen, within its bounds.
    @Test(arguments: [(1, 500, 91...101), (95, 500, 95...95), (1, 50, 50...50)])
    func theDelayFollowsTheQuantile(least: Int, most: Int, expected: ClosedRange<Int>) {
        var hedge = HedgeController(
            HedgePolicy(.quantile(fraction: 0.9, least: .milliseconds(least), most: .milliseconds(most))))
        for sample in 1...19 { hedge.record(latency: .milliseconds(sample * 5)) }
        #expect(hedge.requestStarted() == nil)
        hedge.record(latency: .milliseconds(100))
        let delay = hedge.delay ?? .zero
        let low = Duration.milliseconds(expected.lowerBound == 91 ? 90 : expected.lowerBound)
        #expect(delay >= low && delay <= .milliseconds(expected.upperBound), "\(delay)")
    }

    @Test func oldLatenciesAreForgotten() {
        var hedge = HedgeController(
            HedgePolicy(.quantile(fraction: 0.5, least: .zero, most: .seconds(60))))
        for _ in 0..<4000 { hedge.record(latency: .milliseconds(100)) }
        #expect(hedge.delay.map { $0 > .milliseconds(99) } == true)
        for _ in 0..<4000 { hedge.record(latency: .milliseconds(10)) }
        #expect(hedge.delay.map { $0 < .milliseconds(11) } == true)
    }

    /// In any history the copies are at most burst + percent · requests, and never more than `maximumCopies` a request.
    @Test func theBudgetHolds() {
        var refused: UInt64 = 0
        for seed in UInt64(0)..<200 {
            var generator = SeededGenerator(seed: seed)
            let percent = Double(Int.random(in: 0...100, using: &generator))
            let burst = Int.random(in: 1...20, using: &generator)
            let most = Int.random(in: 0...3, using: &generator)
            var hedge = HedgeController(
                HedgePolicy(.fixed(.zero), maximumCopies: most, budgetPercent: percent, burst: burst))
            var copies = 0
            for request in 1...500 {
                _ = hedge.requestStarted()
                var own = 0
                while own < 5, hedge.tryHedge(copies: own) { own += 1 }
                copies += own
                verify(own <= most, "seed \(seed)")
                verify(
                    Double(copies) <= Double(burst) + percent / 100 * Double(request) + 1e-9,
                    "seed \(seed), request \(request): \(copies) copies")
            }
            verify(hedge.hedged == UInt64(copies), "seed \(seed)")
            if most > 0, burst > 1 {
                verify(Double(copies) >= min(500, percent / 100 * 500 - 1), "seed \(seed): the budget is usable")
            }
            refused += hedge.refused
        }
        #expect(refused > 1000)
    }
}
