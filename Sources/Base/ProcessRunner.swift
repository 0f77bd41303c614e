package import Glibc

/// Runs another program to its end: by its arguments, never by a shell; with a time-out; with bounded output.
package enum ProcessRunner {
    /// More output than this is read and thrown away.
    static let outputLimit = 64 << 10
    /// Not the caller's PATH: what runs as root is the system's.
    private static let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    package struct Result: Sendable {
        /// The exit code, or 128 + the signal that ended it, as a shell says it.
        package let code: Int32
        /// Standard output and standard error, in the order in which they came.
        package let output: String
    }

    /// - Parameters:
    ///   - arguments: The program first: its name, or an absolute path.
    ///   - environment: Added to a PATH of the system's folders and LC_ALL=C.
    /// - Throws: `ApusError` `no-such-program`, `spawn-failed`, or `program-timed-out`; then it has been killed.
    package static func run(
        _ arguments: [String], timeout: Duration, environment: [String: String] = [:]
    ) throws(ApusError) -> Result {
        guard let name = arguments.first, let program = find(name) else {
            throw ApusError(code: "no-such-program", "\(arguments.first ?? "") is not installed")
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Files.failure("spawn-failed", "cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let child = try start(program, arguments, environment, output: ends[1])
        let (output, isComplete) = collect(from: ends[0], until: ContinuousClock.now.advanced(by: timeout))
        // A child that still holds its output is beyond its time; the group is its own, so its children go, too.
        if !isComplete { kill(-child, SIGKILL) }
        let code = ProcessSpawn.wait(for: child)
        guard isComplete else {
            throw ApusError(code: "program-timed-out", "\(name) did not end within \(timeout)", canRetry: true)
        }
        return Result(code: code, output: output)
    }

    private static func find(_ name: String) -> String? {
        if name.hasPrefix("/") { return access(name, X_OK) == 0 ? name : nil }
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Takes `output` over: it is closed here, so that the child's end is the only one.
    private static func start(
        _ program: String, _ arguments: [String], _ added: [String: String], output: Int32
    ) throws(ApusError) -> pid_t {
        defer { close(output) }
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw Files.failure("spawn-failed", "cannot open /dev/null") }
        defer { close(input) }
        let environment =
            ["PATH=" + folders.joined(separator: ":"), "LC_ALL=C"]
            + added.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return try ProcessSpawn.start(
            program, arguments, environment: environment, input: input, output: output, errors: output)
    }

    /// Reads to the end of the pipe, which comes when the child and all that it started have closed it.
    private static func collect(
        from descriptor: Int32, until deadline: ContinuousClock.Instant
    ) -> (output: String, isComplete: Bool) {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return (String(decoding: output, as: UTF8.self), false) }
            var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waited, 1, Int32(min(1000, left / .milliseconds(1))) + 1) > 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return (String(decoding: output, as: UTF8.self), true) }
            if count > 0 { output += buffer[..<min(count, outputLimit - output.count)] }
        }
    }
}
