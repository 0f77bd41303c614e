import Base
import HTTPWire
import Reactor
import TLSWire

/// A connection of HTTP/1.1 to one host of an upstream, for one request at a time.
final class UpstreamConnection: StreamConnection, UpstreamLink {
    /// What is read and thrown away of an answer that is not wanted, to keep the connection.
    static let discardBytes = 64 << 10

    /// Answers of 1xx before the final one.
    static let mostInterim = 16

    private enum State { case connecting, shaking, idle, head, body, discarding, tunnel }

    let pool: HostPool
    private var state = State.connecting
    private var attempt: Attempt?
    private var response = ResponseHead()
    private var scanned = 0
    private var bodyLeft: UInt64 = 0
    private var chunks = ChunkedDecoder()
    private var isReuse = false
    private var hasByte = false
    private var framesChunks = false
    private var requestMethod = Method.get
    private var hasSentRequest = true
    private var discarded = 0
    private var served: UInt32 = 0
    private var interimCount = 0
    private var sentBefore: UInt64 = 0

    /// - Parameter descriptor: A socket on its way to the host.
    init(worker: Worker, pool: HostPool, descriptor: Int32, for attempt: Attempt?) {
        self.pool = pool
        self.attempt = attempt
        super.init(worker: worker, descriptor: descriptor)
    }

    // MARK: Connecting

    override func becameWritable() {
        guard state == .connecting else { return }
        let code = Socket.pendingError(descriptor)
        guard code == 0 else { return failConnect(.connectFailure) }
        guard let context = pool.group.tls else { return established() }
        state = .shaking
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: pool.group.rules.tlsHandshakeTimeout))
        do throws(TLSFault) {
            let session = try TLSSession(client: context, serverName: pool.host.serverName)
            tls = session
            let sending = output ?? worker.takeBuffer()
            output = sending
            try session.start(ciphertext: sending)
            flush()
        } catch {
            failConnect(.tls)
        }
    }

    override func secured() {
        guard state == .shaking else { return }
        if tls?.negotiatedProtocol == .http2 { return worker.becomeHTTP2(self, attempt) }
        established()
    }

    private func established() {
        worker.reactor.clearDeadline(self)
        state = .idle
        let waiting = attempt
        attempt = nil
        // Its request may have ended meanwhile, and its exchange serve another one.
        if let waiting, !waiting.isOver {
            use(waiting, isReuse: false)
        } else {
            pool.release(self)
        }
    }

    private func failConnect(_ kind: AttemptFailure) {
        let lost = attempt
        attempt = nil
        disconnect()
        if let lost, !lost.isOver { lost.exchange.failed(lost, kind) }
    }

    override func tlsFailed(_ fault: TLSFault) {
        worker.note(upstream: pool.host, fault)
    }

    /// Another object goes on with it.
    func forgetAttempt() { attempt = nil }

    // MARK: Requests

    func use(_ attempt: Attempt, isReuse: Bool) {
        self.attempt = attempt
        self.isReuse = isReuse
        state = .head
        scanned = 0
        hasByte = false
        interimCount = 0
        served &+= 1
        hasSentRequest = false
        requestMethod = attempt.exchange.request.method
        worker.reactor.clearDeadline(self)
        attempt.exchange.ready(attempt, self)
    }

    func send(head: WireBuffer, hasBody: Bool, declared: UInt64?, upgrade: Bool) {
        framesChunks = false
        if let declared {
            head.append("content-length: ")
            head.append(decimal: declared)
            head.append("\r\n")
        } else if hasBody {
            framesChunks = true
            head.append("transfer-encoding: chunked\r\n")
        }
        writeOptions(to: head, upgrade: upgrade)
        head.append("\r\n")
        hasSentRequest = !hasBody
        write(head.readable)
    }

    /// Connection names what is for this hop only (RFC 9110 section 7.6.1).
    private func writeOptions(to head: WireBuffer, upgrade: Bool) {
        let acceptsTrailers = attempt?.exchange.request.acceptsTrailers == true
        guard upgrade || acceptsTrailers else { return }
        head.append(upgrade ? "connection: upgrade" : "connection: te")
        head.append(upgrade && acceptsTrailers ? ", te\r\n" : "\r\n")
    }

    func sendBody(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        guard framesChunks else { return write(bytes) }
        let out = staging()
        out.append(hex: UInt64(bytes.count))
        out.append("\r\n")
        write(bytes)
        staging().append("\r\n")
        noteCongestion()
    }

    func endBody(trailers: [UInt8]) {
        hasSentRequest = true
        guard framesChunks, isOpen else { return }
        let out = staging()
        out.append("0\r\n")
        if !trailers.isEmpty { out.append(trailers) }
        out.append("\r\n")
    }

    func pauseResponse() { pauseReading() }

    func resumeResponse() { resumeReading() }

    func cancel() {
        attempt = nil
        if state != .discarding { disconnect() }
    }

    func becomeTunnel() -> StreamConnection? {
        attempt = nil
        state = .tunnel
        return self
    }

    override func drained() {
        attempt?.exchange.upstreamDrained()
    }

    /// It takes nothing more of the request now.
    override func blocked() {
        guard state == .head, let attempt, deadline.nanoseconds == .max else { return }
        sentBefore = bytesOut
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: attempt.exchange.route.timeouts.idle))
    }

    /// A host that takes nothing for `timeouts.idle` is given up.
    private func lookAtSending() {
        guard unsent > 0 else { return }
        guard bytesOut != sentBefore else { return fail(.idleTimeout) }
        blocked()
    }

    // MARK: The answer

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        if let tunnelPeer { return pass(bytes, to: tunnelPeer) }
        var position = 0
        loop: while position < bytes.count, isOpen {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
            switch state {
            case .head:
                guard let used = readHead(rest) else { break loop }
                position += used
            case .body, .discarding:
                guard let used = readBody(rest) else { break loop }
                position += used
            case .tunnel:
                guard let tunnelPeer else { break loop }
                position += pass(rest, to: tunnelPeer)
            case .connecting, .shaking, .idle:
                // Nobody asked: whoever came next would get it as the answer to another request.
                disconnect()
                return bytes.count
            }
        }
        if isOpen, let attempt, state == .body { attempt.exchange.responsePaused(attempt) }
        return position
    }

    private func readHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        hasByte = true
        switch response.parse(bytes, scanned: &scanned, limits: pool.group.rules.headLimits, answering: requestMethod) {
        case .incomplete:
            return nil
        case .refused:
            fail(.badResponse)
            return bytes.count
        case .complete(let count):
            scanned = 0
            tookHead(UnsafeRawBufferPointer(rebasing: bytes[..<count]), hasMore: count < bytes.count)
            return count
        }
    }

    private func tookHead(_ head: UnsafeRawBufferPointer, hasMore: Bool) {
        guard let attempt else { return disconnect() }
        if response.isInterim {
            interimCount += 1
            guard interimCount <= UpstreamConnection.mostInterim else { return fail(.badResponse) }
            return attempt.exchange.received(interim: response, head, from: attempt)
        }
        if response.status == 101 {
            guard attempt.exchange.accepts(upgrade: response.upgrade.bytes(in: head)) else { return fail(.badResponse) }
            state = .tunnel
            _ = attempt.exchange.received(head: response, head, from: attempt)
            return
        }
        state = .body
        awaitBytes()
        discarded = 0
        switch response.framing {
        case .none: bodyLeft = 0
        case .length(let count): bodyLeft = count
        case .chunked: chunks = ChunkedDecoder()
        case .untilClose: break
        }
        let isWanted = attempt.exchange.received(head: response, head, from: attempt)
        guard isOpen else { return }
        if !isWanted {
            self.attempt = nil
            guard response.framing != .untilClose, bodyLeft <= UInt64(UpstreamConnection.discardBytes) else {
                return disconnect()
            }
            state = .discarding
        }
        if isBodyless { complete(hasMore: hasMore, trailers: []) }
    }

    private var isBodyless: Bool {
        switch response.framing {
        case .none: true
        case .length(let count): count == 0
        case .chunked, .untilClose: false
        }
    }

    private func readBody(_ bytes: UnsafeRawBufferPointer) -> Int? {
        if state == .discarding {
            discarded += bytes.count
            if discarded > UpstreamConnection.discardBytes {
                disconnect()
                return bytes.count
            }
        }
        switch response.framing {
        case .chunked: return readChunks(bytes)
        case .untilClose:
            pass(body: bytes)
            return bytes.count
        case .length, .none:
            let count = Int(min(bodyLeft, UInt64(bytes.count)))
            bodyLeft -= UInt64(count)
            pass(body: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            if bodyLeft == 0, isOpen, state == .body || state == .discarding {
                complete(hasMore: count < bytes.count, trailers: [])
            }
            return count
        }
    }

    private func readChunks(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var position = 0
        while isOpen, state == .body || state == .discarding {
            switch chunks.next(bytes, position: &position) {
            case .data(let range): pass(body: UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .needMore: return position == 0 ? nil : position
            case .end:
                complete(hasMore: position < bytes.count, trailers: chunks.trailers)
                return position
            case .refused:
                fail(.badResponse)
                return bytes.count
            }
        }
        return position
    }

    private func pass(body bytes: UnsafeRawBufferPointer) {
        guard let attempt, !bytes.isEmpty else { return }
        awaitBytes()
        attempt.exchange.received(body: bytes, from: attempt)
    }

    private func awaitBytes() {
        guard let attempt else { return }
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: attempt.exchange.route.timeouts.idle))
    }

    /// The answer is whole. The connection goes back first, as the end of the exchange may begin another one.
    private func complete(hasMore: Bool, trailers: [UInt8]) {
        let done = attempt
        attempt = nil
        worker.reactor.clearDeadline(self)
        let isReusable =
            response.isPersistent && hasSentRequest && !hasMore && response.framing != .untilClose && !sawEnd
            && served < pool.group.rules.requestsPerConnection
        state = .idle
        if isReusable {
            resumeReading()
            pool.release(self)
        } else {
            disconnect()
        }
        if let done { done.exchange.receivedEnd(trailers: trailers, from: done) }
    }

    // MARK: Ends

    override func receivedEnd() {
        if let tunnelPeer { return passEnd(to: tunnelPeer) }
        if state == .body, response.framing == .untilClose { return complete(hasMore: false, trailers: []) }
        if state == .discarding || state == .idle { return disconnect() }
        fail(hasByte || !isReuse ? .reset : .stale)
    }

    /// A server may answer and close before it has read the request: the answer counts.
    override func sendingBroke(_ code: Int32) {
        guard state == .head || state == .body else { return broke(code) }
        hasSentRequest = false
        onlyRead()
    }

    override func broke(_ code: Int32?) {
        switch state {
        case .connecting: failConnect(.connectFailure)
        case .shaking: failConnect(.tls)
        case .idle, .discarding, .tunnel: disconnect()
        case .head, .body: fail(hasByte || !isReuse ? .reset : .stale)
        }
    }

    private func fail(_ kind: AttemptFailure) {
        let lost = attempt
        attempt = nil
        disconnect()
        if let lost { lost.exchange.failed(lost, kind) }
    }

    override func closed() {
        pool.closed(self)
    }

    override func deadlineReached() {
        switch state {
        case .connecting: failConnect(.connectTimeout)
        case .shaking: failConnect(.tls)
        case .idle, .discarding, .tunnel: disconnect()
        case .head: lookAtSending()
        case .body:
            // While the client takes nothing, the upstream is not to blame.
            guard !isReadPaused else { return awaitBytes() }
            fail(.idleTimeout)
        }
    }
}
