import ArgumentParser
import Daemon
import Glibc
import Synchronization

/// Whether Ctrl-C or SIGTERM has asked for the end, from the first run on to the end of the process. It is watched once: a
/// second watch would begin while the first is still being taken down, and see nothing.
final class StopSignal: Sendable {
    static let shared = StopSignal()

    private struct State {
        var isRaised = false
        var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
    }

    private let watcher = SignalWatcher(onSecondStop: { _exit(ExitCode.interrupted.rawValue) })
    private let state = Mutex(State())

    private init() {
        let signals = watcher.signals
        Task { for await signal in signals where signal == .stop { self.raise() } }
    }

    /// Returns once the end is asked for, or the task is cancelled.
    func wait() async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let number: Int? = state.withLock { state in
            guard !state.isRaised else { return nil }
            state.next += 1
            state.waiters[state.next] = continuation
            return state.next
        }
        guard let number else { return }
        for await _ in stream {}
        _ = state.withLock { $0.waiters.removeValue(forKey: number) }
    }

    private func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.finish() }
    }
}
