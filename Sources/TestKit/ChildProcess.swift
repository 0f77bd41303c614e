import Base
import Glibc
import Synchronization

/// A program that a test starts, talks to by signals, and always ends by its pid. Output goes to files, so it never blocks.
package final class ChildProcess: Sendable {
    package let pid: Int32
    private let outputPath: String
    private let errorPath: String
    private let exit = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - program: An absolute path, or a name that is looked up in PATH.
    ///   - environment: Added to (or, with nil, taken from) this process's environment.
    ///   - folder: Where the child's output is kept; it must exist.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], folder: String,
        input: String = "/dev/null"
    ) throws {
        let name = "\(program.split(separator: "/").last ?? "child")-\(UInt32.random(in: 0...UInt32.max))"
        outputPath = "\(folder)/\(name).out"
        errorPath = "\(folder)/\(name).err"
        var variables = ProcessEnvironment.current()
        for (name, value) in environment { variables[name] = value }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // Signals that this process ignores or blocks must not be ignored or blocked in the child.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var argumentPointers = ([program] + arguments).map { strdup($0) } + [nil]
        var variablePointers = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argumentPointers + variablePointers { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, &actions, &attributes, &argumentPointers, &variablePointers)
        guard code == 0 else {
            throw ApusError(code: "spawn-failed", "cannot start \(program): \(Files.reason(code))")
        }
        pid = child
    }

    deinit { end() }

    package var output: String { read(outputPath) }
    package var errors: String { read(errorPath) }

    private func read(_ path: String) -> String {
        String(decoding: (try? Files.read(path, limit: 256 << 20)) ?? [], as: UTF8.self)
    }

    package func signal(_ number: Int32) {
        exit.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// Whether it has ended; it is reaped here.
    package var hasEnded: Bool { reap(WNOHANG) != nil }

    /// Waits for the end.
    ///
    /// - Returns: The exit code, or 128 + the signal that ended it, as a shell says it.
    package func wait() async -> Int32 {
        while true {
            if let code = reap(WNOHANG) { return code }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func reap(_ options: Int32) -> Int32? {
        exit.withLock { exit in
            if let exit { return exit }
            var status: Int32 = 0
            guard waitpid(pid, &status, options) == pid else { return nil }
            let signal = status & 0x7F
            exit = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
            return exit
        }
    }

    private func end() {
        exit.withLock { exit in
            guard exit == nil else { return }
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            exit = 128 + SIGKILL
        }
    }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], folder: String
    ) async throws -> (code: Int32, output: String, errors: String) {
        let child = try ChildProcess(program, arguments, environment: environment, folder: folder)
        let code = await child.wait()
        return (code, child.output, child.errors)
    }
}

/// Waits until `condition` holds; it polls, because what a test waits for lives in another process.
///
/// - Throws: `ApusError` `waited-too-long` after `limit`, which is far longer than any healthy run takes.
package func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: limit)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw ApusError(code: "waited-too-long", "waited \(limit) in vain for: \(what)")
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
