import NIOCore
import NIOHTTP2

/// Frames that NIO has found good, and what it writes of its own accord.
extension HTTP2Core {
    /// Hands bytes to NIO, up to a HEADERS frame on a stream whose peer has ended it: that ends the connection.
    ///
    /// RFC 9113 section 5.1 wants STREAM_CLOSED there; NIO says PROTOCOL_ERROR.
    func receiveWatched(_ bytes: UnsafeRawBufferPointer) {
        var (position, start) = (0, 0)
        while let finding = watch.next(bytes, from: &position) {
            pipeline.receive(UnsafeRawBufferPointer(rebasing: bytes[start..<finding.offset]))
            start = finding.offset
            guard failure == nil else { return }
            let id = StreamID(rawValue: finding.stream)
            if table[id]?.hasReceivedEnd ?? table.hasEnded(id) {
                lastComplaint = "stream \(finding.stream): HEADERS after its end"
                return terminate(.streamClosed)
            }
        }
        pipeline.receive(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    func received(_ frame: HTTP2Frame) {
        guard failure == nil else { return }
        let id = StreamID(rawValue: Int32(frame.streamID))
        switch frame.payload {
        case .headers(let content): events.headers(id, content)
        case .data(let content): received(content, id)
        case .rstStream(let code): receivedReset(id, StreamError(code))
        case .windowUpdate(let increment): table.windowUpdated(id.rawValue == 0 ? nil : id, by: increment)
        case .settings(.settings(let settings)): received(settings)
        case .goAway(let last, let code, _): events.goAway(last: Int32(last), StreamError(code))
        case .ping(let data, ack: true): events.pong(data.integer)
        default: break
        }
    }

    private func received(_ content: HTTP2Frame.FramePayload.Data, _ id: StreamID) {
        guard table[id] != nil, case .byteBuffer(let buffer) = content.data else { return }
        if content.endStream { endingStream = id }
        defer { endingStream = nil }
        let padding = content.paddingBytes.map { $0 + 1 } ?? 0
        table.received(id, buffer.readableBytes + padding)
        if padding > 0 { consumed(id, padding) }
        if buffer.readableBytes > 0 { buffer.withUnsafeReadableBytes { events.data(id, $0) } }
        guard content.endStream else { return }
        events.ended(id, trailers: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private func receivedReset(_ id: StreamID, _ code: StreamError) {
        guard table[id] != nil else { return }
        table.end(id)
        events.streamReset(id, code, byPeer: true)
    }

    private func received(_ settings: HTTP2Settings) {
        // No limit unless the peer sets one (section 6.5.2); until then NIO holds back at 100.
        if !hasPeerSettings { peerConcurrentStreams = Int.max }
        hasPeerSettings = true
        for setting in settings {
            switch setting.parameter {
            case .initialWindowSize: table.peerInitialWindowChanged(to: setting.value)
            case .maxConcurrentStreams: peerConcurrentStreams = setting.value
            default: break
            }
        }
    }

    /// NIO refused what we wanted to send: a field that HTTP/2 forbids, more or less bytes than `content-length` said.
    /// For us the stream may already be over: NIO looks at DATA when it is flushed.
    func refusedToSend(_ id: StreamID) {
        guard failure == nil, !isRefusing else { return }
        isRefusing = true
        defer { isRefusing = false }
        table.close(id)
        resetByUs.append((id, .internalError))
        pipeline.write(.rstStream(.internalError), on: id.nio)
    }

    /// NIO resets streams and ends connections by itself when a peer breaks the rules.
    func wrote(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .rstStream(let code):
            let id = StreamID(rawValue: Int32(frame.streamID))
            guard table[id] != nil else { return }
            table.close(id)
            resetByUs.append((id, StreamError(code)))
        case .goAway(_, let code, _) where !isSendingGoAway: failure = StreamError(code)
        default: break
        }
    }
}
