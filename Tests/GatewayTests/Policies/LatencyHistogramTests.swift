import Base
import TestKit
import Testing

@testable import Gateway

@Suite struct LatencyHistogramTests {
    @Test(arguments: [0, 1, 15, 16, 31, 32, 33, 63, 64, 1000, 123_456, 4_294_967_294])
    func bucketsAreContiguousAndNarrow(micros: Int) {
        let bucket = LatencyHistogram.bucket(of: .microseconds(micros))
        let upper = LatencyHistogram.upperBound(of: bucket)
        #expect(upper > .microseconds(micros))
        #expect(LatencyHistogram.bucket(of: upper - .microseconds(1)) == bucket)
        #expect(upper <= .microseconds(micros + 1) || upper <= .microseconds(micros) * 1.0626)
    }

    @Test(arguments: [Duration.seconds(-5), .zero, .seconds(1_000_000), .nanoseconds(Int64.max)])
    func extremesHaveABucket(latency: Duration) {
        #expect((0..<LatencyHistogram.bucketCount).contains(LatencyHistogram.bucket(of: latency)))
    }

    @Test func quantilesBoundTheTruthFromAbove() {
        for seed in UInt64(0)..<50 {
            var generator = SeededGenerator(seed: seed)
            var histogram = LatencyHistogram()
            var list: [Duration] = []
            for _ in 0..<Int.random(in: 1...300, using: &generator) {
                let magnitude = Int.random(in: 1...30, using: &generator)
                let latency = Duration.microseconds(Int.random(in: 0...(1 << magnitude), using: &generator))
                list.append(latency)
                histogram.record(latency)
            }
            list.sort()
            for fraction in [0.0, 0.1, 0.5, 0.9, 0.99, 1] {
                let rank = max(1, Int((fraction * Double(list.count)).rounded(.up)))
                let truth = list[rank - 1]
                let seen = histogram.quantile(fraction) ?? .zero
                verify(
                    seen >= truth && seen <= truth * 1.0626 + .microseconds(1),
                    "seed \(seed), \(fraction): \(seen), not \(truth)")
            }
        }
    }

    @Test func decayHalvesAndEmptyIsNil() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for _ in 0..<8 { histogram.record(.milliseconds(3)) }
        histogram.record(.seconds(1))
        histogram.decay()
        #expect(histogram.count == 4)
        #expect(histogram.quantile(1).map { $0 < .milliseconds(4) } == true, "a single sample is forgotten")
        histogram.removeAll()
        #expect(histogram.quantile(0.5) == nil && histogram.count == 0)
    }
}
