package import Base
import Glibc

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

    /// - Throws: `ApusError` `no-such-program`, `spawn-failed`, or `program-timed-out`; then it has been killed.
    package static func run(_ arguments: [String], timeout: Duration) throws(ApusError) -> Result {
        guard let name = arguments.first, let program = find(name) else {
            throw ApusError(code: "no-such-program", "\(arguments.first ?? "") is not installed")
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Files.failure("spawn-failed", "cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let child = try start(program, arguments, output: ends[1])
        let (output, isComplete) = collect(from: ends[0], until: ContinuousClock.now.advanced(by: timeout))
        // A child that still holds its output is beyond its time; the group is its own, so its children go, too.
        if !isComplete { kill(-child, SIGKILL) }
        let code = wait(for: child)
        guard isComplete else {
            throw ApusError(code: "program-timed-out", "\(name) did not end within \(timeout)", canRetry: true)
        }
        return Result(code: code, output: output)
    }

    private static func find(_ name: String) -> String? {
        folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Takes `output` over: it is closed here, so that the child's end is the only one.
    private static func start(_ program: String, _ arguments: [String], output: Int32) throws(ApusError) -> pid_t {
        defer { close(output) }
        return try spawn(program, arguments, output: output)
    }

    private static func spawn(_ program: String, _ arguments: [String], output: Int32) throws(ApusError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals that we block or ignore are ours alone.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var words = arguments.map { strdup($0) } + [nil]
        let environment: [String] = ["PATH=" + folders.joined(separator: ":"), "LC_ALL=C"]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, program, &actions, &attributes, &words, &variables)
        guard code == 0 else {
            throw ApusError(code: "spawn-failed", "cannot start \(program): \(Files.reason(code))")
        }
        return child
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

    private static func wait(for child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
