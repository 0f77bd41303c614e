import HTTPWire
import Reactor

/// Where the answer to one request goes: an HTTP/1.1 connection, a stream of HTTP/2, or a probe of our own.
///
/// Heads come as HTTP/1.1-shaped bytes without hop-by-hop fields, framing and the final CRLF; the downstream adds what its
/// protocol needs. Bytes are staged until `flush`.
protocol Downstream: AnyObject {
    var peer: PeerAddress { get }
    var isSecure: Bool { get }
    var isHTTP2: Bool { get }
    /// More bytes are waiting than should be: the exchange stops reading its upstream until `downstreamDrained`.
    var isCongested: Bool { get }

    /// A 1xx response.
    func interim(_ head: WireBuffer)

    /// The final head. `framing` says what body follows; `declared` is a Content-Length to show without a body (HEAD, 304).
    func respond(_ head: WireBuffer, framing: BodyFraming, declared: UInt64?)

    func body(_ bytes: UnsafeRawBufferPointer)

    /// The body is whole. `trailers` are field lines.
    func endBody(trailers: [UInt8])

    func flush()

    /// The response cannot be completed: the client must not take it for whole.
    func abortResponse()

    func pauseRequestBody()
    func resumeRequestBody()

    /// Becomes one end of a tunnel after its head was sent (101); nil where the protocol has none.
    func becomeTunnel() -> StreamConnection?

    /// The exchange is over, and forgotten by both.
    func exchangeEnded()
}

/// A connection of a client, in whichever protocol.
protocol Client: StreamConnection {
    var peer: PeerAddress { get }
    /// No new requests; the connection closes after those that are under way.
    func drain()
}
