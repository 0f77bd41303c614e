package import Base
import Synchronization

/// Runs `operation` and returns its result, or throws `ApusError` `timed-out` (which a retry may help) after `timeout`.
///
/// What happens at the time-out: `operation`'s task is cancelled and this function returns at once. It does not wait for
/// the operation to notice. An operation that honours cancellation ends soon after; one that ignores it (a blocking
/// system call, a loop without a cancellation check) **goes on in the background until it ends by itself**, and its
/// result is thrown away. Nothing in Swift can stop it. So a caller that repeats such an operation bounds the number
/// that may be outstanding, and an operation writes nothing that its caller reads after a time-out.
///
/// When the caller's own task is cancelled, the operation is cancelled and has until the time-out to end; what it then
/// throws (usually `CancellationError`) or returns is passed on.
///
/// A time-out of zero or less throws without starting the operation.
package func withTimeout<Success: Sendable>(
    _ timeout: Duration, time: some TimeSource, operation: @escaping @Sendable () async throws -> Success
) async throws -> Success {
    guard timeout > .zero else { throw ApusError.timedOut(after: timeout) }
    let deadline = time.now().advanced(by: timeout)
    let race = Race<Success>()
    // Two unstructured tasks on purpose: a task group could not return before its last child.
    let work = Task {
        do { race.finish(.success(try await operation())) } catch { race.finish(.failure(error)) }
    }
    let alarm = Task {
        do { try await time.sleep(until: deadline) } catch { return }
        race.finish(.failure(ApusError.timedOut(after: timeout)))
        work.cancel()
    }
    defer { alarm.cancel() }
    return try await withTaskCancellationHandler {
        try await race.outcome()
    } onCancel: {
        work.cancel()
    }
}

/// As `withTimeout(_:time:operation:)`, up to a deadline that is handed down. With `Deadline.never` it only waits.
package func withDeadline<Success: Sendable>(
    _ deadline: Deadline, time: some TimeSource, operation: @escaping @Sendable () async throws -> Success
) async throws -> Success {
    guard deadline != .never else { return try await operation() }
    return try await withTimeout(deadline.remaining(now: time.now()), time: time, operation: operation)
}

extension ApusError {
    /// The operation did not end in time; it may or may not have had its effect.
    package static func timedOut(after timeout: Duration) -> ApusError {
        ApusError(code: "timed-out", "timed out after \(timeout)", canRetry: true)
    }
}

/// The first outcome wins; a later one is dropped. One waiter, who may come before or after the outcome.
private final class Race<Success: Sendable>: Sendable {
    private enum State {
        case running
        case waiting(CheckedContinuation<Success, any Error>)
        case finished(Result<Success, any Error>)
        case delivered
    }

    private let state = Mutex(State.running)

    func finish(_ outcome: Result<Success, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Success, any Error>? in
            switch state {
            case .running:
                state = .finished(outcome)
                return nil
            case .waiting(let continuation):
                state = .delivered
                return continuation
            case .finished, .delivered:
                return nil
            }
        }
        waiter?.resume(with: outcome)
    }

    func outcome() async throws -> Success {
        try await withCheckedThrowingContinuation { continuation in
            let early = state.withLock { state -> Result<Success, any Error>? in
                if case .finished(let outcome) = state {
                    state = .delivered
                    return outcome
                }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(with: early) }
        }
    }
}
