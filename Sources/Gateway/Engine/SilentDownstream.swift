import HTTPWire
import Reactor

/// Where the answer of a request goes that nobody waits for: to the cache's recorder, which the exchange has, and
/// nowhere else.
final class SilentDownstream: Downstream {
    let peer: PeerAddress
    let isSecure: Bool
    let isHTTP2: Bool
    var isCongested: Bool { false }

    /// - Parameter original: the client whose request is repeated.
    init(of original: any Downstream) {
        peer = original.peer
        isSecure = original.isSecure
        isHTTP2 = original.isHTTP2
    }

    func interim(_ head: WireBuffer) {}
    func respond(_ head: WireBuffer, framing: BodyFraming, declared: UInt64?) {}
    func body(_ bytes: UnsafeRawBufferPointer) {}
    func endBody(trailers: [UInt8]) {}
    func flush() {}
    func abortResponse() {}
    func pauseRequestBody() {}
    func resumeRequestBody() {}
    func becomeTunnel() -> StreamConnection? { nil }
    func exchangeEnded() {}
}
