import Base
import Glibc

/// Runs a program of this host for what it prints: the password of a host, the key of a site.
enum LocalCommand {
    /// Its standard error is ours, so that it can talk to the person.
    ///
    /// - Throws: `ApusError` `command-failed` with the exit code, without anything of the output.
    static func output(_ arguments: [String], limit: Int) throws(ApusError) -> String {
        var ends: [Int32] = [-1, -1]
        // Sockets are closed on exec from their first moment on: no other child can hold them open.
        guard let program = arguments.first,
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else { throw Files.failure("command-failed", "cannot run a command") }
        defer { close(ends[0]) }
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(input) }
        let child: pid_t
        do throws(ApusError) {
            child = try ProcessSpawn.start(program, arguments, input: input, output: ends[1], errors: STDERR_FILENO)
            close(ends[1])
        } catch {
            close(ends[1])
            throw error
        }
        var output: [UInt8] = []
        var failure: ApusError?
        do throws(ApusError) {
            output = try Files.read(descriptor: ends[0], name: "what \(program) prints", limit: limit)
        } catch {
            failure = error
            kill(-child, SIGKILL)
        }
        let code = ProcessSpawn.wait(for: child)
        if let failure { throw failure }
        guard code == 0 else { throw ApusError(code: "command-failed", "\(program) ended with exit code \(code)") }
        return String(decoding: output, as: UTF8.self)
    }
}
