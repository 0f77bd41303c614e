/// Why a try of a request failed, as far as a retry cares.
package enum FailureKind: Hashable, Sendable {
    /// The upstream answered with a status that counts as a failure, or that `retriableStatusCodes` may name.
    case status(Int)
    /// No connection: refused, unreachable, TLS handshake failed.
    case connectFailure
    /// No connection within the connect time-out.
    case connectTimeout
    /// The connection broke, or the stream was reset, after some of the request had been sent.
    case reset
    /// The same before any of the request had been sent.
    case resetBeforeRequest
    /// HTTP/2 said that it did not process the stream: REFUSED_STREAM, or a GOAWAY below its number (RFC 9113, section
    /// 8.7).
    case refusedStream
    /// A kept connection was closed by the upstream before any byte of an answer: the usual race with its idle
    /// time-out.
    case staleConnection
    /// No first byte in time.
    case timeout
    /// The try took longer than `perTryTimeout`.
    case perTryTimeout

    /// The upstream has certainly not acted on the request, so that a repeat is safe whatever the method.
    package var isUnprocessed: Bool {
        switch self {
        case .connectFailure, .connectTimeout, .resetBeforeRequest, .refusedStream: true
        case .status, .reset, .staleConnection, .timeout, .perTryTimeout: false
        }
    }
}
