package import Base
package import Resilience
package import Settings
import Synchronization

/// Where traces go and how: the resolved `OTEL_EXPORTER_OTLP_*` settings.
package struct OTLPDestination: Sendable {
    package enum Compression: String, Sendable, CaseIterable {
        case none
        case gzip
    }

    /// The whole URL, path included: `http://127.0.0.1:4318/v1/traces`.
    package var url: HTTPURL
    package var headers: [(name: String, value: Secret)] = []
    package var compression = Compression.gzip
    /// Bounds one attempt; the export time-out of `BatchLimits` bounds all of a batch.
    package var timeout: Duration = .seconds(10)
    /// OTLP asks for exponential backoff with jitter.
    package var retry = RetryPolicy(
        maxAttempts: 5, initialBackoff: .seconds(1), maxBackoff: .seconds(5), multiplier: 1.5, jitter: .full)

    package init(url: HTTPURL) {
        self.url = url
    }
}

/// Sends batches of spans as OTLP over HTTP with binary protobuf, with the retries that the OTLP specification allows: 429,
/// 502, 503, 504 and failures of the connection; everything else is final.
package final class OTLPClient: Sendable {
    package enum Outcome: Sendable {
        /// Done, without the spans that the receiver rejected.
        case accepted(rejected: Int)
        case failed(ApusError, attempts: Int)
    }

    private let destination: OTLPDestination
    private let encoder: OTLPTraceEncoder
    private let sender: any HTTPSender
    private let time: any TimeSource
    private let compress: @Sendable ([UInt8]) throws -> [UInt8]
    private let hasToldRejection = Atomic(false)

    /// - Parameter compress: makes a gzip stream; used where the destination asks for it.
    package init(
        destination: OTLPDestination, resource: TraceResource, sender: any HTTPSender, time: any TimeSource,
        compress: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        self.destination = destination
        self.sender = sender
        self.time = time
        self.compress = compress
        encoder = OTLPTraceEncoder(resource: resource)
    }

    /// Sends one batch, with retries, until `deadline`. Nil when the task was cancelled.
    package func export(
        _ spans: [FinishedSpan], deadline: MonotonicInstant, observer: any TracingObserver
    ) async -> Outcome? {
        var request: OutgoingRequest
        do {
            request = try makeRequest(spans)
        } catch {
            return .failed(
                ApusError(code: "encode-failed", "cannot encode a batch of spans", cause: error), attempts: 0)
        }
        var retry = RetryState(policy: destination.retry, startedAt: time.now())
        while true {
            request.timeout = min(destination.timeout, time.now().duration(to: deadline))
            guard request.timeout > .zero else { return .failed(timedOut, attempts: retry.failedAttempts) }
            guard let verdict = await attempt(request) else { return nil }
            switch verdict {
            case .accepted(let rejected, let message):
                tell(message, rejected: rejected, to: observer)
                return .accepted(rejected: rejected)
            case .refused(let error): return .failed(error, attempts: retry.failedAttempts + 1)
            case .retry(let error, let pause):
                let decision = retry.afterFailure(now: time.now(), retryAfter: pause, deadline: Deadline(deadline))
                guard case .retry(let delay) = decision else {
                    return .failed(error, attempts: retry.failedAttempts)
                }
                observer.observe(.retrying(after: delay, error: error))
                guard (try? await time.sleep(for: delay)) != nil else { return nil }
            }
        }
    }

    private func attempt(_ request: OutgoingRequest) async -> OTLPVerdict? {
        do {
            return OTLPVerdict(try await sender.send(request), wallNow: time.wallNow())
        } catch is CancellationError {
            return nil
        } catch {
            if Task.isCancelled { return nil }
            return OTLPVerdict(error)
        }
    }

    private func makeRequest(_ spans: [FinishedSpan]) throws -> OutgoingRequest {
        var headers = [("User-Agent", "\(Version.name)/\(Version.number)"), ("Content-Type", OTLPVerdict.contentType)]
        var body = try encoder.encode(spans)
        if destination.compression == .gzip {
            body = try compress(body)
            headers.append(("Content-Encoding", "gzip"))
        }
        headers += destination.headers.map { ($0.name, $0.value.reveal()) }
        return OutgoingRequest(
            url: destination.url.reveal(), headers: headers.map { (name: $0.0, value: $0.1) }, body: body,
            timeout: destination.timeout)
    }

    private func tell(_ message: String, rejected: Int, to observer: any TracingObserver) {
        guard rejected > 0 || !message.isEmpty else { return }
        if hasToldRejection.exchange(true, ordering: .relaxed) { return }
        observer.observe(.rejection(message: message))
    }

    private var timedOut: ApusError {
        ApusError(code: "timed-out", "the export of a batch of spans ran out of time", canRetry: true)
    }
}
