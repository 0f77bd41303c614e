import HTTPWire
import NIOCore
import NIOHPACK
import NIOHTTP2

/// What both roles of a session have in common: frames in, frames out, windows, the end of streams and of the
/// connection.
final class HTTP2Core {
    let limits: HTTP2Limits
    var output: WireBuffer
    var table: StreamTable
    var lastComplaint: String?
    /// The stream whose last DATA is being handed on.
    var endingStream: StreamID?
    /// The connection is over: GOAWAY with this error has been written. Nothing further is read or written.
    var failure: StreamError?
    var peerConcurrentStreams = 100
    /// The highest stream that the peer has opened.
    var lastPeerStream: Int32 = 0
    unowned var events: (any HTTP2CoreEvents)!
    var pipeline: HTTP2Pipeline!
    private var isReceiving = false
    private let isServer: Bool
    var watch = FrameWatch()
    var isSendingGoAway = false
    var isRefusing = false
    var hasPeerSettings = false
    /// Streams that NIO has reset while it parsed; told to the caller once it is done.
    var resetByUs: [(StreamID, StreamError)] = []

    init(_ mode: NIOHTTP2Handler.ParserMode, settings: HTTP2Settings, limits: HTTP2Limits, output: WireBuffer) {
        self.limits = limits
        self.output = output
        isServer = mode == .server
        table = StreamTable(streamWindow: limits.streamWindow, connectionWindow: limits.connectionWindow)
        pipeline = HTTP2Pipeline(mode, settings: settings, limits: limits, core: self)
    }

    func start() {
        pipeline.start()
        grantConnection()
        flush()
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil, !bytes.isEmpty else { return }
        isReceiving = true
        if isServer { receiveWatched(bytes) } else { pipeline.receive(bytes) }
        tellResets()
        resume()
        isReceiving = false
        grantConnection()
        flush()
    }

    /// Tells waiting streams that they may send, in turn, as long as there is room.
    func resume() {
        guard table.hasWaiting, failure == nil else { return }
        for id in table.takeWaiting() {
            if allowance(id) > 0 { events.windowOpened(id) } else { table.wait(id) }
        }
    }

    private func allowance(_ id: StreamID) -> Int {
        min(table.allowance(id), limits.outputBytes - output.count)
    }

    /// Without bytes and without a window, the end goes as an empty section of trailers: NIO (1.46) traps when it is
    /// given DATA of no bytes for a stream whose window SETTINGS have made negative.
    ///
    /// DATA goes to NIO within the window and is flushed at once, so that NIO never holds any: whatever it held,
    /// SETTINGS of the peer could take away the window of.
    func send(_ id: StreamID, _ bytes: UnsafeRawBufferPointer, end: Bool) -> Int {
        guard failure == nil, let stream = table[id], stream.hasSentHead, !stream.hasSentEnd else { return 0 }
        let count = min(bytes.count, max(0, allowance(id)))
        let isEnd = end && count == bytes.count
        if count < bytes.count { table.wait(id) }
        guard count > 0 || isEnd else { return 0 }
        guard count > 0 || table.allowance(id) > 0 else {
            sendHeaders(id, .init(headers: HPACKHeaders(), endStream: true))
            return 0
        }
        let buffer = pipeline.buffer(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        table.sent(id, count)
        pipeline.write(.data(.init(data: .byteBuffer(buffer), endStream: isEnd)), on: id.nio)
        pipeline.flush()
        if isEnd { sentEnd(id) }
        flush()
        return count
    }

    func sendHeaders(_ id: StreamID, _ headers: HTTP2Frame.FramePayload.Headers) {
        guard failure == nil else { return }
        if let large = LargeHead(headers.headers) {
            sendLarge(large, id, headers)
        } else {
            pipeline.write(.headers(headers), on: id.nio)
        }
        if headers.endStream { sentEnd(id) }
        flush()
    }

    private func sendLarge(_ large: LargeHead, _ id: StreamID, _ headers: HTTP2Frame.FramePayload.Headers) {
        // What NIO holds already is not part of it.
        pipeline.flush()
        let destination = output
        let written = WireBuffer(capacity: 512)
        output = written
        pipeline.write(.headers(.init(headers: large.standIn, endStream: headers.endStream)), on: id.nio)
        pipeline.flush()
        output = destination
        guard !large.write(inPlaceOf: written.readable, to: destination) else { return }
        destination.append(written.readable)
        resetByUs.append((id, .internalError))
    }

    /// Ends our side, with trailers if there are any.
    func finish(_ id: StreamID, trailers: UnsafeRawBufferPointer) {
        guard let state = table[id], state.hasSentHead, !state.hasSentEnd else { return }
        guard !trailers.isEmpty else {
            _ = send(id, trailers, end: true)
            return
        }
        var headers = HPACKHeaders()
        var reader = HeadReader(trailers)
        reader.fields(to: &headers)
        sendHeaders(id, .init(headers: headers, endStream: true))
    }

    /// Nothing more is heard of the stream.
    func reset(_ id: StreamID, _ code: StreamError) {
        guard failure == nil, table[id] != nil else { return }
        table.close(id)
        pipeline.write(.rstStream(HTTP2ErrorCode(networkCode: Int(code.rawValue))), on: id.nio)
        if !isReceiving { grantConnection() }
        flush()
    }

    func consumed(_ id: StreamID, _ count: Int) {
        guard failure == nil else { return }
        let grant = table.consumed(id, count)
        // A stream whose peer has ended takes no more window: NIO would refuse the frame, and that would reset the stream.
        if grant > 0, id != endingStream, table[id]?.hasReceivedEnd == false {
            pipeline.write(.windowUpdate(windowSizeIncrement: grant), on: id.nio)
        }
        guard !isReceiving else { return }
        grantConnection()
        flush()
    }

    func goAway(last: Int32, _ code: StreamError) {
        guard failure == nil else { return }
        isSendingGoAway = true
        pipeline.write(
            .goAway(
                lastStreamID: HTTP2StreamID(last), errorCode: HTTP2ErrorCode(networkCode: Int(code.rawValue)),
                opaqueData: nil),
            on: .rootStream)
        isSendingGoAway = false
        flush()
    }

    /// Ends the connection now, with GOAWAY.
    func terminate(_ code: StreamError) {
        guard failure == nil else { return }
        goAway(last: lastPeerStream, code)
        failure = code
    }

    /// Announces a graceful end: GOAWAY with the highest stream of all, then a PING. NIO is not told: it would refuse
    /// the streams that are on their way, which this first GOAWAY is there for (RFC 9113 section 6.8).
    func announceGoAway(ping data: UInt64) {
        guard failure == nil else { return }
        pipeline.flush()
        output.append([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0] as [UInt8])
        ping(data)
    }

    private func ping(_ data: UInt64) {
        guard failure == nil else { return }
        pipeline.write(.ping(HTTP2PingData(withInteger: data), ack: false), on: .rootStream)
        flush()
    }

    func receivedEnd(_ id: StreamID) {
        table.update(id) { $0.hasReceivedEnd = true }
        if table[id]?.hasSentEnd == true { table.end(id) }
    }

    private func sentEnd(_ id: StreamID) {
        table.update(id) { $0.hasSentEnd = true }
        if table[id]?.hasReceivedEnd == true { table.end(id) }
    }

    private func grantConnection() {
        let grant = table.connectionGrant()
        guard grant > 0, failure == nil else { return }
        // NIO tells changes of this window by frames received only.
        table.connectionReceiveWindow += grant
        pipeline.write(.windowUpdate(windowSizeIncrement: grant), on: .rootStream)
    }

    /// One flush for all control frames that a call from the network caused.
    private func flush() {
        guard !isReceiving else { return }
        pipeline.flush()
        tellResets()
    }

    private func tellResets() {
        guard !resetByUs.isEmpty else { return }
        let told = resetByUs
        resetByUs.removeAll()
        for (id, code) in told { events.streamReset(id, code, byPeer: false) }
    }
}
