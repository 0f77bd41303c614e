import Base
import Glibc
import Telemetry

/// The Swift side of `run.py`: does one job and prints one line of JSON for it. `peer.py` and `peer-go` do the same jobs.
///
///     bench-metrics scrape|scrape-openmetrics|scrape-gzip SERIES ROUNDS
///     bench-metrics count|observe UPDATES
@main struct BenchMetrics {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let size = Int(arguments[2]), size > 0 else { usage() }
        switch arguments[1] {
        case "count": await count(size)
        case "observe": await observe(size)
        case "scrape", "scrape-openmetrics", "scrape-gzip":
            guard arguments.count == 4, let rounds = Int(arguments[3]), rounds > 0 else { usage() }
            scrape(arguments[1], series: size, rounds: rounds)
        default: usage()
        }
    }

    private static func usage() -> Never {
        let text = "usage: bench-metrics scrape[-openmetrics|-gzip] SERIES ROUNDS | count|observe UPDATES\n"
        _ = write(STDERR_FILENO, text, text.utf8.count)
        exit(64)
    }

    /// Counters with two labels each, all with a value, rendered `rounds` times.
    private static func scrape(_ job: String, series: Int, rounds: Int) {
        let registry = MetricsRegistry(seriesLimit: series)
        let family = registry.counter("bench_requests_total", help: "Requests.", labels: ["path", "code"])
        for number in 0..<series {
            family.with("/path/\(number)", "\(200 + number % 5)").increment(by: UInt64(number) * 7)
        }
        let accept = job == "scrape-openmetrics" ? "application/openmetrics-text" : nil
        let coding = job == "scrape-gzip" ? "gzip" : nil
        let now = MonotonicInstant(nanoseconds: 0)
        var bytes = registry.expose(accept: accept, acceptEncoding: coding, now: now).bytes.count
        let meter = Meter()
        for _ in 0..<rounds { bytes = registry.expose(accept: accept, acceptEncoding: coding, now: now).bytes.count }
        meter.report(operations: rounds, bytes: bytes)
    }

    /// Two threads on one series, half of the updates each.
    private static func count(_ updates: Int) async {
        let counter = MetricsRegistry().counter("bench_total", help: "B.", labels: ["l"]).with("x")
        let meter = Meter()
        await twice { for _ in 0..<updates / 2 { counter.increment() } }
        meter.report(operations: Int(counter.value), bytes: 0)
    }

    private static func observe(_ updates: Int) async {
        let histogram = MetricsRegistry().histogram("bench_seconds", help: "B.", labels: ["l"]).with("x")
        let meter = Meter()
        await twice { for number in 0..<updates / 2 { histogram.observe(Double(number & 1023) * 0.01) } }
        meter.report(operations: Int(histogram.count), bytes: 0)
    }

    private static func twice(_ work: @escaping @Sendable () -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { work() } }
        }
    }
}

/// Processor time (getrusage) and wall time since it was made.
struct Meter {
    private let cpu = Meter.cpuSeconds()
    private let wall = SystemTime().now()

    func report(operations: Int, bytes: Int) {
        let cpuSeconds = Meter.cpuSeconds() - cpu
        let wallSeconds = wall.duration(to: SystemTime().now()).inSeconds
        print(
            "{\"operations\": \(operations), \"bytes\": \(bytes), \"cpu_seconds\": \(cpuSeconds), "
                + "\"wall_seconds\": \(wallSeconds)}")
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
