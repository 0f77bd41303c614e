import Base
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5))) struct BenchmarkTests {
    /// The benchmark runs whole, with a small input, so that it does not rot. The Go peer is left to the real run.
    @Test func theMetricsBenchmarkRuns() throws {
        let resolved = try #require(realpath("/proc/self/exe", nil))
        defer { free(resolved) }
        let products = String(cString: resolved).split(separator: "/").dropLast()
        let root = String(describing: #filePath).split(separator: "/").dropLast(4)
        let script = "/" + root.joined(separator: "/") + "/Benchmarks/metrics/run.py"
        let bench = "/" + products.joined(separator: "/") + "/bench-metrics"
        let outcome = try Tool.run("python3 '\(script)' --tiny --no-go --bench '\(bench)'", input: [])
        #expect(outcome.status == 0, "\(outcome.output)")
        for job in ["scrape ", "scrape-openmetrics ", "scrape-gzip ", "count ", "observe "] {
            let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix(job) }
            #expect(lines.count == 2, "\(outcome.output)")
        }
    }
}
