import Base
import HTTP2Wire
import HTTPWire
import Reactor
import TLSWire

/// A connection of HTTP/2 to one host of an upstream, which requests share.
final class HTTP2Upstream: StreamConnection, HTTP2ClientDelegate {
    private enum State { case connecting, open }

    let pool: HostPool
    private let outbox = WireBuffer(capacity: 4 << 10)
    private let session: HTTP2ClientSession
    private var state = State.connecting
    private var waiting: Attempt?
    private var streams: [StreamID: HTTP2UpstreamStream] = [:]
    private var isPumping = false
    private var served = 0

    /// - Parameter descriptor: A socket on its way to the host (prior knowledge), or that of `takeOver`.
    init(worker: Worker, pool: HostPool, descriptor: Int32, for attempt: Attempt?) {
        self.pool = pool
        waiting = attempt
        session = HTTP2ClientSession(output: outbox)
        super.init(worker: worker, descriptor: descriptor)
        session.delegate = self
    }

    /// Whether another request may be sent on it.
    var isUsable: Bool {
        state == .open && isOpen && session.canOpen && streams.count < pool.group.rules.streamsPerConnection
            && served < Int(pool.group.rules.requestsPerConnection)
    }

    override func becameWritable() {
        guard state == .connecting else { return }
        guard Socket.pendingError(descriptor) == 0 else { return failConnect() }
        established()
    }

    /// The connection stands and speaks HTTP/2: requests may go.
    func established() {
        state = .open
        worker.reactor.clearDeadline(self)
        pump()
        guard isOpen else { return }
        let attempt = waiting
        waiting = nil
        if let attempt, !attempt.isOver { use(attempt) } else { becameIdle() }
        pool.adopt(self)
    }

    private func failConnect() {
        let lost = waiting
        waiting = nil
        disconnect()
        if let lost, !lost.isOver { lost.exchange.failed(lost, .connectFailure) }
    }

    func use(_ attempt: Attempt) {
        served += 1
        if streams.isEmpty { worker.reactor.clearDeadline(self) }
        let stream = HTTP2UpstreamStream(self, session, attempt)
        attempt.exchange.ready(attempt, stream)
    }

    func opened(_ stream: HTTP2UpstreamStream, _ id: StreamID) { streams[id] = stream }

    func forget(_ id: StreamID) {
        streams[id] = nil
        pool.streamEnded(on: self)
        guard streams.isEmpty, isOpen else { return }
        if session.isGone || pool.isRetired || served >= Int(pool.group.rules.requestsPerConnection) {
            closeAfterSending()
        } else {
            becameIdle()
        }
    }

    private func becameIdle() {
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: pool.group.rules.idleTimeout))
    }

    /// No more requests; the connection ends with its last one.
    func drain() {
        session.goAway()
        pump()
        if isOpen, streams.isEmpty { closeAfterSending() }
    }

    // MARK: Bytes

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        session.receive(bytes)
        for stream in Array(streams.values) { stream.paused() }
        pump()
        return bytes.count
    }

    func pump() {
        guard !isPumping, isOpen else { return }
        isPumping = true
        defer { isPumping = false }
        repeat {
            if !outbox.isEmpty {
                write(outbox.readable)
                outbox.clear()
            }
            flush()
            guard isOpen, !isCongested else { return holdInput() }
            session.outputDrained()
        } while !outbox.isEmpty
        if session.isOver { closeAfterSending() }
    }

    /// A peer that takes nothing gets no more answers to its frames: it is not read until it does.
    private func holdInput() {
        if isOpen, !session.wantsInput { pauseReading() }
    }

    override func drained() {
        pump()
        for stream in Array(streams.values) { stream.drained() }
        if isOpen { resumeReading() }
    }

    override func receivedEnd() { broke(nil) }

    override func broke(_ code: Int32?) {
        if state == .connecting { return failConnect() }
        disconnect()
    }

    override func closed() {
        pool.closed(self)
        let all = streams
        streams = [:]
        for stream in all.values { stream.fail(.reset) }
    }

    override func deadlineReached() {
        if state == .connecting {
            let lost = waiting
            waiting = nil
            disconnect()
            if let lost, !lost.isOver { lost.exchange.failed(lost, .connectTimeout) }
            return
        }
        guard streams.isEmpty else { return lookAtStreams(now: worker.reactor.now) }
        drain()
        if isOpen { disconnect() }
    }

    /// Ends those whose host takes nothing, or sends nothing more of its answer.
    private func lookAtStreams(now: MonotonicInstant) {
        var next = MonotonicInstant(nanoseconds: .max)
        for stream in Array(streams.values) { next = min(next, stream.look(now: now)) }
        pump()
        if isOpen, !streams.isEmpty { watch(until: next) }
    }

    /// Looks at the streams at `moment`, or before.
    func watch(until moment: MonotonicInstant) {
        guard isOpen, moment < deadline else { return }
        worker.reactor.setDeadline(self, moment)
    }

    // MARK: Streams

    func interimResponse(_ stream: StreamID, head: UnsafeRawBufferPointer) {
        streams[stream]?.head(head, endsStream: false)
    }

    func responseBegan(_ stream: StreamID, head: UnsafeRawBufferPointer, endsStream: Bool) {
        streams[stream]?.head(head, endsStream: endsStream)
    }

    func responseData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) {
        guard let own = streams[stream] else { return session.consumed(stream, bytes.count) }
        own.body(bytes)
    }

    func responseEnded(_ stream: StreamID, trailers: UnsafeRawBufferPointer) {
        guard let own = streams[stream] else { return }
        forget(stream)
        own.end(trailers: Array(trailers))
    }

    func streamRefused(_ stream: StreamID) {
        guard let own = streams[stream] else { return }
        forget(stream)
        own.fail(.refusedStream)
    }

    func streamReset(_ stream: StreamID, _ error: StreamError, byPeer: Bool) {
        guard let own = streams[stream] else { return }
        forget(stream)
        own.fail(byPeer ? .reset : .badResponse)
    }

    func windowOpened(_ stream: StreamID) { streams[stream]?.drained() }
}

/// One attempt on a connection of HTTP/2.
final class HTTP2UpstreamStream: UpstreamLink {
    /// It forgets its streams when it is closed.
    private let connection: HTTP2Upstream
    private let session: HTTP2ClientSession
    private var attempt: Attempt?
    private var id: StreamID?
    private var pending: WireBuffer?
    private var wantsEnd = false
    private var hasEnded = false
    private var trailers: [UInt8] = []
    private var isPaused = false
    private var unconsumed = 0
    private var response = ResponseHead()
    private var interimCount = 0
    private let method: Method
    /// When bytes of the request went last, or came of the answer.
    private var movedAt: MonotonicInstant

    init(_ connection: HTTP2Upstream, _ session: HTTP2ClientSession, _ attempt: Attempt) {
        self.connection = connection
        self.session = session
        self.attempt = attempt
        method = attempt.exchange.request.method
        movedAt = connection.worker.reactor.now
    }

    private func awaitHost() {
        guard let attempt else { return }
        movedAt = connection.worker.reactor.now
        connection.watch(until: movedAt.advanced(by: attempt.exchange.route.timeouts.idle))
    }

    /// Fails when the host has taken nothing of the request, or sent nothing more of its answer, for `timeouts.idle`. While
    /// the client takes nothing, the host is not to blame; until the answer begins, the exchange's limits hold.
    ///
    /// - Returns: When to look again.
    func look(now: MonotonicInstant) -> MonotonicInstant {
        let isSending = pending?.isEmpty == false
        guard let attempt, isSending || attempt.hasResponded else { return MonotonicInstant(nanoseconds: .max) }
        if isPaused { movedAt = now }
        let limit = movedAt.advanced(by: attempt.exchange.route.timeouts.idle)
        guard now >= limit else { return limit }
        if let id {
            session.reset(id, .cancel)
            connection.forget(id)
        }
        fail(.idleTimeout)
        return MonotonicInstant(nanoseconds: .max)
    }

    var isCongested: Bool { (pending?.count ?? 0) > StreamConnection.highWatermark }

    // MARK: The request

    func send(head: WireBuffer, hasBody: Bool, declared: UInt64?, upgrade: Bool) {
        if let declared, hasBody || declared == 0 {
            head.append("content-length: ")
            head.append(decimal: declared)
            head.append("\r\n")
        }
        head.append("\r\n")
        hasEnded = !hasBody
        let scheme = connection.tls == nil ? "http" : "https"
        guard let id = session.open(head: head.readable, scheme: scheme, endsStream: !hasBody) else {
            // Told at the end of the exchange's own work: it is still in the middle of sending.
            connection.worker.refuseSoon(self)
            return
        }
        self.id = id
        connection.opened(self, id)
    }

    func sendBody(_ bytes: UnsafeRawBufferPointer) {
        guard let id, !hasEnded, !bytes.isEmpty else { return }
        if let pending, !pending.isEmpty { return pending.append(bytes) }
        let accepted = session.send(id, bytes)
        guard accepted < bytes.count else { return }
        let kept = pending ?? connection.worker.takeBuffer()
        pending = kept
        kept.append(UnsafeRawBufferPointer(rebasing: bytes[accepted...]))
        awaitHost()
    }

    func endBody(trailers: [UInt8]) {
        guard !hasEnded else { return }
        self.trailers = trailers
        wantsEnd = true
        if pending?.isEmpty ?? true { finish() }
    }

    private func finish() {
        guard let id, !hasEnded else { return }
        hasEnded = true
        trailers.withUnsafeBytes { session.finish(id, trailers: $0) }
    }

    /// There is room for more of the request.
    func drained() {
        guard let id, let pending, !pending.isEmpty else { return }
        let accepted = session.send(id, pending.readable)
        pending.consume(accepted)
        if accepted > 0 { movedAt = connection.worker.reactor.now }
        if pending.isEmpty {
            self.pending = nil
            connection.worker.giveBack(pending)
            if wantsEnd { finish() }
        }
        if !isCongested { attempt?.exchange.upstreamDrained() }
        connection.pump()
    }

    func flush() { connection.pump() }

    func pauseResponse() { isPaused = true }

    func resumeResponse() {
        guard isPaused else { return }
        isPaused = false
        if let id { session.consumed(id, unconsumed) }
        unconsumed = 0
        connection.pump()
    }

    func cancel() {
        attempt = nil
        guard let id else { return }
        self.id = nil
        session.reset(id, .cancel)
        connection.forget(id)
        connection.pump()
    }

    func becomeTunnel() -> StreamConnection? { nil }

    // MARK: The answer

    func head(_ bytes: UnsafeRawBufferPointer, endsStream: Bool) {
        guard let attempt else { return }
        var scanned = 0
        guard
            case .complete = response.parse(
                bytes, scanned: &scanned, limits: connection.pool.group.rules.headLimits, answering: method)
        else { return refuse() }
        if response.isInterim {
            interimCount += 1
            guard interimCount <= UpstreamConnection.mostInterim else { return refuse() }
            return attempt.exchange.received(interim: response, bytes, from: attempt)
        }
        guard attempt.exchange.received(head: response, bytes, from: attempt) else { return cancel() }
        if !endsStream { awaitHost() }
        if endsStream {
            if let id { connection.forget(id) }
            end(trailers: [])
        }
    }

    private func refuse() {
        if let id {
            session.reset(id, .protocolError)
            connection.forget(id)
        }
        fail(.badResponse)
    }

    func body(_ bytes: UnsafeRawBufferPointer) {
        movedAt = connection.worker.reactor.now
        if let attempt { attempt.exchange.received(body: bytes, from: attempt) }
        if isPaused { unconsumed += bytes.count } else if let id { session.consumed(id, bytes.count) }
    }

    /// What came in one reading has been handed on.
    func paused() {
        if let attempt, attempt.hasResponded { attempt.exchange.responsePaused(attempt) }
    }

    func end(trailers: [UInt8]) {
        let done = attempt
        attempt = nil
        id = nil
        if let done { done.exchange.receivedEnd(trailers: trailers, from: done) }
    }

    func fail(_ kind: AttemptFailure) {
        let lost = attempt
        attempt = nil
        id = nil
        if let lost, !lost.isOver { lost.exchange.failed(lost, kind) }
    }
}
