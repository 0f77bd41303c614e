import Base
import CoreMetrics
import TestKit
import Testing

@testable import Telemetry

/// The real readers of our expositions: Python's two parsers (PyPI prometheus_client) and `promtool` (Debian's prometheus).
@Suite(.timeLimit(.minutes(5))) struct PeerTests {
    /// Prints what the parser read, one sample a line: name, labels and value as JSON with sorted keys.
    private static func reader(_ module: String) -> String {
        """
        python3 -c '
        import sys, json, math
        from prometheus_client.\(module) import text_string_to_metric_families as parse
        text = sys.stdin.buffer.read().decode("utf-8")
        for family in parse(text):
            for s in family.samples:
                value = float(s.value) if math.isfinite(s.value) else str(s.value)
                print(json.dumps([s.name, s.labels, value], sort_keys=True, ensure_ascii=True))
        '
        """
    }

    private static let pieces: [String] = [
        "\"", "\\", "\n", "\\n", "{", "}", ",", "=", " ", "#", "é", "e\u{301}", "鳥", "🐦", "\t", "\u{2028}", "a",
        "_total",
        "\\\"", "\r", "\u{0}", "\u{85}", "",
    ]

    private static func randomValue(_ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 0...6, using: &random)
        return (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }

    /// JSON with only ASCII, as `json.dumps` writes it.
    private static func json(_ text: String) -> String {
        var result = "\""
        for unit in text.utf16 {
            switch unit {
            case 10: result += "\\n"
            case 13: result += "\\r"
            case 9: result += "\\t"
            case 34: result += "\\\""
            case 92: result += "\\\\"
            case 0x20..<0x7f: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let hex = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }
        }
        return result + "\""
    }

    @Test(arguments: [("openmetrics.parser", ExpositionFormat.openMetrics), ("parser", .text)])
    func randomLabelsComeBackFromPython(module: String, format: ExpositionFormat) throws {
        var random = SeededGenerator(seed: 20_261_123)
        let registry = MetricsRegistry()
        let gauges = registry.gauge("random_gauge", help: "Odd \\ \"help\"\nin lines.", labels: ["a", "b"])
        var expected = Set<String>()
        for _ in 0..<300 {
            let (a, b) = (PeerTests.randomValue(&random), PeerTests.randomValue(&random))
            let value = Double(Int.random(in: -1000...1000, using: &random)) / 8
            guard value != 0, gauges.with(a, b).value == 0 else { continue }
            gauges.with(a, b).set(value)
            let label = "{\"a\": \(PeerTests.json(a)), \"b\": \(PeerTests.json(b))}"
            expected.insert("[\"random_gauge\", \(label), \(value)]")
        }
        let bytes = registry.render(format, now: MonotonicInstant(nanoseconds: 0))
        let outcome = try Tool.run(PeerTests.reader(module), input: bytes)
        #expect(outcome.status == 0, "seed \(random.seed): \(outcome.output)")
        let read = Set(outcome.output.split(separator: "\n").map(String.init))
        // The difference alone: a report on two sets of hundreds takes a minute to write.
        let difference = read.symmetricDifference(expected).sorted()
        #expect(difference.isEmpty, "seed \(random.seed)")
    }

    /// A registry with everything in it: all kinds, odd values, exemplars, collectors, refusals, libraries.
    private static func everything(_ random: inout SeededGenerator) -> MetricsRegistry {
        let registry = MetricsRegistry(seriesLimit: 50)
        registry.addProcessMetrics()
        registry.addBuildInfo([("commit", "abc")])
        let exemplar = Exemplar(traceID: "0af7651916cd43dd8448eb211c80319c", spanID: "b7ad6b7169203331", at: nil)
        let steps = registry.histogram("apus_step_seconds", help: "Steps.", labels: ["step"], unit: "seconds")
        let drift = registry.histogram("apus_drift_celsius", help: "Drift.", buckets: [-10, 0, 10]).with()
        let hits = registry.counter("apus_hits_total", help: "Hits.", labels: ["path"])
        let level = registry.gauge("apus_level_ratio", help: "Level.", labels: ["path"])
        for _ in 0..<200 {
            let value = randomValue(&random)
            let number = Double.random(in: -2...20, using: &random)
            steps.with(value).observe(number)
            drift.observe(number)
            hits.with(value).increment(by: number)
            level.with(value).set([number, .nan, .infinity, -.infinity].randomElement(using: &random) ?? 0)
            guard let exemplar else { continue }
            steps.with(value).observe(number, exemplar: exemplar)
            hits.with(value).increment(exemplar: exemplar)
        }
        _ = registry.gauge("apus_hits", help: "A conflict.").with()
        let factory = PrometheusMetricsFactory(registry: registry)
        factory.makeTimer(label: "library.call", dimensions: [("x", "1")]).recordNanoseconds(5_000_000)
        factory.makeCounter(label: "library.calls", dimensions: [("b-c", "1"), ("a", "2")]).increment(by: 1)
        return registry
    }

    @Test(arguments: [("openmetrics.parser", ExpositionFormat.openMetrics), ("parser", .text)])
    func everythingIsReadByPython(module: String, format: ExpositionFormat) throws {
        var random = SeededGenerator(seed: 4)
        let bytes = PeerTests.everything(&random).render(format, now: MonotonicInstant(nanoseconds: 0))
        let outcome = try Tool.run(PeerTests.reader(module), input: bytes)
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("process_cpu_seconds_total"))
        #expect(outcome.output.contains("library_call_seconds_count"))
    }

    @Test func promtoolFindsNothingToSay() throws {
        var random = SeededGenerator(seed: 5)
        let bytes = PeerTests.everything(&random).render(.text, now: MonotonicInstant(nanoseconds: 0))
        let outcome = try Tool.run("promtool check metrics", input: bytes)
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.isEmpty, "\(outcome.output)")
    }
}
