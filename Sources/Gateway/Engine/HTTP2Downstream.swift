import Base
import HTTP2Wire
import HTTPWire
import Reactor

/// A client's connection that speaks HTTP/2, by ALPN or prior knowledge. Each stream is a `Downstream` of its own; requests
/// come as HTTP/1.1-shaped heads and go the same way as all others.
final class HTTP2Connection: StreamConnection, Client, HTTP2ServerDelegate {
    let listener: ListenerRuntime
    let peer: PeerAddress
    /// What the session wants sent. It moves to the socket's buffer as long as that is not congested.
    private let outbox = WireBuffer(capacity: 4 << 10)
    private let session: HTTP2ServerSession
    private var streams: [StreamID: HTTP2Stream] = [:]
    private var idleSince: MonotonicInstant
    private var isPumping = false
    private var isDrained = false
    private var served: UInt32 = 0
    /// Everything is said: what still comes is thrown away, so that a reset does not take our last frames from the client.
    private var isLingering = false
    private var lingered = 0
    static let lingerTime = Duration.seconds(1)
    static let lingerBytes = 4 << 20
    /// How long our last frames may wait to be sent.
    static let lastWords = Duration.seconds(5)
    var isSecure: Bool { tls != nil }

    init(worker: Worker, descriptor: Int32, listener: ListenerRuntime, peer: PeerAddress) {
        self.listener = listener
        self.peer = peer
        idleSince = worker.reactor.now
        session = HTTP2ServerSession(output: outbox, limits: listener.http2.sessionLimits(listener.headLimits))
        super.init(worker: worker, descriptor: descriptor)
        session.delegate = self
    }

    /// Sends our settings, and begins to wait for requests.
    func begin() {
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: listener.limits.headerTimeout))
        pump()
    }

    // MARK: Bytes

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        session.receive(bytes)
        pump()
        return bytes.count
    }

    /// Sends what the session has written.
    func pump() {
        guard !isPumping, isOpen, !closeWhenSent else { return }
        isPumping = true
        defer { isPumping = false }
        repeat {
            if !outbox.isEmpty {
                write(outbox.readable)
                outbox.clear()
            }
            flush()
            guard isOpen, !isCongested || session.failure != nil else { return holdInput() }
            session.outputDrained()
        } while !outbox.isEmpty
        if session.isOver, streams.isEmpty || session.failure != nil { end() }
    }

    /// Sends what is left, and closes. After a breach of the protocol nothing is done any more for the streams.
    private func end() {
        if session.failure != nil {
            if let complaint = session.lastComplaint { worker.telemetry.refusedHTTP2(complaint) }
            throwsInputAway = true
            abandonStreams()
        }
        guard isOpen else { return }
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: HTTP2Connection.lastWords))
        closeAfterSending()
    }

    override func closeGently() {
        guard !isLingering else { return }
        isLingering = true
        throwsInputAway = true
        sayGoodbye()
        guard isOpen else { return }
        Socket.endWriting(descriptor)
        if sawEnd { return disconnect() }
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: HTTP2Connection.lingerTime))
        resumeReading()
    }

    override func threwAway(_ count: Int) {
        lingered += count
        if lingered > HTTP2Connection.lingerBytes { disconnect() }
    }

    /// A peer that takes nothing gets no more answers to its frames: it is not read until it does.
    private func holdInput() {
        if isOpen, !session.wantsInput { pauseReading() }
    }

    override func drained() {
        pump()
        if isOpen { resumeReading() }
    }

    override func receivedEnd() { disconnect() }

    override func closed() {
        worker.clientClosed(self)
        abandonStreams()
    }

    private func abandonStreams() {
        let all = streams
        streams = [:]
        for stream in all.values { stream.exchange?.clientGone() }
    }

    override func deadlineReached() {
        let now = worker.reactor.now
        if closeWhenSent { return disconnect() }
        guard streams.isEmpty else { return lookAtStreams(now: now) }
        if idleSince.duration(to: now) >= listener.limits.idleTimeout || isDrained {
            session.goAway()
            pump()
            if isOpen { closeAfterSending() }
        } else {
            worker.reactor.setDeadline(self, idleSince.advanced(by: listener.limits.idleTimeout))
        }
    }

    /// Ends those that the client has kept waiting for too long.
    private func lookAtStreams(now: MonotonicInstant) {
        var next = MonotonicInstant(nanoseconds: .max)
        for stream in Array(streams.values) { next = min(next, stream.look(now: now)) }
        pump()
        if isOpen, !streams.isEmpty { watch(until: next) }
    }

    /// Looks at the streams at `moment`, or before.
    func watch(until moment: MonotonicInstant) {
        guard isOpen, !closeWhenSent, moment < deadline else { return }
        worker.reactor.setDeadline(self, moment)
    }

    func drain() {
        isDrained = true
        session.goAway()
        pump()
        if isOpen, streams.isEmpty { worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: .seconds(1))) }
    }

    // MARK: Streams

    // The session goes on with what it was given although the socket broke meanwhile: nobody is there any more.

    func requestBegan(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool) {
        guard isOpen else { return }
        let exchange = worker.takeExchange()
        var scanned = 0
        let own = HTTP2Stream(stream, self, session)
        switch exchange.request.parse(head, scanned: &scanned, limits: listener.headLimits) {
        case .complete(let count) where count == head.count:
            streams[stream] = own
            own.exchange = exchange
            own.hasRequestEnded = endsStream
            own.isTunnel = exchange.request.method == .connect
            if streams.count == 1 { worker.reactor.clearDeadline(self) }
            served += 1
            exchange.begin(own, head: head, hasBody: !endsStream)
            if !endsStream { own.awaitRequest() }
            // In good order: what is on its way still gets its answer.
            if served == listener.limits.requestsPerConnection, !isDrained { drain() }
        case .refused(let refusal):
            worker.giveBack(exchange)
            worker.telemetry.refused(refusal.reason.rawValue)
            own.refuse(refusal.status)
        case .complete, .incomplete:
            worker.giveBack(exchange)
            session.reset(stream, .protocolError)
        }
    }

    func requestData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) {
        guard let own = streams[stream] else { return session.consumed(stream, bytes.count) }
        own.received(bytes)
    }

    func requestEnded(_ stream: StreamID, trailers: UnsafeRawBufferPointer) {
        guard let own = streams[stream] else { return }
        own.hasRequestEnded = true
        if let exchange = own.exchange {
            exchange.requestEnd(trailers: Array(trailers))
        } else {
            own.requestEndedLate()
        }
    }

    func streamReset(_ stream: StreamID, _ error: StreamError, byPeer: Bool) {
        guard let own = streams.removeValue(forKey: stream) else { return }
        own.exchange?.clientGone()
        becameIdle()
    }

    func windowOpened(_ stream: StreamID) {
        streams[stream]?.windowOpened()
    }

    func forget(_ stream: StreamID) {
        streams[stream] = nil
        becameIdle()
    }

    private func becameIdle() {
        guard streams.isEmpty else { return }
        idleSince = worker.reactor.now
        if isOpen {
            worker.reactor.setDeadline(
                self, idleSince.advanced(by: isDrained ? .seconds(1) : listener.limits.idleTimeout))
        }
    }
}

/// One request of an HTTP/2 connection.
final class HTTP2Stream: Downstream {
    private let id: StreamID
    /// It forgets its streams when it is closed.
    private let connection: HTTP2Connection
    private let session: HTTP2ServerSession
    var exchange: Exchange?
    var hasRequestEnded = false
    /// What the client sends after its head is no request, and has no end that could be awaited.
    var isTunnel = false
    private var isTooSlow = false
    /// Bytes of the answer that the windows had no room for.
    private var pending: WireBuffer?
    private var wantsEnd = false
    private var trailers: [UInt8] = []
    private var hasEnded = false
    private var isPaused = false
    private var unconsumed = 0
    private var discarded = 0
    static let mostDiscarded = 16 << 20
    private var patience: ClientPatience

    init(_ id: StreamID, _ connection: HTTP2Connection, _ session: HTTP2ServerSession) {
        patience = ClientPatience(now: connection.worker.reactor.now)
        self.id = id
        self.connection = connection
        self.session = session
    }

    var peer: PeerAddress { connection.peer }
    var isSecure: Bool { connection.isSecure }
    var isHTTP2: Bool { true }
    var isCongested: Bool { (pending?.count ?? 0) > StreamConnection.highWatermark }

    func received(_ bytes: UnsafeRawBufferPointer) {
        guard let exchange else { return discard(bytes.count) }
        patience.heard(bytes.count, now: now)
        exchange.requestBody(bytes)
        if isPaused { unconsumed += bytes.count } else { session.consumed(id, bytes.count) }
    }

    func pauseRequestBody() { isPaused = true }

    func resumeRequestBody() {
        guard isPaused else { return }
        isPaused = false
        session.consumed(id, unconsumed)
        unconsumed = 0
        patience.heard(0, now: now)
        awaitRequest()
        connection.pump()
    }

    // MARK: Waiting

    private var now: MonotonicInstant { connection.worker.reactor.now }
    private var idle: Nanoseconds { exchange?.route.timeouts.idle ?? Nanoseconds(.seconds(60)) }

    /// The client is to send more of its request.
    func awaitRequest() {
        guard exchange != nil, !hasRequestEnded else { return }
        connection.watch(until: patience.moment(idle: idle, leastRate: connection.listener.limits.bodyMinimumRate))
    }

    /// Ends the stream if the client has taken nothing, or sent nothing, for too long (`timeouts.idle`), or too little
    /// (`limits.bodyMinimumRate`). While the upstream takes nothing, the client is not to blame.
    ///
    /// - Returns: When to look again.
    func look(now: MonotonicInstant) -> MonotonicInstant {
        if let pending, !pending.isEmpty {
            let limit = patience.takenAt.advanced(by: idle)
            guard now >= limit else { return limit }
            leaveClient()
        } else if exchange == nil {
            // Answered: the rest of the request has as long to come.
            let limit = patience.takenAt.advanced(by: Nanoseconds(.seconds(60)))
            guard now >= limit else { return limit }
            giveUp()
        } else if !hasRequestEnded, !isTunnel, !isPaused {
            let least = connection.listener.limits.bodyMinimumRate
            guard patience.isOver(idle: idle, leastRate: least, now: now) else {
                return patience.moment(idle: idle, leastRate: least, after: now)
            }
            isTooSlow = true
            exchange?.requestBroke(status: 408, "body too slow")
        }
        return MonotonicInstant(nanoseconds: .max)
    }

    private func leaveClient() {
        exchange?.clientGone()
        exchange = nil
        session.reset(id, .cancel)
        connection.forget(id)
    }

    // MARK: The answer

    func interim(_ head: WireBuffer) {
        head.append("\r\n")
        session.interim(id, head: head.readable)
        connection.pump()
    }

    func respond(_ head: WireBuffer, framing: BodyFraming, declared: UInt64?) {
        var length = declared
        if case .length(let count) = framing { length = count }
        if let length {
            head.append("content-length: ")
            head.append(decimal: length)
            head.append("\r\n")
        }
        head.append("\r\n")
        hasEnded = framing == .none
        session.respond(id, head: head.readable, endsStream: hasEnded)
    }

    /// An answer to what was no request; nothing else is kept of it.
    func refuse(_ status: Int) {
        let out = WireBuffer(capacity: 256)
        StandardResponse.writeHead(status, to: out, worker: connection.worker)
        out.append("\r\n")
        session.respond(id, head: out.readable, endsStream: true)
        session.reset(id, .none)
        connection.pump()
    }

    func body(_ bytes: UnsafeRawBufferPointer) {
        guard !hasEnded, !bytes.isEmpty else { return }
        if let pending, !pending.isEmpty { return pending.append(bytes) }
        let accepted = session.send(id, bytes)
        guard accepted < bytes.count else { return }
        let kept = pending ?? connection.worker.takeBuffer()
        pending = kept
        kept.append(UnsafeRawBufferPointer(rebasing: bytes[accepted...]))
        patience.takenAt = now
        connection.watch(until: now.advanced(by: idle))
    }

    func windowOpened() {
        guard let pending, !pending.isEmpty else { return }
        let wasCongested = isCongested
        let accepted = session.send(id, pending.readable)
        pending.consume(accepted)
        if accepted > 0 { patience.takenAt = now }
        if pending.isEmpty {
            self.pending = nil
            connection.worker.giveBack(pending)
            if wantsEnd { return finishWhenHeard() }
        }
        if wasCongested || !isCongested { exchange?.downstreamDrained() }
    }

    func endBody(trailers: [UInt8]) {
        guard !hasEnded else { return }
        self.trailers = trailers
        wantsEnd = true
        if pending?.isEmpty ?? true { finishWhenHeard() }
    }

    /// The answer's end waits for that of the request, which is read and thrown away within a bound: clients (curl 7.88) lose
    /// the answer when they are reset, and stop where the answer ends before their upload. With trailers (gRPC) the end
    /// goes out at once.
    private func finishWhenHeard() {
        guard hasRequestEnded || isTunnel || isTooSlow || !trailers.isEmpty else { return }
        finish()
    }

    private func finish() {
        guard !hasEnded else { return }
        hasEnded = true
        trailers.withUnsafeBytes { session.finish(id, trailers: $0) }
        if exchange == nil { leave() }
    }

    func flush() { connection.pump() }

    func abortResponse() {
        exchange = nil
        session.reset(id, .internalError)
        connection.forget(id)
        connection.pump()
    }

    func becomeTunnel() -> StreamConnection? { nil }

    /// The stream lives on until all of the answer is sent.
    func exchangeEnded() {
        exchange = nil
        if hasEnded {
            leave()
        } else {
            if unconsumed > 0 { session.consumed(id, unconsumed) }
            unconsumed = 0
            isPaused = false
            patience.takenAt = now
            connection.watch(until: now.advanced(by: Nanoseconds(.seconds(60))))
        }
        connection.pump()
    }

    private func leave() {
        // A client that still sends its request is told to stop (RFC 9113, section 8.1).
        if !hasRequestEnded { session.reset(id, .none) }
        connection.forget(id)
    }

    private func discard(_ count: Int) {
        discarded += count
        session.consumed(id, count)
        if discarded > HTTP2Stream.mostDiscarded { giveUp() }
    }

    /// The request does not come to its end: its answer does.
    func giveUp() {
        guard exchange == nil else { return }
        if wantsEnd, pending?.isEmpty ?? true { finish() }
        if !hasEnded {
            session.reset(id, .cancel)
            connection.forget(id)
        }
    }

    /// The request has ended after its answer.
    func requestEndedLate() {
        guard exchange == nil else { return }
        if wantsEnd, pending?.isEmpty ?? true { finish() } else if hasEnded { connection.forget(id) }
    }
}

extension HTTP2Settings {
    func sessionLimits(_ head: HeadLimits) -> HTTP2Limits {
        var limits = HTTP2Limits()
        limits.concurrentStreams = maxConcurrentStreams
        limits.streamWindow = Int(clamping: streamWindow.bytes)
        limits.connectionWindow = Int(clamping: connectionWindow.bytes)
        limits.resets = maxResets
        limits.headerListBytes = head.bytes
        limits.allowsExtendedConnect = false
        return limits
    }
}
