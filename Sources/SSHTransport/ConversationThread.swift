import Base
import Glibc
import Synchronization

/// Runs what blocks (a `Conversation`) on a thread of its own, so that Swift's cooperative pool never waits for a host.
package enum ConversationThread {
    /// Virtual memory; only what is touched is paid for.
    private static let stackBytes = 1 << 20

    private final class Job: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` with a box for its conversation: cancelling the task cancels the conversation that is in the box.
    package static func run<Result: Sendable>(
        _ body: @escaping @Sendable (CancellationBox) throws -> Result
    ) async throws -> Result {
        let box = CancellationBox()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = Job { continuation.resume(with: Swift.Result { try body(box) }) }
                do {
                    try start(job)
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            box.cancel()
        }
    }

    private static func start(_ job: Job) throws(ApusError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackBytes)
        let context = Unmanaged.passRetained(job)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw ApusError(code: "thread-failed", "cannot start a thread: \(Files.reason(code))")
        }
    }
}

/// Holds the conversation of a task, so that cancelling reaches it whenever it comes.
package final class CancellationBox: Sendable {
    private struct State {
        var conversation: Conversation?
        var isCancelled = false
    }

    private let state = Mutex(State())

    package init() {}

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    package func put(_ conversation: Conversation) {
        let isCancelled = state.withLock { state in
            state.conversation = conversation
            return state.isCancelled
        }
        if isCancelled { conversation.cancel() }
    }

    package func cancel() {
        let conversation = state.withLock { state in
            state.isCancelled = true
            return state.conversation
        }
        conversation?.cancel()
    }
}
