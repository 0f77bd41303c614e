package import Glibc

/// Runs another program to its end: by its arguments, never by a shell; with a time-out; with bounded output.
package enum ProcessRunner {
    /// More output than this is read and thrown away.
    static let outputLimit = 64 << 10
    /// How long it may take to see that a child has ended which something else keeps the pipe of open.
    private static let longestPause = Duration.milliseconds(50)
    /// How long what is in the pipe is read when the child has ended.
    private static let longestRest = Duration.milliseconds(200)
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
    /// - Throws: `ApusError` `no-such-program`, `spawn-failed`, or `program-timed-out`; then it has been killed. What it has
    ///   left in the background when it ends by itself goes on.
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
        let (output, ended) = collect(from: ends[0], of: child, until: ContinuousClock.now.advanced(by: timeout))
        guard let code = ended else {
            // The group is its own, so its children go, too.
            kill(-child, SIGKILL)
            _ = ProcessSpawn.wait(for: child)
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

    /// Reads until `child` has ended, and then what is in the pipe: what it has said is there by then.
    ///
    /// Not to the end of the pipe: a service that it has restarted, or another child in the background, may hold that open
    /// for ever.
    ///
    /// - Returns: The exit code; nil when the deadline has passed before.
    private static func collect(
        from descriptor: Int32, of child: pid_t, until deadline: ContinuousClock.Instant
    ) -> (output: String, code: Int32?) {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var code: Int32?
        var isOpen = true
        var deadline = deadline
        while true {
            if code == nil {
                code = ProcessSpawn.poll(child)
                // A child in the background that never stops writing must not keep us here.
                if code != nil { deadline = ContinuousClock.now.advanced(by: longestRest) }
            }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero, isOpen || code == nil else { break }
            // No descriptor is waited for once the pipe is at its end: then it is a pause.
            var waited = pollfd(fd: isOpen ? descriptor : -1, events: Int16(POLLIN), revents: 0)
            let pause = code == nil ? min(longestPause, left) : .zero
            guard poll(&waited, 1, Int32(pause / .milliseconds(1))) > 0 else {
                if code != nil { break }
                continue
            }
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { isOpen = false }
            if count > 0 { output += buffer[..<min(count, outputLimit - output.count)] }
        }
        return (String(decoding: output, as: UTF8.self), code)
    }
}
