/// Why a message is not accepted, and the status that says so: for a request the answer to its client (after which the
/// connection is closed), for an upstream's answer 502.
package struct Refusal: Error, Hashable, Sendable {
    package let status: Int
    package let reason: Reason

    package init(_ reason: Reason) {
        status = reason.status
        self.reason = reason
    }

    package init(status: Int, reason: Reason) {
        self.status = status
        self.reason = reason
    }

    /// Constant texts, fit for a log line and a metric's label.
    package enum Reason: String, Error, Hashable, Sendable, CaseIterable {
        // request line, RFC 9112 section 3
        case tlsHello = "TLS on a plain port"
        case invalidMethod = "invalid method"
        case methodTooLong = "method too long"
        case invalidTarget = "invalid request target"
        case targetTooLong = "request target too long"
        case targetDoesNotFitMethod = "request target does not fit the method"
        case invalidVersion = "invalid HTTP version"
        case unsupportedVersion = "unsupported HTTP version"
        // status line, section 4
        case invalidStatusLine = "invalid status line"
        // field lines, section 5
        case bareCarriageReturn = "CR without LF"
        case bareLineFeed = "LF without CR"
        case forbiddenByte = "control character"
        case foldedLine = "folded or indented field line"
        case invalidFieldName = "invalid field name"
        case fieldTooLong = "field too long"
        case tooManyFields = "too many fields"
        case headTooLong = "head too long"
        case missingHost = "no Host"
        case repeatedHost = "more than one Host"
        case invalidHost = "invalid Host"
        case unknownExpectation = "unknown expectation"
        case tooManyConnectionOptions = "too many connection options"
        // framing, section 6
        case invalidContentLength = "invalid Content-Length"
        case repeatedContentLength = "more than one Content-Length"
        case lengthWithTransferEncoding = "Content-Length with Transfer-Encoding"
        case invalidTransferEncoding = "invalid Transfer-Encoding"
        case unknownTransferCoding = "unknown transfer coding"
        case transferEncodingInOldVersion = "Transfer-Encoding in HTTP/1.0"
        case bodyNotAllowed = "body where none is allowed"
        // chunked coding, section 7.1
        case invalidChunkSize = "invalid chunk size"
        case chunkTooLarge = "chunk too large"
        case invalidChunkExtension = "invalid chunk extension"
        case chunkExtensionsTooLong = "chunk extensions too long"
        case missingChunkEnd = "no CRLF after chunk data"
        case trailersTooLong = "trailers too long"
        // by the engine, which knows time and policy
        case tooSlow = "too slow"
        case bodyTooLarge = "body too large"

        /// RFC 9110 section 15, RFC 6585 section 5 (431).
        package var status: Int {
            switch self {
            case .tooSlow: 408
            case .bodyTooLarge: 413
            case .targetTooLong: 414
            case .unknownExpectation: 417
            case .fieldTooLong, .tooManyFields, .headTooLong, .trailersTooLong: 431
            case .methodTooLong, .unknownTransferCoding: 501
            case .unsupportedVersion: 505
            default: 400
            }
        }
    }
}

/// Why reading stops before the end of what is read.
enum Stop: Error {
    case needMore
    case refused(Refusal.Reason)
}
