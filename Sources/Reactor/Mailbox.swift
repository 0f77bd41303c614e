import Glibc
import Synchronization

/// Jobs for a reactor's thread from other threads, and its stop. At most as many jobs wait as were posted: callers post a
/// bounded number (a reload, a sample a second).
package final class Mailbox: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let stopped = Atomic<Bool>(false)
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    package var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// Has `job` run on the reactor's thread soon.
    ///
    /// - Returns: False when the reactor is gone; the job is dropped.
    @discardableResult
    package func post(_ job: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs.append(job)
            if state.jobs.count == 1 { ring() }
            return true
        }
    }

    /// Ends `Reactor.run`.
    package func stop() {
        stopped.store(true, ordering: .releasing)
        state.withLock { if !$0.isClosed { ring() } }
    }

    private func ring() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    func runJobs() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        let jobs = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job() }
    }

    /// After this the descriptor is not used any more.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.jobs = []
        }
    }
}
