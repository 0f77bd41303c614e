import NIOCore
import NIOHTTP2

/// The bounds of one HTTP/2 connection. What a peer may cost: at most `concurrentStreams` streams with `streamWindow`
/// bytes each in the caller's hands, `connectionWindow` bytes in all; one header list of `headerListBytes`;
/// `outputBytes` of DATA waiting.
package struct HTTP2Limits: Hashable, Sendable {
    /// SETTINGS_MAX_CONCURRENT_STREAMS. A client that opens more breaks the protocol.
    package var concurrentStreams = 128
    /// Bytes of names and values and 32 for each field (RFC 9113 section 6.5.2). More ends the connection: the
    /// compression state is lost.
    package var headerListBytes = 64 << 10
    /// Bytes of a request body that may be on their way or unconsumed, per stream. 65,535 to 2^31 - 1.
    package var streamWindow = 256 << 10
    /// The same for all streams together. 65,535 to 2^31 - 1.
    package var connectionWindow = 1 << 20
    /// `send` accepts nothing while this many bytes wait in the output buffer.
    package var outputBytes = 256 << 10
    /// RST_STREAM frames of a peer within 30 s (CVE-2023-44487, rapid reset).
    package var resets = 250
    /// Stream errors of a peer within 30 s.
    package var streamErrors = 100
    /// PING, SETTINGS and PRIORITY frames of a peer within 30 s.
    package var controlFrames = 500
    /// CONTINUATION frames of a header block (CVE-2024-27316 and others).
    package var continuations = 16
    /// DATA frames without bytes in a row.
    package var emptyFrames = 16

    /// Whether clients may ask for tunnels by extended CONNECT (RFC 8441).
    package var allowsExtendedConnect = true

    package init() {}

    func configuration() -> (NIOHTTP2Handler.ConnectionConfiguration, NIOHTTP2Handler.StreamConfiguration) {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.maximumSequentialEmptyDataFrames = emptyFrames
        connection.maximumSequentialContinuationFrames = continuations
        // Frames of streams that either side has reset may still be on their way: that many are forgiven.
        connection.maximumRecentlyResetStreams = 2 * concurrentStreams
        // A count for the connection's whole life; the rates above guard better.
        connection.maximumConnectionGlitches = 100_000
        connection.maximumBufferedControlFrames = 1_000
        connection.controlFrameRateLimit.maximumCount = controlFrames
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = resets
        stream.streamErrorRateLimit.maximumCount = streamErrors
        return (connection, stream)
    }
}
