import Base
import Glibc

/// One run of a program that is given a few bytes and answers a few: the other side of `ExecKeyProvider`.
///
/// What always holds: the program is ended and waited for before `run` returns or throws, its children in the same
/// process group as well; its answer has a bound, and so has the time; no thread is blocked while it works.
struct ProgramCall {
    struct Answer {
        let exitCode: Int32
        let output: [UInt8]
        /// The first bytes of its standard error.
        let complaint: [UInt8]
    }

    static let maximumOutput = 64 << 10
    static let maximumComplaint = 4096
    private static let shortestPause = Duration.milliseconds(1)
    private static let longestPause = Duration.milliseconds(20)

    private let child: pid_t
    private let output: Int32
    private let errors: Int32
    private let time: any TimeSource

    /// - Throws: `ApusError` `key-provider-failed`.
    static func run(
        _ command: [String], input: [UInt8], timeout: Duration, time: any TimeSource
    ) async throws(ApusError) -> Answer {
        let call = try ProgramCall(command, input, time)
        defer { call.closeAll() }
        do throws(ApusError) {
            return try await call.answer(within: timeout, command[0])
        } catch {
            kill(-call.child, SIGKILL)
            _ = ProcessSpawn.wait(for: call.child)
            throw error
        }
    }

    /// The input waits in the pipe before the program begins: it is smaller than any pipe, and nobody can break one
    /// whose reading end is still ours (no SIGPIPE).
    private init(_ command: [String], _ input: [UInt8], _ time: any TimeSource) throws(ApusError) {
        self.time = time
        let pipes = try Pipes()
        defer { pipes.closeChildsEnds() }
        do throws(ApusError) {
            let written = write(pipes.input.write, input, input.count)
            close(pipes.input.write)
            guard written == input.count else { throw ProgramCall.failure("its input does not fit into a pipe") }
            child = try ProcessSpawn.start(
                command[0], command, input: pipes.input.read, output: pipes.output.write, errors: pipes.errors.write)
        } catch {
            close(pipes.output.read)
            close(pipes.errors.read)
            throw ApusError(code: "key-provider-failed", "the key program cannot be started", cause: error)
        }
        output = pipes.output.read
        errors = pipes.errors.read
    }

    private func answer(within timeout: Duration, _ program: String) async throws(ApusError) -> Answer {
        let deadline = time.now().advanced(by: timeout)
        var said = [UInt8]()
        var complaint = [UInt8]()
        var pause = ProgramCall.shortestPause
        while true {
            // First whether it has ended, then what it has said: so nothing is missed.
            let exitCode = ProcessSpawn.poll(child)
            ProgramCall.drain(output, into: &said, keeping: ProgramCall.maximumOutput + 1)
            ProgramCall.drain(errors, into: &complaint, keeping: ProgramCall.maximumComplaint)
            guard said.count <= ProgramCall.maximumOutput else {
                throw ProgramCall.failure("\(program) answers more than \(ProgramCall.maximumOutput) bytes")
            }
            if let exitCode {
                // What it may have left behind goes with it.
                kill(-child, SIGKILL)
                return Answer(exitCode: exitCode, output: said, complaint: complaint)
            }
            guard time.now() < deadline else {
                throw ProgramCall.failure("\(program) has not answered within \(timeout)", canRetry: true)
            }
            do {
                try await time.sleep(for: pause)
            } catch {
                throw ProgramCall.failure("\(program) was not waited for", canRetry: true)
            }
            pause = min(pause * 2, ProgramCall.longestPause)
        }
    }

    /// Reads what is there; what exceeds `limit` is dropped.
    private static func drain(_ descriptor: Int32, into bytes: inout [UInt8], keeping limit: Int) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // As much as a pipe holds: a program that never stops must not keep us here.
        for _ in 0..<32 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            bytes.append(contentsOf: buffer.prefix(min(count, limit - bytes.count)))
        }
    }

    private func closeAll() {
        close(output)
        close(errors)
    }

    static func failure(_ what: String, canRetry: Bool = false) -> ApusError {
        ApusError(code: "key-provider-failed", what, canRetry: canRetry)
    }
}

/// Three pipes; our ends do not block.
private struct Pipes {
    typealias Ends = (read: Int32, write: Int32)

    let input: Ends
    let output: Ends
    let errors: Ends

    init() throws(ApusError) {
        var made: [Ends] = []
        do throws(ApusError) {
            for _ in 0..<3 { made.append(try ProcessSpawn.makePipe()) }
        } catch {
            for ends in made {
                close(ends.read)
                close(ends.write)
            }
            throw error
        }
        (input, output, errors) = (made[0], made[1], made[2])
        for descriptor in [input.write, output.read, errors.read] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    func closeChildsEnds() {
        for descriptor in [input.read, output.write, errors.write] { close(descriptor) }
    }
}
