import HTTPWire
import NIOCore
import NIOEmbedded
import NIOSSL

/// NIO's TLS handler in a channel without I/O. Three handlers in a row: our ciphertext end, TLS, our plaintext end.
/// Neither end passes anything on, so the embedded channel itself never holds data and is never closed from within.
///
/// Nothing stays scheduled: remote half closure is allowed, so NIO starts its shutdown timer only where the shutdown
/// completes in the same call. NIO's handler and BoringSSL's state refer to one another until the handler is removed:
/// `deinit` does that.
final class TLSPipeline {
    /// Bytes fed or sent in one go: NIO keeps a plaintext buffer of 32 KiB and a ciphertext buffer of 16 KiB for a
    /// session, and larger pieces would make them grow for good. A record of this much plaintext fits into the latter.
    static let pieceLength = 16_000

    let ports = TLSPorts()
    let handler: NIOSSLHandler
    let channel: EmbeddedChannel
    private let ends: [any RemovableChannelHandler]

    init(server context: NIOSSLContext) {
        ends = [CiphertextEnd(ports), PlaintextEnd(ports)]
        handler = NIOSSLServerHandler(context: context)
        channel = TLSPipeline.makeChannel(handler, ends, remote: nil)
        channel.pipeline.syncOperations.fireChannelActive()
    }

    /// The client hello is made by `start`.
    init(client context: TLSClientContext, serverName: String?) throws(TLSFault) {
        var address: SocketAddress?
        var hostName: String?
        if let serverName {
            address = try? SocketAddress(ipAddress: serverName, port: 0)
            hostName = address == nil ? serverName : nil
        } else if context.verifies {
            throw .invalidServerName("")
        }
        ends = [CiphertextEnd(ports), PlaintextEnd(ports)]
        do { handler = try NIOSSLClientHandler(context: context.context, serverHostname: hostName) } catch {
            throw .invalidServerName(serverName ?? "")
        }
        // NIO compares the certificate's addresses with the channel's even where a name is given: the unspecified
        // address stands in no certificate.
        channel = TLSPipeline.makeChannel(
            handler, ends, remote: address ?? (try? SocketAddress(ipAddress: "::", port: 0)))
        ports.verifies = context.verifies
    }

    deinit {
        // Channel and pipeline refer to one another until the channel is closed, and its end would swallow a close.
        for handler in ends { channel.pipeline.syncOperations.removeHandler(handler, promise: nil) }
        channel.pipeline.syncOperations.removeHandler(handler, promise: nil)
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
    }

    var versionName: String? { handler.tlsVersion.map { "\($0)" } }

    func start(ciphertext: WireBuffer) {
        ports.ciphertext = ciphertext
        channel.pipeline.syncOperations.fireChannelActive()
        settle()
    }

    func receive(_ bytes: UnsafeRawBufferPointer, plaintext: WireBuffer, ciphertext: WireBuffer) {
        ports.plaintext = plaintext
        ports.ciphertext = ciphertext
        var rest = bytes[...]
        while !rest.isEmpty, ports.fault == nil, !ports.hasReceivedCloseNotify {
            let piece = rest.prefix(TLSPipeline.pieceLength)
            rest = rest.dropFirst(piece.count)
            channel.pipeline.syncOperations.fireChannelRead(NIOAny(buffer(piece)))
            channel.pipeline.syncOperations.fireChannelReadComplete()
        }
        settle()
    }

    func send(_ bytes: UnsafeRawBufferPointer, ciphertext: WireBuffer) {
        ports.ciphertext = ciphertext
        var rest = bytes[...]
        while !rest.isEmpty, ports.fault == nil {
            let piece = rest.prefix(TLSPipeline.pieceLength)
            rest = rest.dropFirst(piece.count)
            channel.pipeline.syncOperations.writeAndFlush(NIOAny(buffer(piece)), promise: nil)
        }
        settle()
    }

    func close(ciphertext: WireBuffer) {
        ports.ciphertext = ciphertext
        channel.pipeline.syncOperations.close(mode: .output, promise: nil)
        settle()
    }

    /// Runs what NIO may have put off to the loop's next turn, and lets go of the caller's buffers.
    private func settle() {
        channel.embeddedEventLoop.run()
        ports.plaintext = nil
        ports.ciphertext = nil
        if ports.fault != nil {
            ports.fault = ports.fault.map { $0.explained(by: handler.peerCertificate, ports.verifies) }
        }
    }

    private func buffer(_ bytes: Swift.Slice<UnsafeRawBufferPointer>) -> ByteBuffer {
        var buffer = channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes))
        return buffer
    }

    private static func makeChannel(
        _ handler: NIOSSLHandler, _ ends: [any RemovableChannelHandler], remote: SocketAddress?
    ) -> EmbeddedChannel {
        let channel = EmbeddedChannel(handlers: [ends[0], handler, ends[1]])
        channel.allowRemoteHalfClosure = true
        channel.remoteAddress = remote
        return channel
    }
}
