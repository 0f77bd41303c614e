import NIOHTTP2

/// Why a stream or a connection ends (RFC 9113 section 7). Unknown codes of a peer count as `internalError`, as the
/// RFC allows.
package enum StreamError: UInt32, Error, Hashable, Sendable, CaseIterable {
    case none = 0
    case protocolError = 1
    case internalError = 2
    case flowControlError = 3
    case settingsTimeout = 4
    case streamClosed = 5
    case frameSizeError = 6
    case refusedStream = 7
    case cancel = 8
    case compressionError = 9
    case connectError = 10
    case enhanceYourCalm = 11
    case inadequateSecurity = 12
    case http11Required = 13
}

extension StreamError {
    init(_ code: HTTP2ErrorCode) {
        self = StreamError(rawValue: UInt32(truncatingIfNeeded: code.networkCode)) ?? .internalError
    }
}
