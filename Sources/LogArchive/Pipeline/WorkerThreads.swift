package import Base
import CLinux
import Dispatch
import Glibc
import Synchronization

/// Threads of the archive's own, for what blocks and computes: Swift's pool stays free for others, and these give way to
/// everybody (nice value, I/O priority). A task that prefers them runs here wherever it does not wait.
package final class WorkerThreads: TaskExecutor {
    package struct Priority: Sendable, Equatable {
        /// 0 to 19, the higher the more it gives way.
        package var nice: Int
        /// Whether the disk serves everybody else first.
        package var hasIdleIO: Bool

        package init(nice: Int, hasIdleIO: Bool) {
            self.nice = nice
            self.hasIdleIO = hasIdleIO
        }
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var first = 0
        var isStopped = false
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
        let ready = DispatchSemaphore(value: 0)
    }

    private let shared = Shared()
    private let count: Int

    /// - Throws: `thread-failed`.
    package init(count: Int, priority: Priority? = nil) throws(ApusError) {
        self.count = count
        for _ in 0..<count { try start(priority) }
    }

    deinit {
        shared.state.withLock { $0.isStopped = true }
        for _ in 0..<count { shared.ready.signal() }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        shared.state.withLock { $0.jobs.append(job) }
        shared.ready.signal()
    }

    private final class Start: Sendable {
        let shared: Shared
        let executor: UnownedTaskExecutor
        let priority: Priority?

        init(_ shared: Shared, _ executor: UnownedTaskExecutor, _ priority: Priority?) {
            self.shared = shared
            self.executor = executor
            self.priority = priority
        }
    }

    private func start(_ priority: Priority?) throws(ApusError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 1 << 20)
        let context = Unmanaged.passRetained(Start(shared, asUnownedTaskExecutor(), priority))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                if let priority = start.priority {
                    apus_thread_priority(Int32(priority.nice), priority.hasIdleIO ? 3 : 2, 7)
                }
                WorkerThreads.work(start.shared, start.executor)
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw ApusError(code: "thread-failed", "cannot start a thread: \(Files.reason(code))")
        }
    }

    /// A job holds the executor, so it is there for as long as there are jobs.
    private static func work(_ shared: Shared, _ executor: UnownedTaskExecutor) {
        while true {
            shared.ready.wait()
            let (job, isStopped) = shared.state.withLock { state -> (UnownedJob?, Bool) in
                guard state.first < state.jobs.count else { return (nil, state.isStopped) }
                let job = state.jobs[state.first]
                state.first += 1
                if state.first == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: true)
                    state.first = 0
                }
                return (job, false)
            }
            if let job { job.runSynchronously(on: executor) } else if isStopped { return }
        }
    }
}
