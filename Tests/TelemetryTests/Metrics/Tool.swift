import Base
import Glibc

/// Runs a real peer (python3, promtool) on bytes. A tool that is missing makes the command fail, and so the test.
enum Tool {
    struct Outcome {
        let status: Int32
        let output: String
    }

    /// Runs `command` by /bin/sh with `input` as its standard input; standard output and error come back together.
    static func run(_ command: String, input: [UInt8]) throws -> Outcome {
        var template = [CChar]("/tmp/apus-telemetry-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Files.failure("mkdtemp-failed", "cannot make a folder") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            unlink("\(folder)/in")
            unlink("\(folder)/out")
            rmdir(folder)
        }
        try Files.writeAtomically(input, to: "\(folder)/in")
        var child = pid_t()
        let line = "( \(command)\n) < \(folder)/in > \(folder)/out 2>&1"
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/sh"), strdup("-c"), strdup(line), nil]
        defer { for argument in arguments { free(argument) } }
        let code = posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ)
        guard code == 0 else { throw ApusError(code: "spawn-failed", Files.reason(code)) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        let output = try Files.read("\(folder)/out")
        let exit = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        return Outcome(status: exit, output: String(decoding: output, as: UTF8.self))
    }
}
