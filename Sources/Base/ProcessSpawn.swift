package import Glibc
import Synchronization

/// Starts another program by its arguments, never by a shell: in a process group of its own, with no signal blocked or
/// ignored, and with no descriptor of ours beyond the three that it is given.
package enum ProcessSpawn {
    /// Held while a child is started and while a pipe is made: pipe(2) sets FD_CLOEXEC in a second step, and a child that
    /// began between the two would keep the pipe open.
    private static let gate = Mutex(())

    /// A pipe that no child gets unless it is given an end.
    ///
    /// - Throws: `ApusError` `spawn-failed`.
    package static func makePipe() throws(ApusError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        let isMade = gate.withLock { _ in
            guard pipe(&ends) == 0 else { return false }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return true
        }
        guard isMade else { throw Files.failure("spawn-failed", "cannot make a pipe") }
        return (ends[0], ends[1])
    }

    /// - Parameters:
    ///   - program: An absolute path, or a name that is looked up in PATH.
    ///   - arguments: All of them, the program's name first.
    ///   - environment: `NAME=value` each; nil passes ours on.
    ///   - input, output, errors: What become descriptors 0, 1 and 2. They stay the caller's, who closes them.
    /// - Returns: The child's pid, which is its group's id, too. The caller waits for it.
    /// - Throws: `ApusError` `spawn-failed`.
    package static func start(
        _ program: String, _ arguments: [String], environment: [String]? = nil, input: Int32, output: Int32,
        errors: Int32
    ) throws(ApusError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
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
        var variables = (environment ?? []).map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child: pid_t = 0
        let code = gate.withLock { _ in
            environment == nil
                ? posix_spawnp(&child, program, &actions, &attributes, &words, environ)
                : posix_spawnp(&child, program, &actions, &attributes, &words, &variables)
        }
        guard code == 0 else {
            throw ApusError(code: "spawn-failed", "cannot start \(program): \(Files.reason(code))")
        }
        return child
    }

    /// Waits for the end of `child`.
    ///
    /// - Returns: The exit code, or 128 + the signal that ended it, as a shell says it; -1 when it is not our child.
    package static func wait(for child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        return exitCode(status)
    }

    /// As `wait(for:)`, without waiting: nil while it runs.
    package static func poll(_ child: pid_t) -> Int32? {
        var status: Int32 = 0
        switch waitpid(child, &status, WNOHANG) {
        case child: return exitCode(status)
        case 0: return nil
        default: return errno == EINTR ? nil : -1
        }
    }

    private static func exitCode(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
