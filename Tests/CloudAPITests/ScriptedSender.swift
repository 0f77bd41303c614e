import Base
import CloudAPI
import Synchronization
import Testing

/// Answers in order and keeps what was asked. Beyond its script every request fails.
final class ScriptedSender: HTTPSender {
    enum Step: Sendable {
        case answer(Int, String)
        case failure
    }

    private let state: Mutex<(steps: [Step], requests: [OutgoingRequest])>

    init(_ steps: [Step]) { state = Mutex((steps, [])) }

    var requests: [OutgoingRequest] { state.withLock { $0.requests } }

    func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
        let step = state.withLock { state -> Step? in
            state.requests.append(request)
            return state.steps.isEmpty ? nil : state.steps.removeFirst()
        }
        switch step {
        case .answer(let status, let body): return IncomingResponse(status: status, body: Array(body.utf8))
        case .failure, nil: throw ApusError(code: "connect-failed", "scripted", canRetry: true)
        }
    }
}

/// Credentials that are others each time.
final class CountingSource: CredentialSource {
    let name = "counting"
    private let count = Mutex(0)
    private let end: @Sendable (Int) throws(ApusError) -> WallInstant?

    init(end: @escaping @Sendable (Int) throws(ApusError) -> WallInstant? = { _ in nil }) { self.end = end }

    var loads: Int { count.withLock { $0 } }

    func load() async throws(ApusError) -> CloudCredentials? {
        let number = count.withLock { count in
            count += 1
            return count
        }
        await Task.yield()
        return CloudCredentials(
            accessKeyID: "key-\(number)", secretAccessKey: Secret("secret"), expiresAt: try end(number))
    }
}

/// The body throws an `ApusError` of that code.
func expectCode(
    _ code: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown in place of \(code)", sourceLocation: sourceLocation)
    } catch let error as ApusError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error) in place of \(code)", sourceLocation: sourceLocation)
    }
}
