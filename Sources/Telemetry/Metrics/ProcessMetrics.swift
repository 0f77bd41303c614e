import Base
import Glibc

/// `process_*` as every Prometheus client names them, read from `/proc/self` at each scrape. What cannot be read is left
/// out: a process without `/proc` still answers its scrape.
struct ProcessMetrics {
    /// The folder that stands for `/proc`, so that tests bring their own.
    let root: String
    let ticksPerSecond: Double
    let pageSize: Double

    init(root: String = "/proc") {
        self.root = root
        ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        pageSize = Double(max(1, sysconf(Int32(_SC_PAGESIZE))))
    }

    func collect(into output: inout CollectedMetrics) {
        collectStat(into: &output)
        collectDescriptors(into: &output)
    }

    private func collectStat(into output: inout CollectedMetrics) {
        guard let text = read("self/stat"), let stat = ProcessStat(text) else { return }
        output.counter(
            "process_cpu_seconds_total", help: "User and system CPU time of the process.", unit: "seconds",
            Double(stat.cpuTicks) / ticksPerSecond)
        output.gauge(
            "process_resident_memory_bytes", help: "Resident memory.", unit: "bytes",
            Double(stat.residentPages) * pageSize)
        output.gauge(
            "process_virtual_memory_bytes", help: "Virtual memory.", unit: "bytes", Double(stat.virtualBytes))
        output.gauge("process_threads", help: "Threads of the process.", Double(stat.threads))
        if let boot = bootTime {
            output.gauge(
                "process_start_time_seconds", help: "When the process started, in seconds since 1970.",
                unit: "seconds", boot + Double(stat.startTicks) / ticksPerSecond)
        }
    }

    private func collectDescriptors(into output: inout CollectedMetrics) {
        if let open = countEntries("self/fd") {
            output.gauge("process_open_fds", help: "Open file descriptors.", Double(open))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            let most = limit.rlim_cur == UInt.max ? Double.infinity : Double(limit.rlim_cur)
            output.gauge("process_max_fds", help: "The limit on open file descriptors.", most)
        }
    }

    /// Seconds since 1970 of the boot, from `btime` of `/proc/stat`.
    private var bootTime: Double? {
        guard let text = read("stat") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private func read(_ name: String) -> String? {
        guard let bytes = try? Files.read("\(root)/\(name)", limit: 1 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Entries of a folder, without the descriptor that the counting itself needs.
    private func countEntries(_ name: String) -> Int? {
        guard let folder = opendir("\(root)/\(name)") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != UInt8(ascii: ".") { count += 1 }
        }
        return max(0, count - 1)
    }
}

/// The fields of `/proc/PID/stat` (proc(5)) that we show.
struct ProcessStat: Equatable {
    let cpuTicks: UInt64
    let threads: UInt64
    let startTicks: UInt64
    let virtualBytes: UInt64
    let residentPages: UInt64

    /// The command's name, second and in parentheses, may hold blanks and parentheses: fields are counted after the last.
    init?(_ text: String) {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // `fields[0]` is the state, field 3 of the manual.
        func field(_ number: Int) -> UInt64? { fields.count > number - 3 ? UInt64(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let resident = field(24)
        else { return nil }
        cpuTicks = user &+ system
        self.threads = threads
        startTicks = start
        virtualBytes = virtual
        residentPages = resident
    }
}

extension MetricsRegistry {
    /// Adds the standard `process_*` metrics to every scrape.
    package func addProcessMetrics() {
        let process = ProcessMetrics()
        addCollector { process.collect(into: &$0) }
    }

    /// Adds `apus_build_info` with the version and what `extra` tells (commit, compiler).
    package func addBuildInfo(_ extra: [(String, String)] = []) {
        info("apus_build_info", help: "What this binary is.", [("version", Version.number)] + extra)
    }
}
