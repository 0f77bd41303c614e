import HTTPWire
import NIOCore
import NIOEmbedded
import NIOHTTP2

/// swift-nio-http2's connection handler in a channel without I/O, between two ends of our own: frames go to
/// `HTTP2Core`, bytes to its output buffer. Confined to the thread that made it. Nothing is ever scheduled on its
/// loop.
final class HTTP2Pipeline {
    let channel: EmbeddedChannel
    private let handlers: [any ChannelHandler & RemovableChannelHandler]
    private unowned let core: HTTP2Core

    init(_ mode: NIOHTTP2Handler.ParserMode, settings: HTTP2Settings, limits: HTTP2Limits, core: HTTP2Core) {
        self.core = core
        var (connection, stream) = limits.configuration()
        connection.initialSettings = settings
        let handler = NIOHTTP2Handler(
            mode: mode, frameDelegate: FrameTap(core), connectionConfiguration: connection, streamConfiguration: stream)
        let ends: (BytesEnd, FrameEnd) = (BytesEnd(core), FrameEnd(core))
        handlers = [ends.0, ends.1]
        channel = EmbeddedChannel(handlers: [ends.0, handler, ends.1])
    }

    deinit {
        // Channel and pipeline refer to one another until the channel is closed, and its end would swallow a close.
        for handler in handlers { channel.pipeline.syncOperations.removeHandler(handler, promise: nil) }
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
    }

    /// Writes the preface and SETTINGS.
    func start() { channel.pipeline.syncOperations.fireChannelActive() }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        channel.pipeline.syncOperations.fireChannelRead(NIOAny(buffer(bytes)))
        channel.pipeline.syncOperations.fireChannelReadComplete()
    }

    func write(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID) {
        channel.pipeline.syncOperations.write(NIOAny(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
    }

    func flush() { channel.pipeline.syncOperations.flush() }

    func buffer(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        var buffer = channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        return buffer
    }
}

/// The end towards the network.
private final class BytesEnd: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = IOData
    private unowned let core: HTTP2Core

    init(_ core: HTTP2Core) { self.core = core }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let buffer) = unwrapOutboundIn(data) {
            buffer.withUnsafeReadableBytes { core.output.append($0) }
        }
        promise?.succeed(())
    }

    func flush(context: ChannelHandlerContext) {}
    func read(context: ChannelHandlerContext) {}
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        promise?.succeed(())
    }
}

/// The end towards the application.
private final class FrameEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame
    private unowned let core: HTTP2Core

    init(_ core: HTTP2Core) { self.core = core }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { core.received(unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) {}
    func channelActive(context: ChannelHandlerContext) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? NIOHTTP2WindowUpdatedEvent, event.streamID == .rootStream else { return }
        if let window = event.inboundWindowSize { core.table.connectionReceiveWindow = window }
    }

    /// For a breach by the peer NIO has already written the RST_STREAM or GOAWAY that belongs to it: `FrameTap` sees
    /// that.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOHTTP2Errors.StreamError else {
            core.lastComplaint = "\(error)"
            return
        }
        core.lastComplaint = "stream \(Int(error.streamID)): \(error.baseError)"
        core.refusedToSend(StreamID(rawValue: Int32(error.streamID)))
    }
}

/// Sees which frames NIO writes by itself.
private final class FrameTap: NIOHTTP2FrameDelegate {
    private unowned let core: HTTP2Core

    init(_ core: HTTP2Core) { self.core = core }

    func wroteFrame(_ frame: HTTP2Frame) { core.wrote(frame) }
}
