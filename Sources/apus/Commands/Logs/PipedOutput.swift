import Base
import Glibc

/// Standard output of a command that prints a log: where the reader has gone (`| head`), the program ends as one does that
/// knows nothing of it, by SIGPIPE and without a word.
enum PipedOutput {
    /// Told apart from what a source throws, because it ends the command.
    struct Failed: Error {
        let error: ApusError
    }

    /// - Throws: `Failed`.
    static func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress! + offset, $0.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EPIPE { endByPipe() }
                throw Failed(error: Files.failure("write-failed", "cannot write standard output"))
            }
            offset += count
        }
    }

    private static func endByPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_UNBLOCK, &pipe, nil)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }
}
