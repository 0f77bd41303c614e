import HTTPWire
import NIOCore
import NIOSSL
import NIOTLS

/// What the two ends of a TLS pipeline share: the caller's buffers for the length of one call, and what was learned.
final class TLSPorts {
    var plaintext: WireBuffer?
    var ciphertext: WireBuffer?
    var isEstablished = false
    var hasReceivedCloseNotify = false
    var negotiatedProtocol = NegotiatedProtocol.none
    /// The first error that NIO told.
    var fault: TLSFault?
    /// Whether the peer's certificate is verified: only then does the fault speak about it.
    var verifies = true
}

/// The end towards the network: takes what TLS writes.
final class CiphertextEnd: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let ports: TLSPorts

    init(_ ports: TLSPorts) { self.ports = ports }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        buffer.withUnsafeReadableBytes { ports.ciphertext?.append($0) }
        promise?.succeed(())
    }

    func flush(context: ChannelHandlerContext) {}

    /// The socket is the caller's: TLS asks to close it after a fault or once both sides have said close_notify.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        promise?.succeed(())
    }

    func read(context: ChannelHandlerContext) {}
}

/// The end towards the application: takes plaintext, the handshake's result and errors.
final class PlaintextEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    private let ports: TLSPorts

    init(_ ports: TLSPorts) { self.ports = ports }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { ports.plaintext?.append($0) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {}

    func channelActive(context: ChannelHandlerContext) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent {
            ports.isEstablished = true
            ports.negotiatedProtocol = NegotiatedProtocol(alpn: name)
        } else if case .inputClosed? = event as? ChannelEvent {
            ports.hasReceivedCloseNotify = true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard ports.fault == nil else { return }
        ports.fault = TLSFault(error, wasEstablished: ports.isEstablished)
    }
}
