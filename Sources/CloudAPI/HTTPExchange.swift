package import Base

extension HTTPSender {
    /// As `send`, with every failure as an `ApusError`; a cancelled task is `cancelled`, which no retry helps.
    package func exchange(_ request: OutgoingRequest) async throws(ApusError) -> IncomingResponse {
        do {
            return try await send(request)
        } catch let error as ApusError {
            throw error
        } catch is CancellationError {
            throw ApusError.cancelled
        } catch {
            throw ApusError(code: "connect-failed", "the request failed", canRetry: true, cause: error)
        }
    }
}

extension TimeSource {
    /// As `sleep(for:)`, with the task's cancellation as an `ApusError`.
    package func pause(for duration: Duration) async throws(ApusError) {
        do { try await sleep(for: duration) } catch { throw ApusError.cancelled }
    }
}

extension ApusError {
    /// Somebody ended the task; what was under way may or may not have had its effect.
    package static var cancelled: ApusError { ApusError(code: "cancelled", "the work was cancelled") }
}
