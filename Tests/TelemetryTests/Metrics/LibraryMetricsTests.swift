import Base
import CoreMetrics
import Testing

@testable import Telemetry

@Suite struct LibraryMetricsTests {
    let registry = MetricsRegistry()

    private func lines(_ prefix: String) -> [String] {
        String(decoding: registry.render(.text, now: MonotonicInstant(nanoseconds: 0)), as: UTF8.self)
            .split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test func eachKindLandsInItsFamily() {
        let factory = PrometheusMetricsFactory(registry: registry)
        CoreMetrics.Counter(label: "http.requests", dimensions: [("to", "b"), ("from", "a")], factory: factory)
            .increment(by: 3)
        FloatingPointCounter(label: "cost", factory: factory).increment(by: 0.25)
        Meter(label: "9level", factory: factory).set(4)
        Recorder(label: "size", aggregate: true, factory: factory).record(500)
        CoreMetrics.Gauge(label: "temp", factory: factory).record(-2.5)
        Timer(label: "call", factory: factory).recordMilliseconds(5)
        #expect(lines("http") == ["http_requests_total{from=\"a\",to=\"b\"} 3"])
        #expect(lines("cost") == ["cost_total 0.25"])
        #expect(lines("_9level") == ["_9level 4"])
        #expect(lines("size_bucket{le=\"1000.0\"}") == ["size_bucket{le=\"1000.0\"} 1"])
        #expect(lines("size_sum") == ["size_sum 500"])
        #expect(lines("temp") == ["temp -2.5"])
        #expect(lines("call_seconds_bucket{le=\"0.005\"}") == ["call_seconds_bucket{le=\"0.005\"} 1"])
    }

    @Test func aSeriesGoesWithItsLastHandler() {
        let factory = PrometheusMetricsFactory(registry: registry)
        let first = CoreMetrics.Counter(label: "c", dimensions: [("x", "1")], factory: factory)
        let second = CoreMetrics.Counter(label: "c", dimensions: [("x", "1")], factory: factory)
        first.increment()
        second.increment()
        #expect(lines("c_total") == ["c_total{x=\"1\"} 2"])
        first.destroy()
        #expect(lines("c_total") == ["c_total{x=\"1\"} 2"])
        second.destroy()
        #expect(lines("c_total").isEmpty)
    }

    @Test func labelsThatBecomeOneNameDoNotMix() {
        let factory = PrometheusMetricsFactory(registry: registry)
        CoreMetrics.Counter(label: "a.b", factory: factory).increment()
        CoreMetrics.Counter(label: "a-b", factory: factory).increment(by: 10)
        Timer(label: "a.b_total", factory: factory).recordSeconds(1)
        Meter(label: "a.b", factory: factory).set(10)
        #expect(lines("a_b_total ") == ["a_b_total 1"])
        #expect(lines("a_b ") == [])
        #expect(
            lines("apus_metrics_registrations_refused_total{") == [
                "apus_metrics_registrations_refused_total{reason=\"conflict\"} 2"
            ])
    }

    @Test(arguments: [
        ("", "_"), ("a", "a"), ("a.b-c d", "a_b_c_d"), ("9", "_9"), ("é", "_"), ("a:b", "a:b"),
        ("http{x=\"1\"}", "http_x__1__"),
    ])
    func namesAreMadeValid(name: String, expected: String) {
        #expect(MetricName.sanitised(name) == expected)
        #expect(MetricName.isValid(MetricName.sanitised(name)))
        #expect(MetricName.isValidLabel(MetricName.sanitisedLabel("__" + name)))
    }
}

@Suite struct ProcessMetricsTests {
    @Test func thisProcessIsMeasured() {
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        let text = String(decoding: registry.render(.text, now: MonotonicInstant(nanoseconds: 0)), as: UTF8.self)
        for name in [
            "cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "threads", "start_time_seconds",
            "open_fds", "max_fds",
        ] {
            let line = text.split(separator: "\n").first { $0.hasPrefix("process_\(name) ") }
            let value = line.flatMap { Double($0.split(separator: " ").last ?? "") }
            #expect((value ?? -1) >= 0, "\(name): \(line ?? "missing")")
        }
    }

    @Test func withoutProcTheRestIsAnswered() {
        var output = CollectedMetrics(seriesLimit: 10)
        ProcessMetrics(root: "/nonexistent").collect(into: &output)
        #expect(output.families.keys.sorted() == ["process_max_fds"])
    }

    @Test(arguments: [
        ("7 (a) b) c) R 1 7 7 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 4 0 1234 8192 77 0", true),
        ("7 (cut) R 1 7", false), ("", false), ("no parentheses", false),
    ])
    func statIsReadAfterTheLastParenthesis(text: String, isValid: Bool) {
        let stat = ProcessStat(text)
        #expect((stat != nil) == isValid)
        guard let stat else { return }
        #expect(stat.cpuTicks == 200 && stat.threads == 4 && stat.startTicks == 1234)
        #expect(stat.virtualBytes == 8192 && stat.residentPages == 77)
    }
}
