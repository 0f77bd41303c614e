import Base
import Resilience
import SwiftProtobuf

/// What an answer of an OTLP receiver means for the batch (OTLP 1.x, "OTLP/HTTP Response").
enum OTLPVerdict: Sendable {
    case accepted(rejected: Int, message: String)
    case retry(ApusError, after: Duration?)
    case refused(ApusError)

    static let contentType = "application/x-protobuf"
    /// How much of a receiver's message is kept, in characters.
    static let messageLimit = 256

    /// A partial success is a success: what was rejected would be rejected again.
    init(_ response: IncomingResponse, wallNow: WallInstant) {
        switch response.status {
        case 200..<300: self = OTLPVerdict.accepted(response)
        case 429, 502, 503, 504:
            let pause = response.header("Retry-After").flatMap { RetryAfter.parse($0, wallNow: wallNow) }
            self = .retry(OTLPVerdict.failure(response.status, canRetry: true), after: pause)
        default: self = .refused(OTLPVerdict.failure(response.status, canRetry: false))
        }
    }

    /// The exchange failed before there was an answer.
    init(_ error: any Error) {
        let failure =
            error as? ApusError
            ?? ApusError(
                code: "otlp-send-failed", "cannot send spans to the OTLP receiver", canRetry: true, cause: error)
        self = failure.canRetry ? .retry(failure, after: nil) : .refused(failure)
    }

    private static func accepted(_ response: IncomingResponse) -> OTLPVerdict {
        let type = response.header("Content-Type")?.lowercased() ?? ""
        guard type.hasPrefix(contentType),
            let answer = try? OTLPExportTraceServiceResponse(serializedBytes: response.body)
        else { return .accepted(rejected: 0, message: "") }
        let partial = answer.partialSuccess
        return .accepted(
            rejected: Int(clamping: max(0, partial.rejectedSpans)),
            message: String(partial.errorMessage.prefix(messageLimit)))
    }

    private static func failure(_ status: Int, canRetry: Bool) -> ApusError {
        ApusError(
            code: "otlp-status-\(status)", "the OTLP receiver answered with HTTP status \(status)", canRetry: canRetry)
    }
}
