import Base
import Resilience
import Settings
import TestKit
import Testing

@Suite struct RollbackWatchTests {
    private static let start = MonotonicInstant(nanoseconds: 5_000_000_000)

    private static func at(_ seconds: Int) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }

    /// Feeds one sample a second and tells when the breach was told.
    private func breach(
        _ policy: RollbackPolicy, _ samples: [RollbackSample], _ origin: RollbackWatch.Origin = .reload
    ) -> (second: Int, breach: RollbackBreach)? {
        var watch = RollbackWatch(policy, now: RollbackWatchTests.start)
        watch.begin(origin, policy: policy, now: RollbackWatchTests.start)
        for (index, sample) in samples.enumerated() {
            if case .breach(let breach) = watch.record(sample, now: RollbackWatchTests.at(index + 1)) {
                return (index + 1, breach)
            }
        }
        return nil
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let policy: RollbackPolicy
        let samples: [RollbackSample]
        /// The second in which the breach is told; nil: never.
        let second: Int?
        var testDescription: String { name }

        init(_ name: String, _ policy: RollbackPolicy, _ samples: [RollbackSample], breach second: Int?) {
            self.name = name
            self.policy = policy
            self.samples = samples
            self.second = second
        }
    }

    private static func repeated(_ count: Int, _ requests: Int, _ failures: Int = 0, slow: Int = 0) -> [RollbackSample]
    {
        Array(repeating: RollbackSample(requests: requests, failures: failures, slow: slow), count: count)
    }

    private static let fast = RollbackPolicy(
        window: .seconds(60), maxErrorRate: 0.05, maxLatencyP99: .milliseconds(250), minimumRequests: 100)

    static let cases = [
        Case("all is well", fast, repeated(60, 1000, 50, slow: 10), breach: nil),
        Case("everything fails at once", fast, repeated(1, 100, 100), breach: 1),
        Case("one above the error rate", fast, repeated(1, 100, 6), breach: 1),
        Case("at the error rate exactly", fast, repeated(60, 100, 5), breach: nil),
        Case("the 99th percentile is above", fast, repeated(1, 1000, slow: 11), breach: 1),
        Case("the 99th percentile is at the limit", fast, repeated(60, 1000, slow: 10), breach: nil),
        Case("too few to judge, then enough", fast, repeated(20, 30, 30), breach: 4),
        Case("never enough", fast, repeated(3, 30, 30), breach: nil),
        Case("nobody asks", fast, repeated(60, 0), breach: nil),
        Case(
            "one bad second among ten", fast, repeated(10, 100) + repeated(1, 100, 50) + repeated(40, 100), breach: nil),
        Case("bad from second 31 on", fast, repeated(30, 100) + repeated(30, 100, 20), breach: 33),
        Case("bad in the last second of the window", fast, repeated(59, 100) + repeated(1, 1000, 900), breach: 60),
        Case("bad after the window", fast, repeated(60, 100) + repeated(60, 100, 100), breach: nil),
        Case(
            "latency is not watched", RollbackPolicy(window: .seconds(60), minimumRequests: 1),
            repeated(60, 10, slow: 10), breach: nil),
        Case(
            "errors are not watched", RollbackPolicy(window: .seconds(60), maxErrorRate: 1, minimumRequests: 1),
            repeated(60, 10, 10), breach: nil),
        Case(
            "29 % is not above 29 %", RollbackPolicy(window: .seconds(60), maxErrorRate: 0.29, minimumRequests: 1),
            repeated(60, 100, 29), breach: nil),
        Case("counts that cannot be are bounded", fast, [RollbackSample(requests: 100, failures: .max)], breach: 1),
        Case("counts below zero are none", fast, [RollbackSample(requests: -5, failures: -7)], breach: nil),
    ]

    @Test(arguments: cases)
    func tellsTheBreach(_ each: Case) {
        #expect(breach(each.policy, each.samples)?.second == each.second)
    }

    @Test(arguments: [RollbackWatch.Origin.start, .rollback])
    func neitherAFirstGenerationNorARollbackIsTakenBack(origin: RollbackWatch.Origin) {
        #expect(breach(RollbackWatchTests.fast, RollbackWatchTests.repeated(60, 100, 100), origin) == nil)
    }

    @Test func aBreachIsToldOnceAGeneration() {
        var watch = RollbackWatch(RollbackWatchTests.fast, now: RollbackWatchTests.start)
        var told = 0
        for generation in 0..<3 {
            let begin = generation * 100
            // A good stretch before each, so that the reload is not somebody's remedy.
            for second in 0..<20 {
                _ = watch.record(RollbackSample(requests: 100), now: RollbackWatchTests.at(begin + second))
            }
            watch.begin(.reload, policy: RollbackWatchTests.fast, now: RollbackWatchTests.at(begin + 20))
            for second in 21..<60 {
                let bad = RollbackSample(requests: 100, failures: 90)
                if watch.record(bad, now: RollbackWatchTests.at(begin + second)) != .none { told += 1 }
            }
        }
        #expect(told == 3)
    }

    /// Somebody reloads because it is broken already: what was before is no better.
    @Test func aRemedyIsNotTakenBack() {
        var watch = RollbackWatch(RollbackWatchTests.fast, now: RollbackWatchTests.start)
        let bad = RollbackSample(requests: 100, failures: 90)
        for second in 1...20 { _ = watch.record(bad, now: RollbackWatchTests.at(second)) }
        watch.begin(.reload, policy: RollbackWatchTests.fast, now: RollbackWatchTests.at(20))
        #expect(!watch.isWatching(now: RollbackWatchTests.at(20)))
        for second in 21...60 { #expect(watch.record(bad, now: RollbackWatchTests.at(second)) == .none) }
        // The next one, from a good state, is watched again.
        for second in 61...90 {
            _ = watch.record(RollbackSample(requests: 100), now: RollbackWatchTests.at(second))
        }
        watch.begin(.reload, policy: RollbackWatchTests.fast, now: RollbackWatchTests.at(90))
        #expect(watch.record(bad, now: RollbackWatchTests.at(91)) != .none)
    }

    @Test func theReasonHasTheFigures() {
        let errors = breach(RollbackWatchTests.fast, RollbackWatchTests.repeated(4, 100, 15))?.breach
        #expect(
            errors?.description == "15 of 100 requests failed within 1s: 15.0 %, more than maxErrorRate 5.0 %")
        let slow = breach(RollbackWatchTests.fast, RollbackWatchTests.repeated(4, 50, slow: 4))?.breach
        #expect(
            slow?.description
                == "8 of 100 requests within 2s took longer than maxLatencyP99 250ms: 8.0 %, more than 1 %")
    }

    /// Against the definition: the shortest run of latest samples that is enough, or all since the reload.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func asTheDefinitionSays(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let policy = RollbackPolicy(
            window: .seconds(Int.random(in: 5...60, using: &random)), maxErrorRate: 0.1,
            maxLatencyP99: .milliseconds(100), minimumRequests: Int.random(in: 1...200, using: &random))
        var watch = RollbackWatch(policy, now: RollbackWatchTests.start)
        var model = RollbackModel(policy: policy)
        var now = RollbackWatchTests.start
        let badness = Double.random(in: 0...0.2, using: &random)
        for _ in 0..<400 {
            if Int.random(in: 0..<40, using: &random) == 0 {
                let origin = [RollbackWatch.Origin.start, .reload, .reload, .rollback].randomElement(using: &random)
                watch.begin(origin ?? .reload, policy: policy, now: now)
                model.begin(origin ?? .reload, now: now)
            }
            now = now.advanced(by: .milliseconds(Int.random(in: 1001...3000, using: &random)))
            let requests = Int.random(in: 0..<60, using: &random)
            let failures = (0..<requests).count { _ in Double.random(in: 0..<1, using: &random) < badness }
            let sample = RollbackSample(
                requests: requests, failures: failures, slow: failures > 5 ? Int.random(in: 0...1, using: &random) : 0)
            let isBreach = watch.record(sample, now: now) != .none
            #expect(isBreach == model.record(sample, now: now), "seed \(seed)")
        }
    }

    /// A component that looks a thousand times a second, and one that is asked without end, cost no more.
    @Test func samplesThatComeOftenArePutTogether() {
        let policy = RollbackPolicy(window: .seconds(10), maxErrorRate: 0.5, minimumRequests: 1_000_000)
        var watch = RollbackWatch(policy, now: RollbackWatchTests.start)
        watch.begin(.reload, policy: policy, now: RollbackWatchTests.start)
        var second: Int?
        for step in 1...20_000 where second == nil {
            let now = RollbackWatchTests.start.advanced(by: .milliseconds(step))
            let sample = RollbackSample(requests: 500, failures: 300)
            if watch.record(sample, now: now) != .none { second = step }
        }
        #expect(second == 2000)
        for step in 1...3 {
            let all = RollbackSample(requests: .max, failures: .max, slow: .max)
            #expect(watch.record(all, now: RollbackWatchTests.at(20 + step)) == .none)
        }
    }

    @Test func readsItsSettings() {
        func read(_ yaml: String) -> (RollbackPolicy?, [String]) {
            let result = SettingsReader.read(
                RollbackSettings.self, Array(yaml.utf8), file: "x.yaml",
                references: FixedReferences(environment: [:], files: [:]))
            return (result.group?.policy, result.complaints.map(\.description))
        }
        let all = "window: 2m\nmaxErrorRate: 2.5%\nmaxLatencyP99: 300ms\nminimumRequests: 50"
        let expected = RollbackPolicy(
            window: .seconds(120), maxErrorRate: 0.025, maxLatencyP99: .milliseconds(300), minimumRequests: 50)
        #expect(read(all).0 == expected)
        #expect(read("{}").0 == RollbackPolicy())
        for wrong in ["window: 2h", "maxErrorRate: 5", "maxLatencyP99: 0s", "minimumRequests: 0", "errors: 1"] {
            #expect(read(wrong).0 == nil, "\(wrong)")
        }
        #expect(read("maxErrorRate: 100%").1.count == 1)
    }
}

/// The watch by its definition: keeps everything and looks at every run of latest samples.
private struct RollbackModel {
    let policy: RollbackPolicy
    private var began: MonotonicInstant?
    private var isWatching = false
    private var last = MonotonicInstant(nanoseconds: 5_000_000_000)
    private var samples: [(from: MonotonicInstant, to: MonotonicInstant, sample: RollbackSample)] = []

    init(policy: RollbackPolicy) {
        self.policy = policy
    }

    mutating func begin(_ origin: RollbackWatch.Origin, now: MonotonicInstant) {
        isWatching = origin == .reload && !isPassed(now: last)
        began = now
        last = now
        samples = []
    }

    mutating func record(_ sample: RollbackSample, now: MonotonicInstant) -> Bool {
        samples.append((last, now, sample))
        last = now
        guard isWatching, let began, began.duration(to: now) <= policy.window else {
            isWatching = false
            return false
        }
        guard isPassed(now: now) else { return false }
        isWatching = false
        return true
    }

    private func isPassed(now: MonotonicInstant) -> Bool {
        let longest = max(policy.window, RollbackWatch.measuredOver)
        // What is older than the window counts no more, but for the last sample.
        let kept = samples.filter { $0.from.duration(to: now) <= longest }
        let runs = (0..<kept.count).reversed().map { kept[$0...] }
        let enough = runs.first { run in
            run.map(\.sample.requests).reduce(0, +) >= policy.minimumRequests
                && run[run.startIndex].from.duration(to: now) >= RollbackWatch.measuredOver
        }
        guard let run = enough ?? runs.last else { return false }
        let requests = run.map(\.sample.requests).reduce(0, +)
        guard requests >= policy.minimumRequests else { return false }
        let failures = run.map(\.sample.failures).reduce(0, +)
        return failures * 10 > requests || run.map(\.sample.slow).reduce(0, +) * 100 > requests
    }
}
