import Base
import Compression
import Testing

@testable import Telemetry

@Suite struct ExpositionTests {
    private static let now = MonotonicInstant(nanoseconds: 0)

    /// One of each kind. The tests below hold both whole expositions.
    private static func example() -> MetricsRegistry {
        let registry = MetricsRegistry()
        let hits = registry.counter("hits_total", help: "Say \"hi\" \\ or\nnot.", labels: ["path", "code"])
        hits.with("/b\"\\\n", "200").increment(by: 3 as UInt64)
        let exemplar = Exemplar(
            traceID: "4bf92f", spanID: "00f067", at: WallInstant(nanosecondsSince1970: 1_500_000_000))
        if let exemplar { hits.with("/a", "500").increment(by: 2.5, exemplar: exemplar) }
        registry.gauge("free_bytes", help: "Free.", unit: "bytes").with().set(.infinity)
        let steps = registry.histogram("step_seconds", help: "Steps.", unit: "seconds", buckets: [10, 0.25, 1e6]).with()
        steps.observe(0.25)
        if let exemplar { steps.observe(4, exemplar: exemplar) }
        registry.info("build_info", help: "Build.", [("version", "1.0")])
        return registry
    }

    @Test func textIsWhole() {
        let text = String(decoding: ExpositionTests.example().render(.text, now: ExpositionTests.now), as: UTF8.self)
        #expect(
            text == """
                # HELP build_info Build.
                # TYPE build_info gauge
                build_info{version="1.0"} 1
                # HELP free_bytes Free.
                # TYPE free_bytes gauge
                free_bytes +Inf
                # HELP hits_total Say "hi" \\\\ or\\nnot.
                # TYPE hits_total counter
                hits_total{path="/a",code="500"} 2.5
                hits_total{path="/b\\"\\\\\\n",code="200"} 3
                # HELP step_seconds Steps.
                # TYPE step_seconds histogram
                step_seconds_bucket{le="0.25"} 1
                step_seconds_bucket{le="10.0"} 2
                step_seconds_bucket{le="1e+06"} 2
                step_seconds_bucket{le="+Inf"} 2
                step_seconds_sum 4.25
                step_seconds_count 2

                """)
    }

    @Test func openMetricsIsWhole() {
        let bytes = ExpositionTests.example().render(.openMetrics, now: ExpositionTests.now)
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                # HELP build Build.
                # TYPE build info
                build_info{version="1.0"} 1
                # HELP free_bytes Free.
                # TYPE free_bytes gauge
                # UNIT free_bytes bytes
                free_bytes +Inf
                # HELP hits Say \\"hi\\" \\\\ or\\nnot.
                # TYPE hits counter
                hits_total{path="/a",code="500"} 2.5 # {trace_id="4bf92f",span_id="00f067"} 2.5 1.5
                hits_total{path="/b\\"\\\\\\n",code="200"} 3
                # HELP step_seconds Steps.
                # TYPE step_seconds histogram
                # UNIT step_seconds seconds
                step_seconds_bucket{le="0.25"} 1
                step_seconds_bucket{le="10.0"} 2 # {trace_id="4bf92f",span_id="00f067"} 4 1.5
                step_seconds_bucket{le="1e+06"} 2
                step_seconds_bucket{le="+Inf"} 2
                step_seconds_sum 4.25
                step_seconds_count 2
                # EOF

                """)
    }

    @Test func anExemplarPast128CharactersIsNone() {
        #expect(Exemplar(labels: [("a", String(repeating: "é", count: 127))]) != nil)
        #expect(Exemplar(labels: [("a", String(repeating: "é", count: 128))]) == nil)
        #expect(Exemplar(labels: [("no-name", "")]) == nil)
    }

    private static let text = "text/plain; version=0.0.4; charset=utf-8"
    private static let openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    private static let prometheus3 =
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

    @Test(
        arguments: [
            (nil, text), ("", text), ("*/*", text), ("application/json", text), (",;q,;;=", text),
            (prometheus3, openMetrics + "; escaping=allow-utf-8"),
            ("application/openmetrics-text; version=1.0.0, text/plain;version=0.0.4;q=0.5", openMetrics),
            ("text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0", openMetrics),
            ("application/openmetrics-text;q=0.3,text/plain;q=0.4", text),
            ("application/openmetrics-text;q=0,text/plain;q=0.1", text),
            ("application/openmetrics-text;version=0.0.1", text),
            ("APPLICATION/OpenMetrics-Text; Version=\"1.0.0\"; Q=1", openMetrics),
            ("application/openmetrics-text;q=nan", text),
            ("application/openmetrics-text;escaping=evil\r\nX: 1", openMetrics),
            ("text/plain;version=0.0.4;escaping=underscores", text + "; escaping=underscores"),
        ] as [(String?, String)])
    func theFormatIsNegotiated(accept: String?, expected: String) {
        let exposition = MetricsRegistry().expose(accept: accept, acceptEncoding: nil, now: ExpositionTests.now)
        #expect(exposition.contentType == expected)
        #expect(exposition.bytes.suffix(6).elementsEqual("# EOF\n".utf8) == expected.hasPrefix("application"))
    }

    @Test(
        arguments: [
            (nil, false), ("gzip", true), ("identity", false), ("br, gzip;q=0.5", true), ("gzip;q=0", false),
            ("gzip;q=0, *", false), ("*", true), ("identity, gzip;q=0.9", false), ("GZIP;Q=0.1", true),
            ("deflate", false),
            ("x-gzip", true),
        ] as [(String?, Bool)])
    func theCodingIsNegotiated(acceptEncoding: String?, isGzip: Bool) throws {
        let registry = ExpositionTests.example()
        let exposition = registry.expose(accept: nil, acceptEncoding: acceptEncoding, now: ExpositionTests.now)
        #expect(exposition.contentEncoding == (isGzip ? "gzip" : nil))
        let plain = isGzip ? try Gzip.decompress(exposition.bytes, limit: 1 << 20) : exposition.bytes
        #expect(plain == registry.render(.text, now: ExpositionTests.now))
    }

    @Test(
        arguments: [
            (0, "0.0"), (1, "1.0"), (-1.5, "-1.5"), (0.005, "0.005"), (0.0001, "0.0001"), (0.00001, "1e-05"),
            (2.5e-5, "2.5e-05"), (250, "250.0"), (100_000, "100000.0"), (123_456.5, "123456.5"), (1e6, "1e+06"),
            (1_234_567, "1.234567e+06"), (1e100, "1e+100"), (.infinity, "+Inf"), (67_108_864, "6.7108864e+07"),
        ] as [(Double, String)])
    func boundsAreCanonical(value: Double, expected: String) {
        var bytes = [UInt8]()
        bytes.append(bound: value)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test(
        arguments: [
            (0, "0"), (-0.0, "-0.0"), (1, "1"), (-12, "-12"), (0.1, "0.1"), (9_007_199_254_740_991, "9007199254740991"),
            (1e300, "1e+300"), (5e-324, "5e-324"), (.nan, "NaN"), (-.infinity, "-Inf"), (1234.5, "1234.5"),
        ] as [(Double, String)])
    func valuesReadBack(value: Double, expected: String) {
        var bytes = [UInt8]()
        bytes.append(number: value)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func aCountIsExactUpToTheLargest() {
        let counter = Counter()
        counter.increment(by: UInt64.max)
        var bytes = [UInt8]()
        counter.appendValue(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "18446744073709551615")
        counter.increment(by: -1.0)
        counter.increment(by: .nan)
        #expect(counter.value == Double(UInt64.max))
    }
}
