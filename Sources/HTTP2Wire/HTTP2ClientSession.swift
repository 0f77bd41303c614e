package import HTTPWire
import NIOHPACK
import NIOHTTP2

/// What the owner of a client session hears. Pointers are valid during the call. Every method may call the session
/// back.
package protocol HTTP2ClientDelegate: AnyObject {
    /// An interim response (1xx), in HTTP/1.1's form.
    func interimResponse(_ stream: StreamID, head: UnsafeRawBufferPointer)
    /// The final response's head, in HTTP/1.1's form (`ResponseHead` of HTTPWire reads it). With `endsStream` there is
    /// no body and `responseEnded` does not follow.
    func responseBegan(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool)
    /// Bytes of the body, without any framing. Give them back by `consumed` once they are passed on.
    func responseData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer)
    /// The response is whole. `trailers` are lines `name: value`, mostly none.
    func responseEnded(_ stream: StreamID, trailers: UnsafeRawBufferPointer)
    /// The server has not processed the request and will not (GOAWAY or REFUSED_STREAM): it is safe to send it
    /// elsewhere.
    func streamRefused(_ stream: StreamID)
    /// The stream is gone: the server has cancelled it, or has broken a rule on it and we have reset it, or what we
    /// were given to send cannot be sent (then the call comes from within that one).
    func streamReset(_ stream: StreamID, _ error: StreamError, byPeer: Bool)
    /// A `send` that was cut short may go on.
    func windowOpened(_ stream: StreamID)
}

/// The client's side of one HTTP/2 connection (RFC 9113), towards an upstream; see `HTTP2ServerSession`.
package final class HTTP2ClientSession {
    package weak var delegate: (any HTTP2ClientDelegate)?
    private let core: HTTP2Core
    private let head = WireBuffer(capacity: 1024)
    private var nextStream: Int32 = 1
    private var isGoingAway = false

    /// Writes the preface and our SETTINGS to `output`.
    package init(output: WireBuffer, limits: HTTP2Limits = HTTP2Limits()) {
        let settings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerListBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.streamWindow),
        ]
        core = HTTP2Core(.client, settings: settings, limits: limits, output: output)
        core.events = self
        core.start()
    }

    /// Where frames for the server go. It may be replaced between calls.
    package var output: WireBuffer {
        get { core.output }
        set { core.output = newValue }
    }

    /// Streams that are not over on both sides.
    package var streamCount: Int { core.table.count }

    /// Why the session is over: the server broke the protocol. GOAWAY is in `output`; write that, then close.
    package var failure: StreamError? { core.failure }
    package var lastComplaint: String? { core.lastComplaint }

    /// How many streams the server allows at a time; 100 until its SETTINGS are there.
    package var maximumStreams: Int { core.peerConcurrentStreams }

    /// Whether `open` can succeed now.
    package var canOpen: Bool { !isGone && core.table.count < maximumStreams }

    /// True once no stream can be opened any more: the server goes away, the protocol was broken, or the numbers are
    /// used up. Streams that are open go on, except after a failure.
    package var isGone: Bool { isGoingAway || core.failure != nil || nextStream > Int32.max - 2 }

    package var isOver: Bool { core.failure != nil || (isGone && core.table.count == 0) }

    package var wantsInput: Bool { output.count < core.limits.outputBytes }

    package func receive(_ bytes: UnsafeRawBufferPointer) { core.receive(bytes) }

    package func outputDrained() { core.resume() }

    /// Sends a request whose head is in HTTP/1.1's form: origin-form target and a Host field, or `CONNECT authority`.
    ///
    /// - Parameter scheme: `http` or `https`.
    /// - Returns: Nil when `canOpen` is false.
    package func open(head: UnsafeRawBufferPointer, scheme: String, endsStream: Bool) -> StreamID? {
        guard canOpen else { return nil }
        let id = StreamID(rawValue: nextStream)
        nextStream += 2
        core.table.open(id)
        core.table.update(id) { $0.hasSentHead = true }
        core.sendHeaders(id, .init(headers: RequestHeadReader.headers(head, scheme: scheme), endStream: endsStream))
        return id
    }

    /// Sends as much of `bytes` as windows and `output` have room for; with `endsStream` and all accepted, the request
    /// is whole.
    ///
    /// - Returns: How many bytes were accepted. If fewer than all, the caller keeps the rest until `windowOpened`.
    package func send(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer, endsStream: Bool = false) -> Int {
        core.send(stream, bytes, end: endsStream)
    }

    /// Ends the request, with trailers (lines `name: value`) if there are any.
    package func finish(
        _ stream: StreamID, trailers: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        core.finish(stream, trailers: trailers)
    }

    package func reset(_ stream: StreamID, _ error: StreamError) { core.reset(stream, error) }

    package func consumed(_ stream: StreamID, _ count: Int) { core.consumed(stream, count) }

    /// Says that we open no more streams.
    package func goAway() {
        guard !isGoingAway else { return }
        isGoingAway = true
        core.goAway(last: 0, .none)
    }
}

extension HTTP2ClientSession: HTTP2CoreEvents {
    func headers(_ id: StreamID, _ content: HTTP2Frame.FramePayload.Headers) {
        guard let stream = core.table[id] else { return }
        head.clear()
        if stream.hasReceivedHead { return trailers(id, content) }
        let status = content.headers.first(name: ":status") ?? ""
        let isInterim = status.utf8.first == UInt8(ascii: "1")
        guard isStatus(status), !(isInterim && content.endStream) else {
            core.reset(id, .protocolError)
            delegate?.streamReset(id, .protocolError, byPeer: false)
            return
        }
        ResponseHeadWriter.write(content.headers, status: status, endsStream: content.endStream, to: head)
        if isInterim {
            delegate?.interimResponse(id, head: head.readable)
            return
        }
        core.table.update(id) { $0.hasReceivedHead = true }
        if content.endStream { core.receivedEnd(id) }
        delegate?.responseBegan(id, head: head.readable, endsStream: content.endStream)
    }

    /// Three digits; 101 does not exist in HTTP/2 (RFC 9113 section 8.6).
    private func isStatus(_ text: String) -> Bool {
        text.utf8.count == 3 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } && text != "101"
    }

    private func trailers(_ id: StreamID, _ content: HTTP2Frame.FramePayload.Headers) {
        TrailerWriter.write(content.headers, to: head)
        core.receivedEnd(id)
        delegate?.responseEnded(id, trailers: head.readable)
    }

    func data(_ id: StreamID, _ bytes: UnsafeRawBufferPointer) { delegate?.responseData(id, bytes) }

    func ended(_ id: StreamID, trailers: UnsafeRawBufferPointer) {
        guard core.table[id] != nil else { return }
        core.receivedEnd(id)
        delegate?.responseEnded(id, trailers: trailers)
    }

    func streamReset(_ id: StreamID, _ code: StreamError, byPeer: Bool) {
        guard byPeer, code == .refusedStream else { delegate?.streamReset(id, code, byPeer: byPeer); return }
        delegate?.streamRefused(id)
    }

    func windowOpened(_ id: StreamID) { delegate?.windowOpened(id) }

    func goAway(last: Int32, _ code: StreamError) {
        isGoingAway = true
        let refused = core.table.streams.keys.filter { $0.rawValue > last }.sorted()
        for id in refused {
            core.table.close(id)
            delegate?.streamRefused(id)
        }
    }

    func pong(_ data: UInt64) {}
}
