import Base
import TestKit
import Testing

@testable import Telemetry

@Suite struct RegistryTests {
    let registry = MetricsRegistry(seriesLimit: 3)
    let time = ManualTime()

    private func text(_ format: ExpositionFormat = .text) -> String {
        String(decoding: registry.render(format, now: time.now()), as: UTF8.self)
    }

    private func lines(_ prefix: String, _ format: ExpositionFormat = .text) -> [String] {
        text(format).split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test func askingAgainGivesTheSameSeries() {
        registry.counter("jobs_total", help: "Jobs.", labels: ["kind"]).with("a").increment()
        registry.counter("jobs", help: "Jobs.", labels: ["kind"]).with("a").increment(by: 2 as UInt64)
        #expect(lines("jobs") == ["jobs_total{kind=\"a\"} 3"])
    }

    enum Intruder: CaseIterable {
        case gaugeOfThatName, otherHelp, otherLabels, gaugeOfTheBaseName, infoOfTheBaseName

        func register(in registry: MetricsRegistry) {
            switch self {
            case .gaugeOfThatName: registry.gauge("jobs_total", help: "Jobs.").with().set(9)
            case .otherHelp: registry.counter("jobs_total", help: "Other.").with().increment()
            case .otherLabels: registry.counter("jobs_total", help: "Jobs.", labels: ["x"]).with("1").increment()
            case .gaugeOfTheBaseName: registry.gauge("jobs", help: "Jobs.").with().set(9)
            case .infoOfTheBaseName: registry.info("jobs_info", help: "Jobs.", [("a", "b")])
            }
        }
    }

    @Test(arguments: Intruder.allCases)
    func theFirstRegistrationWins(intruder: Intruder) {
        registry.counter("jobs_total", help: "Jobs.").with().increment()
        intruder.register(in: registry)
        intruder.register(in: registry)
        #expect(lines("jobs") == ["jobs_total 1"])
        let refusals = lines("apus_metrics_registrations_refused_total{")
        #expect(refusals == ["apus_metrics_registrations_refused_total{reason=\"conflict\"} 2"])
    }

    @Test func aHistogramOwnsItsSampleNames() {
        _ = registry.histogram("step_seconds", help: "Steps.", buckets: [1])
        registry.gauge("step_seconds_count", help: "Not yours.").with().set(5)
        #expect(lines("step_seconds_count") == ["step_seconds_count 0"])
        let refused = registry.histogram("step_seconds", help: "Steps.", buckets: [1, 2]).with()
        refused.observe(1.5)
        #expect(refused.count == 1)
        #expect(lines("step_seconds_count") == ["step_seconds_count 0"])
    }

    @Test func labelNamesThatCannotWorkAreRefused() {
        _ = registry.histogram("h_seconds", help: "H.", labels: ["le"]).with("x")
        _ = registry.gauge("g", help: "G.", labels: ["a", "a"]).with("x", "y")
        #expect(
            lines("apus_metrics_registrations_refused_total{") == [
                "apus_metrics_registrations_refused_total{reason=\"labels\"} 2"
            ])
    }

    @Test func pastTheLimitAHandleWorksUnseen() {
        let family = registry.gauge("depth", help: "Depth.", labels: ["queue"])
        for name in ["a", "b", "c"] { family.with(name).set(1) }
        let refused = family.with("d")
        refused.set(7)
        #expect(refused.value == 7)
        _ = family.with("a")
        _ = family.with("one", "too many")
        #expect(family.seriesCount == 3)
        #expect(lines("depth{").count == 3)
        #expect(
            lines("apus_metrics_series_refused_total{") == [
                "apus_metrics_series_refused_total{family=\"depth\"} 2"
            ])
        family.remove("b")
        family.with("d").set(8)
        #expect(lines("depth{") == ["depth{queue=\"a\"} 1", "depth{queue=\"c\"} 1", "depth{queue=\"d\"} 8"])
    }

    @Test func idleSeriesExpireAndComeBackWithTheirValue() {
        let family = registry.counter("hits_total", help: "Hits.", labels: ["path"], idleExpiry: .seconds(60))
        let kept = family.with("kept")
        kept.increment()
        family.with("dropped").increment()
        #expect(lines("hits_total{").count == 2)
        time.advance(by: .seconds(59))
        #expect(lines("hits_total{").count == 2)
        kept.increment()
        time.advance(by: .seconds(1))
        #expect(lines("hits_total{") == ["hits_total{path=\"kept\"} 2"])
        time.advance(by: .seconds(60))
        #expect(lines("hits_total").isEmpty)
        #expect(!text().contains("# HELP hits_total"))
        kept.increment()
        #expect(lines("hits_total{") == ["hits_total{path=\"kept\"} 3"])
        #expect(family.with("kept") === kept)
        #expect(family.with("dropped").value == 0)
    }

    @Test func seriesThatUnicodeHoldsForEqualStayApart() {
        let family = registry.gauge("g", help: "G.", labels: ["name"])
        family.with("\u{e9}").set(1)
        family.with("e\u{301}").set(2)
        #expect(family.seriesCount == 2)
    }

    @Test func collectorsRunAtEachScrapeUntilTheyAreRemoved() {
        registry.gauge("taken", help: "Taken.").with().set(1)
        let token = registry.addCollector { output in
            output.gauge("aaa", help: "A.", labels: [("x", "2")], 2)
            output.gauge("aaa", help: "A.", labels: [("x", "1")], 1)
            output.gauge("taken", help: "Stolen.", 5)
            output.counter("zzz", help: "Z.", -1)
            output.counter("zz", help: "Z.", 3)
        }
        #expect(lines("aaa") == ["aaa{x=\"1\"} 1", "aaa{x=\"2\"} 2"])
        #expect(lines("taken") == ["taken 1"])
        #expect(lines("zz") == ["zz_total 3"])
        registry.removeCollector(token)
        #expect(lines("aaa").isEmpty)
    }

    @Test func fourTasksSumExactly() async {
        let counter = registry.counter("sum_total", help: "S.", labels: ["l"]).with("x")
        let fractions = registry.counter("fractions_total", help: "S.").with()
        let gauge = registry.gauge("level", help: "L.").with()
        let histogram = registry.histogram("h_seconds", help: "H.", buckets: [1, 2, 3]).with()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<25_000 {
                        counter.increment()
                        fractions.increment(by: 0.5)
                        gauge.add(task.isMultiple(of: 2) ? 2 : -1)
                        histogram.observe(Double(round % 4) + 0.5)
                    }
                }
            }
        }
        #expect(counter.value == 100_000)
        #expect(fractions.value == 50_000)
        #expect(gauge.value == 50_000)
        #expect(histogram.count == 100_000)
        #expect(histogram.sum == 200_000)
        #expect((0...3).map { histogram.bucketCount($0) } == [25_000, 25_000, 25_000, 25_000])
    }

    @Test func scrapesAndChangesRunBesideUpdates() async {
        let family = registry.gauge("g", help: "G.", labels: ["n"], idleExpiry: .nanoseconds(1))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<2 {
                group.addTask {
                    for round in 0..<2_000 {
                        family.with("\(round % 5)").set(Double(task))
                        if round % 7 == 0 { family.remove("\(round % 5)") }
                    }
                }
            }
            group.addTask {
                for round in 0..<500 {
                    let bytes = registry.render(.openMetrics, now: MonotonicInstant(nanoseconds: Int64(round)))
                    #expect(bytes.suffix(6) == [UInt8]("# EOF\n".utf8)[...])
                }
            }
        }
        #expect(family.seriesCount <= 3)
    }
}
