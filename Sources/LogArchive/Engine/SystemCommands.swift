package import Base
import Glibc

/// Hooks as processes, signals to writers, accounts from /etc/passwd and /etc/group.
package struct SystemCommands: CommandRunner {
    /// A line of a hook's output that is shown.
    private static let longestLine = 300

    package init() {}

    package func run(
        _ command: CommandSettings, arguments: [String], environment: [String: String]
    ) throws(ApusError) {
        let words = command.shell.map { ["/bin/sh", "-c", $0, "apus-hook"] } ?? command.run
        let result: ProcessRunner.Result
        do throws(ApusError) {
            result = try ProcessRunner.run(words + arguments, timeout: command.timeout, environment: environment)
        } catch {
            throw ApusError(
                code: "hook-failed", "\(environment["APUS_HOOK"] ?? "the hook") did not run to its end",
                canRetry: error.canRetry, cause: error)
        }
        guard result.code == 0 else {
            let last =
                result.output.split(separator: "\n").last.map { ": \($0.prefix(SystemCommands.longestLine))" } ?? ""
            throw ApusError(
                code: "hook-failed",
                "\(environment["APUS_HOOK"] ?? "the hook") ended with exit code \(result.code)\(last)")
        }
    }

    package func reopen(_ settings: ReopenSettings) throws(ApusError) {
        if let file = settings.pidFile { return try signal(file, settings.signal) }
        let words =
            settings.unit.map {
                ["systemctl", "kill", "--kill-who=main", "--signal=SIG\(settings.signal.rawValue)", $0]
            } ?? settings.run
        let result = try ProcessRunner.run(words, timeout: .seconds(60))
        guard result.code == 0 else {
            throw ApusError(
                code: "hook-failed", "\(words[0]) ended with exit code \(result.code): the log is not reopened")
        }
    }

    /// A writer that does not run needs no word: whoever has the generation open all the same is seen before it is taken.
    private func signal(_ file: String, _ signal: ReopenSettings.Signal) throws(ApusError) {
        if access(file, F_OK) != 0, errno == ENOENT { return }
        let text = String(decoding: try Files.read(file, limit: 4096), as: UTF8.self)
        let first = text.split { $0 == "\n" || $0 == " " }.first.map(String.init) ?? ""
        guard let process = Int32(first), process > 1 else {
            throw ApusError(code: "hook-failed", "\(file) does not hold the number of a process")
        }
        guard kill(process, SystemCommands.number(signal)) == 0 || errno == ESRCH else {
            throw Files.failure("hook-failed", "cannot send SIG\(signal.rawValue) to process \(process) of \(file)")
        }
    }

    private static func number(_ signal: ReopenSettings.Signal) -> Int32 {
        switch signal {
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        case .interrupt: SIGINT
        case .terminate: SIGTERM
        case .window: SIGWINCH
        }
    }

    package func account(user: String?, group: String?) throws(ApusError) -> (user: UInt32?, group: UInt32?) {
        (try number(user, "/etc/passwd", "user"), try number(group, "/etc/group", "group"))
    }

    /// The third field of the first line for `name`; passwd(5) and group(5) agree on that much. Read directly, because a
    /// static binary has no getpwnam(3).
    private func number(_ name: String?, _ table: String, _ kind: String) throws(ApusError) -> UInt32? {
        guard let name else { return nil }
        if let number = UInt32(name) { return number }
        let text = String(decoding: try Files.read(table), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, fields[0] == name, let number = UInt32(fields[2]) { return number }
        }
        throw ApusError(code: "account-unknown", "there is no \(kind) \(name) in \(table)", kind: .declaration)
    }
}
