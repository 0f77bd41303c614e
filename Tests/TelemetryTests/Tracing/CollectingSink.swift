import Base
import Synchronization
import Telemetry
import Tracing

/// Keeps the spans that end.
final class CollectingSink: SpanSink {
    private let spans = Mutex<[FinishedSpan]>([])

    var finished: [FinishedSpan] { spans.withLock { $0 } }

    func submit(_ span: FinishedSpan) {
        spans.withLock { $0.append(span) }
    }
}

/// Counts what the exporter tells.
final class CollectingObserver: TracingObserver {
    struct Tally: Sendable {
        var exported = 0
        var dropped: [SpanDropReason: Int] = [:]
        var retries: [Duration] = []
        var failures: [(code: String, attempts: Int)] = []
        var rejections: [String] = []
    }

    private let state = Mutex(Tally())

    var tally: Tally { state.withLock { $0 } }

    func observe(_ event: TracingEvent) {
        state.withLock { tally in
            switch event {
            case .exported(let count): tally.exported += count
            case .dropped(let count, let reason): tally.dropped[reason, default: 0] += count
            case .retrying(let pause, _): tally.retries.append(pause)
            case .exportFailed(let error, let attempts): tally.failures.append((error.code, attempts))
            case .rejection(let message): tally.rejections.append(message)
            }
        }
    }
}

/// A receiver that answers from a script, and with 200 when the script is at its end.
final class ScriptedReceiver: HTTPSender {
    enum Step: Sendable {
        case answer(IncomingResponse)
        case fail(ApusError)
        /// Answers only when the task is cancelled.
        case hang
    }

    private struct State {
        var steps: [Step]
        var requests: [OutgoingRequest] = []
        var underWay = 0
        var mostUnderWay = 0
    }

    private let state: Mutex<State>

    init(_ steps: [Step] = []) {
        state = Mutex(State(steps: steps))
    }

    var requests: [OutgoingRequest] { state.withLock { $0.requests } }
    var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

    func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
        let step = state.withLock { state -> Step in
            state.requests.append(request)
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
            return state.steps.isEmpty ? .answer(IncomingResponse(status: 200)) : state.steps.removeFirst()
        }
        defer { state.withLock { $0.underWay -= 1 } }
        switch step {
        case .answer(let response): return response
        case .fail(let error): throw error
        case .hang:
            try await Task.sleep(for: .seconds(3600))
            throw CancellationError()
        }
    }

    /// Yields until so many requests have come.
    func waitForRequests(_ count: Int) async {
        while requests.count < count { await Task.yield() }
    }
}

extension FinishedSpan {
    /// A span of no particular kind; `number` makes its name and identifiers.
    static func sample(_ number: UInt64) -> FinishedSpan {
        var random = CountingGenerator(next: number + 1)
        let context = TraceContext(
            traceID: .random(using: &random), spanID: .random(using: &random), flags: [.sampled, .random])
        var span = FinishedSpan(
            name: "span \(number)", kind: .internal, context: context, parent: nil,
            startNanosecondsSinceEpoch: 1_700_000_000_000_000_000)
        span.endNanosecondsSinceEpoch = 1_700_000_000_000_001_000
        return span
    }
}

private struct CountingGenerator: RandomNumberGenerator {
    var number: UInt64

    init(next: UInt64) { number = next }

    mutating func next() -> UInt64 {
        defer { number += 1 }
        return number
    }
}
