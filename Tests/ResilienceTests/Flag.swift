import Synchronization

/// Raised once; a waiter yields until then, and does not look at cancellation.
final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }

    func raise() { state.withLock { $0 = true } }

    func wait() async {
        while !isRaised { await Task.yield() }
    }
}
