package import HTTPWire
import NIOHPACK
import NIOHTTP2

/// What the owner of a server session hears. Pointers are valid during the call. Every method may call the session
/// back.
package protocol HTTP2ServerDelegate: AnyObject {
    /// A request, its head in HTTP/1.1's form (`RequestHead` of HTTPWire reads it). With `endsStream` there is no body
    /// and `requestEnded` does not follow.
    func requestBegan(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool)
    /// Bytes of the body, without any framing. Give them back by `consumed` once they are passed on.
    func requestData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer)
    /// The request is whole. `trailers` are lines `name: value`, mostly none.
    func requestEnded(_ stream: StreamID, trailers: UnsafeRawBufferPointer)
    /// The stream is gone: the client has cancelled it, or we have reset it: because the client broke a rule on it, or
    /// because what `respond`, `send` or `finish` was given cannot be sent (a field that HTTP/2 forbids, more or less
    /// than `content-length`); then the call comes from within that one.
    func streamReset(_ stream: StreamID, _ error: StreamError, byPeer: Bool)
    /// A `send` that was cut short may go on.
    func windowOpened(_ stream: StreamID)
}

/// The server's side of one HTTP/2 connection (RFC 9113) as a transformer of bytes without I/O, from the client's
/// preface on. It runs swift-nio-http2 in a pipeline of its own. Confined to the thread that made it, its release
/// included.
///
/// All that is to be written is appended to `output`. DATA is accepted up to `HTTP2Limits.outputBytes`; everything
/// else is an answer to what the client sends: an owner that stops reading while `wantsInput` is false bounds that,
/// too.
package final class HTTP2ServerSession {
    package weak var delegate: (any HTTP2ServerDelegate)?
    private let core: HTTP2Core
    private let head = WireBuffer(capacity: 1024)
    private var drain = DrainState.serving

    /// A graceful end (RFC 9113 section 6.8): first GOAWAY with the highest stream of all, so that nothing on its way
    /// is lost; after a round trip, told by a PING, GOAWAY with the last stream.
    private enum DrainState { case serving, announced, final }
    private static let drainPing: UInt64 = 0x6170_7573_6472_6169

    /// Writes our SETTINGS to `output`.
    package init(output: WireBuffer, limits: HTTP2Limits = HTTP2Limits()) {
        var settings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.concurrentStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerListBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.streamWindow),
        ]
        if limits.allowsExtendedConnect { settings.append(HTTP2Setting(parameter: .enableConnectProtocol, value: 1)) }
        core = HTTP2Core(.server, settings: settings, limits: limits, output: output)
        core.events = self
        core.start()
    }

    /// Where frames for the client go. It may be replaced between calls.
    package var output: WireBuffer {
        get { core.output }
        set { core.output = newValue }
    }

    var channel: AnyObject { core.pipeline.channel }

    /// Streams that are not over on both sides.
    package var streamCount: Int { core.table.count }

    /// Why the session is over: the client broke the protocol. GOAWAY is in `output`; write that, then close.
    package var failure: StreamError? { core.failure }

    /// NIO's words for the last breach, for the log.
    package var lastComplaint: String? { core.lastComplaint }

    /// True once the connection may be closed when `output` is written: after a failure, or drained with no stream
    /// left.
    package var isOver: Bool { core.failure != nil || (drain == .final && core.table.count == 0) }

    /// False while so much waits in `output` that the owner should not read from the client.
    package var wantsInput: Bool { output.count < core.limits.outputBytes }

    /// Takes bytes from the client.
    package func receive(_ bytes: UnsafeRawBufferPointer) { core.receive(bytes) }

    /// Tells that `output` has been written: streams that found it full may go on.
    package func outputDrained() { core.resume() }

    /// Sends the final head of a response, in HTTP/1.1's form (`HTTP/1.1 200 OK`, fields, an empty line). A 101
    /// answers an extended CONNECT.
    package func respond(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool) {
        guard let state = core.table[stream], !state.hasSentHead, !state.hasSentEnd else { return }
        core.table.update(stream) { $0.hasSentHead = true }
        core.sendHeaders(
            stream, .init(headers: responseHeaders(head, isTunnel: state.isConnect), endStream: endsStream))
    }

    /// Sends an interim response (100, 103) before the final one.
    package func interim(_ stream: StreamID, head: UnsafeRawBufferPointer) {
        guard let state = core.table[stream], !state.hasSentHead else { return }
        core.sendHeaders(stream, .init(headers: responseHeaders(head, isTunnel: false), endStream: false))
    }

    /// Sends as much of `bytes` as windows and `output` have room for; with `endsStream` and all accepted, the
    /// response is whole.
    ///
    /// - Returns: How many bytes were accepted. If fewer than all, the caller keeps the rest until `windowOpened`.
    package func send(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer, endsStream: Bool = false) -> Int {
        core.send(stream, bytes, end: endsStream)
    }

    /// Ends the response, with trailers (lines `name: value`) if there are any.
    package func finish(
        _ stream: StreamID, trailers: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        core.finish(stream, trailers: trailers)
    }

    /// Ends the stream at once; nothing more is heard of it. After a whole response, `.none` tells a client to stop
    /// its upload.
    package func reset(_ stream: StreamID, _ error: StreamError) { core.reset(stream, error) }

    /// Tells that `count` bytes of the stream's body have been passed on: the client gets room for as many.
    package func consumed(_ stream: StreamID, _ count: Int) { core.consumed(stream, count) }

    /// Begins a graceful end: streams go on, new ones are refused after a round trip; see `isOver`.
    package func goAway() {
        guard drain == .serving else { return }
        drain = .announced
        core.announceGoAway(ping: HTTP2ServerSession.drainPing)
    }

    /// Ends the connection at once (a time-out, a full process): GOAWAY with the last stream seen, then `failure` is
    /// set.
    package func terminate(_ error: StreamError) { core.terminate(error) }

    private func responseHeaders(_ head: UnsafeRawBufferPointer, isTunnel: Bool) -> HPACKHeaders {
        var reader = HeadReader(head)
        var headers = HPACKHeaders()
        headers.reserveCapacity(16)
        let line = reader.line() ?? UnsafeRawBufferPointer(start: nil, count: 0)
        var status = String(decoding: line.dropFirst(9).prefix(3), as: UTF8.self)
        let isUpgrade = isTunnel && status == "101"
        if isUpgrade { status = "200" }
        headers.add(name: ":status", value: status)
        reader.fields(to: &headers) { isUpgrade && ($0 == "sec-websocket-accept" || $0 == "content-length") }
        return headers
    }
}

extension HTTP2ServerSession: HTTP2CoreEvents {
    func headers(_ id: StreamID, _ content: HTTP2Frame.FramePayload.Headers) {
        if core.table[id] != nil { return trailers(id, content) }
        guard id.rawValue > core.lastPeerStream else { return }
        core.lastPeerStream = id.rawValue
        core.table.open(id)
        head.clear()
        do throws(StreamError) {
            let isTunnel = try RequestHeadWriter.write(content.headers, endsStream: content.endStream, to: head)
            if isTunnel { core.table.update(id) { $0.isConnect = true } }
        } catch {
            return core.reset(id, error)
        }
        if content.endStream { core.receivedEnd(id) }
        delegate?.requestBegan(id, head: head.readable, endsStream: content.endStream)
    }

    private func trailers(_ id: StreamID, _ content: HTTP2Frame.FramePayload.Headers) {
        head.clear()
        TrailerWriter.write(content.headers, to: head)
        core.receivedEnd(id)
        delegate?.requestEnded(id, trailers: head.readable)
    }

    func data(_ id: StreamID, _ bytes: UnsafeRawBufferPointer) { delegate?.requestData(id, bytes) }

    func ended(_ id: StreamID, trailers: UnsafeRawBufferPointer) {
        guard core.table[id] != nil else { return }
        core.receivedEnd(id)
        delegate?.requestEnded(id, trailers: trailers)
    }

    func streamReset(_ id: StreamID, _ code: StreamError, byPeer: Bool) {
        delegate?.streamReset(id, code, byPeer: byPeer)
    }

    func windowOpened(_ id: StreamID) { delegate?.windowOpened(id) }

    /// A client that goes away keeps its streams; it opens no more.
    func goAway(last: Int32, _ code: StreamError) {
        if drain != .final { drain = .final }
    }

    func pong(_ data: UInt64) {
        guard data == HTTP2ServerSession.drainPing, drain == .announced else { return }
        drain = .final
        core.goAway(last: core.lastPeerStream, .none)
    }
}
