import Synchronization

/// A one-way door: closed until `open()`, open for ever after. Any number of tasks may wait for it.
package final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var nextID = 0
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    package init() {}

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Opens the door. Only the first call has an effect.
    package func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the door is open.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before.
    package func wait() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.isOpen { return .success(()) }
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                if let waiter = state.waiters.removeValue(forKey: id) { return Optional(waiter) }
                if !state.isOpen { state.cancelled.insert(id) }
                return nil
            }
            waiter?.resume(throwing: CancellationError())
        }
        // A cancellation that came after the answer left its mark: nobody will come for it.
        state.withLock { _ = $0.cancelled.remove(id) }
    }
}

extension TimeSource {
    /// Sleeps until the deadline, or until the latch opens if that is sooner.
    ///
    /// - Returns: True when the latch is open.
    /// - Throws: `CancellationError` when the task is cancelled.
    package func sleep(until deadline: MonotonicInstant, orOpen latch: Latch) async throws -> Bool {
        if latch.isOpen { return true }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.sleep(until: deadline) }
            group.addTask { try await latch.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
        return latch.isOpen
    }
}
