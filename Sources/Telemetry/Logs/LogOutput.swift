import Glibc
import Synchronization

/// Where lines go.
package protocol LogOutput: Sendable {
    var isTerminal: Bool { get }
    /// Writes one whole line that ends in a line feed, or loses it: true when it was written. Never waits for ever.
    func write(_ line: [UInt8]) -> Bool
}

/// Standard error, one write(2) a line.
///
/// A line is at most PIPE_BUF bytes, so that lines of several writers to one pipe or one O_APPEND file do not mix. A reader
/// that has stopped costs its first victim 100 ms; from then on lines are lost without waiting until it reads again. A
/// closed or broken standard error loses lines and nothing else: SIGPIPE is held back for the one call, and the
/// process's disposition, which children inherit, stays as it is. (Another process that fills the same pipe between our
/// poll(2) and our write(2) can still make us wait for its reader.)
package final class StandardErrorOutput: LogOutput {
    private let descriptor: Int32
    private let stallLimitMilliseconds: Int32
    /// True while the last line did not fit. Held over the write, so that the room that poll(2) saw is ours.
    private let isStalled = Mutex(false)

    package init() {
        descriptor = STDERR_FILENO
        stallLimitMilliseconds = 100
    }

    /// For tests: any descriptor, which stays the caller's.
    init(descriptor: Int32, stallLimitMilliseconds: Int32) {
        self.descriptor = descriptor
        self.stallLimitMilliseconds = stallLimitMilliseconds
    }

    package var isTerminal: Bool { isatty(descriptor) == 1 }

    package func write(_ line: [UInt8]) -> Bool {
        isStalled.withLock { isStalled in
            guard waitForRoom(milliseconds: isStalled ? 0 : stallLimitMilliseconds) else {
                isStalled = true
                return false
            }
            let isWritten = writeOnce(line)
            isStalled = !isWritten
            return isWritten
        }
    }

    /// True when a write would neither wait nor find the other end gone.
    private func waitForRoom(milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var ready = poll(&request, 1, milliseconds)
        if ready < 0 && errno == EINTR { ready = poll(&request, 1, 0) }
        return ready == 1 && request.revents & Int16(POLLERR | POLLHUP | POLLNVAL) == 0
    }

    private func writeOnce(_ line: [UInt8]) -> Bool {
        var pipeSignal = sigset_t()
        var before = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipeSignal, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var written: Int
        repeat {
            written = Glibc.write(descriptor, line, line.count)
        } while written < 0 && errno == EINTR
        if written < 0 && errno == EPIPE && sigismember(&before, SIGPIPE) == 0 {
            // Takes the signal that this write raised for this thread, before the mask lets it through.
            var noTime = timespec()
            sigtimedwait(&pipeSignal, nil, &noTime)
        }
        return written == line.count
    }
}
