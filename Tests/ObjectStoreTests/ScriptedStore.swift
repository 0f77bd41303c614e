import Base
import CloudAPI
import ObjectStore
import Resilience
import Synchronization
import TestKit

/// Stands before a store that is in memory of the script: answers in order and keeps what was asked.
final class ScriptedStore: HTTPSender {
    enum Step: Sendable {
        case answer(Int, headers: [(name: String, value: String)] = [], body: String = "")
        case failure(canRetry: Bool)
    }

    private let state: Mutex<(steps: [Step], requests: [OutgoingRequest])>

    init(_ steps: [Step]) { state = Mutex((steps, [])) }

    var requests: [OutgoingRequest] { state.withLock { $0.requests } }

    func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
        let step = state.withLock { state -> Step? in
            state.requests.append(request)
            return state.steps.isEmpty ? nil : state.steps.removeFirst()
        }
        guard let step else { throw ApusError(code: "script", "the script is over") }
        switch step {
        case .answer(let status, let headers, let body):
            return IncomingResponse(status: status, headers: headers, body: Array(body.utf8))
        case .failure(let canRetry): throw ApusError(code: "connection-lost", "scripted", canRetry: canRetry)
        }
    }

    /// A store in front of this script whose waits are over at once, and whose credentials are `key-1`, `key-2`, ….
    func store(
        _ time: any TimeSource = ImpatientTime(), _ change: (inout BucketOptions) -> Void = { _ in }
    ) -> BucketStore {
        var options = BucketOptions(dialect: .s3, bucket: "bucket", region: "us-east-1")
        options.retry = RetryPolicy(maxAttempts: 4, initialBackoff: .milliseconds(100))
        change(&options)
        return BucketStore(
            options, credentials: CredentialChain([NumberedCredentials()], time: time), http: self, time: time)
    }
}

/// Time that passes while somebody sleeps, and only then; it keeps how long was slept.
final class ImpatientTime: TimeSource {
    private let state = Mutex((offset: Duration.zero, slept: [Duration]()))

    var slept: [Duration] { state.withLock { $0.slept } }

    func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000).advanced(by: state.withLock { $0.offset })
    }
    func wallNow() -> WallInstant {
        WallInstant(secondsSince1970: 1_700_000_000).advanced(by: state.withLock { $0.offset })
    }

    func sleep(until deadline: MonotonicInstant) async throws {
        let wait = now().duration(to: deadline)
        state.withLock { state in
            state.offset += wait
            state.slept.append(wait)
        }
        await Task.yield()
    }
}

final class NumberedCredentials: CredentialSource {
    let name = "numbered"
    private let count = Mutex(0)

    func load() async throws(ApusError) -> CloudCredentials? {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return CloudCredentials(accessKeyID: "key-\(number)", secretAccessKey: Secret("secret"))
    }
}

extension OutgoingRequest {
    func header(_ name: String) -> String { headers.first { $0.name.lowercased() == name.lowercased() }?.value ?? "" }
}
