package import Base
import Glibc

/// Credentials from a program of the administrator's (`credential_process`): started by its arguments, never by a
/// shell.
package struct ProcessCredentials: CredentialSource {
    package var name: String { "credential_process" }
    private static let timeout = Duration.seconds(60)
    private static let limit = 64 << 10

    private let command: String
    private let time: any TimeSource

    package init(_ command: String, time: any TimeSource) {
        self.command = command
        self.time = time
    }

    package func load() async throws(ApusError) -> CloudCredentials? {
        guard let words = ProcessCredentials.words(command), let program = words.first else {
            throw ApusError.credentialsFailed("credential_process is empty or has a quote that does not end")
        }
        let output = try await run(program, words)
        return try CredentialDocument.read(output, from: "credential_process")
    }

    private func run(_ program: String, _ words: [String]) async throws(ApusError) -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Files.failure("credentials-failed", "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(ends[0]) }
        let child: pid_t
        do throws(ApusError) {
            defer {
                close(ends[1])
                close(null)
            }
            child = try ProcessSpawn.start(program, words, input: null, output: ends[1], errors: null)
        } catch {
            throw ApusError.credentialsFailed("credential_process cannot be started", cause: error)
        }
        do throws(ApusError) {
            let output = try await output(ends[0])
            let code = try await end(of: child)
            guard code == 0 else { throw ApusError.credentialsFailed("credential_process ended with \(code)") }
            return output
        } catch {
            // Its group is its own; where it is reaped already there is nothing to end.
            if ProcessSpawn.poll(child) == nil {
                kill(-child, SIGKILL)
                _ = ProcessSpawn.wait(for: child)
            }
            throw error
        }
    }

    /// Reads without blocking a thread of the pool.
    private func output(_ descriptor: Int32) async throws(ApusError) -> [UInt8] {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let deadline = time.now().advanced(by: ProcessCredentials.timeout)
        var content = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while time.now() < deadline {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return content }
            if count > 0 {
                content += buffer[..<count]
                guard content.count <= ProcessCredentials.limit else {
                    throw ApusError.credentialsFailed("credential_process gave more than 64 KiB")
                }
            } else if errno != EINTR {
                guard errno == EAGAIN else { throw Files.failure("credentials-failed", "credential_process") }
                try await time.pause(for: .milliseconds(10))
            }
        }
        throw ApusError.credentialsFailed("credential_process took longer than 60 s", canRetry: true)
    }

    private func end(of child: pid_t) async throws(ApusError) -> Int32 {
        let deadline = time.now().advanced(by: .seconds(5))
        while time.now() < deadline {
            if let code = ProcessSpawn.poll(child) { return code }
            try await time.pause(for: .milliseconds(5))
        }
        throw ApusError.credentialsFailed("credential_process does not end", canRetry: true)
    }

    /// Words apart at spaces, with single and double quotes and the backslash as a shell has them; nothing is expanded.
    static func words(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = text[...]
        while let character = rest.popFirst() {
            if let open = quote {
                if character == open {
                    quote = nil
                } else if character == "\\", open == "\"", let next = rest.first, "\"\\$`".contains(next) {
                    word = (word ?? "") + String(rest.removeFirst())
                } else {
                    word = (word ?? "") + String(character)
                }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == "\\" {
                guard let next = rest.popFirst() else { return nil }
                word = (word ?? "") + String(next)
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let done = word { words.append(done) }
        return quote == nil ? words : nil
    }
}
