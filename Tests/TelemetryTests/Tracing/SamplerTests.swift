import Telemetry
import TestKit
import Testing

@Suite struct SamplerTests {
    private func traces(_ count: Int, seed: UInt64 = 0x5EED_0003) -> [TraceID] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in TraceID.random(using: &random) }
    }

    private func parent(sampled: Bool) throws -> TraceContext {
        let header = "00-12345678901234567890123456789012-1234567890123456-0\(sampled ? 1 : 0)"
        let parent = try #require(TraceParent(parsing: header))
        return TraceContext(traceID: parent.traceID, spanID: parent.spanID, flags: parent.flags)
    }

    /// Name, argument, and the decision for no parent, a sampled parent and an unsampled parent.
    @Test(arguments: [
        ("always_on", 1.0, true, true, true),
        ("always_off", 1.0, false, false, false),
        ("traceidratio", 1.0, true, true, true),
        ("traceidratio", 0.0, false, false, false),
        ("parentbased_always_on", 1.0, true, true, false),
        ("parentbased_always_off", 1.0, false, true, false),
        ("parentbased_traceidratio", 0.0, false, true, false),
        ("parentbased_traceidratio", 1.0, true, true, false),
    ])
    func decides(name: String, ratio: Double, root: Bool, sampled: Bool, unsampled: Bool) throws {
        let sampler = try #require(SamplerName(rawValue: name)).sampler(ratio: ratio)
        let (yes, no) = (try parent(sampled: true), try parent(sampled: false))
        for id in traces(50) {
            #expect(sampler.samples(traceID: id, parent: nil) == root)
            #expect(sampler.samples(traceID: id, parent: yes) == sampled)
            #expect(sampler.samples(traceID: id, parent: no) == unsampled)
        }
    }

    /// Within five standard deviations of the binomial distribution; the seed is fixed, so this never flickers.
    @Test(arguments: [0.001, 0.01, 0.1, 0.25, 0.5, 0.9, 0.999])
    func keepsItsShare(ratio: Double) {
        let count = 100_000
        let sampler = Sampler.traceIDRatio(ratio)
        let kept = traces(count).count { sampler.samples(traceID: $0, parent: nil) }
        let deviation = (Double(count) * ratio * (1 - ratio)).squareRoot()
        #expect(abs(Double(kept) - Double(count) * ratio) < 5 * deviation)
    }

    /// What a process with a low ratio keeps, one with a higher ratio keeps too: traces stay whole.
    @Test func higherRatiosKeepWhatLowerOnesKeep() {
        for id in traces(10_000) where Sampler.traceIDRatio(0.1).samples(traceID: id, parent: nil) {
            #expect(Sampler.traceIDRatio(0.3).samples(traceID: id, parent: nil))
        }
    }

    /// The edges of the comparison that OpenTelemetry for Go makes: (low >> 1) < ratio · 2^63.
    @Test func comparesTheLowerHalf() throws {
        let sampler = Sampler.traceIDRatio(0.5)
        let below = try #require(TraceID(high: .max, low: 0x7FFF_FFFF_FFFF_FFFF))
        let above = try #require(TraceID(high: 0, low: 0x8000_0000_0000_0000))
        #expect(sampler.samples(traceID: below, parent: nil))
        #expect(!sampler.samples(traceID: above, parent: nil))
    }
}
