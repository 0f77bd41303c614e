import Base
import HTTPWire
import Reactor
import TLSWire

/// A client's connection that speaks HTTP/1.0 or 1.1.
///
/// One request at a time: what a client pipelines waits unread until the response before it is written. While nothing is
/// under way it holds no buffer, and after `parkAfter` without a request not even this object: see `SlotTable`.
final class ClientConnection: StreamConnection, Client, Downstream {
    static let parkAfter = Nanoseconds(.seconds(1))
    static let parkSoon = Nanoseconds(.milliseconds(20))
    static let manyClients = 256
    /// What is still read of a request whose answer closes the connection, so that the answer arrives (RFC 9112, 9.6).
    static let lingerBytes = 64 << 20
    /// In all, and without a byte.
    static let lingerTime = Duration.seconds(30)
    static let lingerPause = Duration.seconds(5)

    private enum Reading {
        case head, body
        /// The request is read; what comes next is for later.
        case waiting
        /// The connection is to end: bytes are thrown away.
        case lingering
    }

    let listener: ListenerRuntime
    let peer: PeerAddress
    private var served: UInt32
    private var exchange: Exchange?
    private var reading = Reading.head
    private var scanned = 0
    private var framing = BodyFraming.none
    private var bodyLeft: UInt64 = 0
    private var chunks = ChunkedDecoder()
    private var isInside = false
    private var isFirst: Bool
    private var idleSince: MonotonicInstant
    private var responseFraming = BodyFraming.none
    private var closesAfterResponse = false
    private var hasRequestEnded = false
    private var lingered = 0
    private var lingersUntil = MonotonicInstant(nanoseconds: .max)
    private var bodyBeganAt = MonotonicInstant(nanoseconds: 0)
    private var bodyBytes = 0
    private var sentBefore: UInt64 = 0
    var isSecure: Bool { tls != nil }
    var isHTTP2: Bool { false }

    init(worker: Worker, descriptor: Int32, listener: ListenerRuntime, peer: PeerAddress, served: UInt32) {
        self.listener = listener
        self.peer = peer
        self.served = served
        isFirst = served == 0
        idleSince = worker.reactor.now
        super.init(worker: worker, descriptor: descriptor)
    }

    // MARK: The request

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        if let tunnelPeer { return pass(bytes, to: tunnelPeer) }
        guard !isInside else { return 0 }
        isInside = true
        defer { isInside = false }
        var position = 0
        while position < bytes.count, isOpen {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
            guard let used = step(rest) else { break }
            position += used
        }
        return position
    }

    /// - Returns: How many bytes were used, nil when more are needed first.
    private func step(_ bytes: UnsafeRawBufferPointer) -> Int? {
        switch reading {
        case .head: return readHead(bytes)
        case .body: return readBody(bytes)
        case .waiting:
            if let tunnelPeer { return pass(bytes, to: tunnelPeer) }
            // What a client sends ahead waits, and is bounded.
            if bytes.count >= StreamConnection.highWatermark { pauseReading() }
            return nil
        case .lingering:
            lingered += bytes.count
            if lingered > ClientConnection.lingerBytes { disconnect() }
            return bytes.count
        }
    }

    private func readHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        if isFirst, let upgraded = checkPreface(bytes) { return upgraded }
        if isFirst, tls == nil, listener.allowsHTTP2, RequestHead.isHTTP2Preface(bytes) == .needMore { return nil }
        let exchange = self.exchange ?? worker.takeExchange()
        self.exchange = exchange
        switch exchange.request.parse(bytes, scanned: &scanned, limits: listener.headLimits) {
        case .incomplete:
            if !isReceivingHead {
                worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: listener.limits.headerTimeout))
            }
            isReceivingHead = true
            return nil
        case .refused(let refusal):
            self.exchange = nil
            worker.giveBack(exchange)
            refuse(status: refusal.status, refusal.reason.rawValue)
            return bytes.count
        case .complete(let count):
            isReceivingHead = false
            begin(exchange, UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
    }

    private var isReceivingHead = false

    private func begin(_ exchange: Exchange, _ head: UnsafeRawBufferPointer) {
        scanned = 0
        isFirst = false
        served &+= 1
        framing = exchange.request.framing
        hasRequestEnded = framing == .none
        closesAfterResponse =
            !exchange.request.isPersistent || worker.isDraining || served >= listener.limits.requestsPerConnection
            // What follows may be meant for a tunnel.
            || exchange.request.method == .connect
        worker.reactor.clearDeadline(self)
        switch framing {
        case .none: reading = .waiting
        case .length(let count):
            bodyLeft = count
            reading = count == 0 ? .waiting : .body
            hasRequestEnded = count == 0
        case .chunked:
            chunks = ChunkedDecoder()
            reading = .body
        case .untilClose: reading = .waiting
        }
        bodyBeganAt = worker.reactor.now
        bodyBytes = 0
        let hasBody = !hasRequestEnded
        exchange.begin(self, head: head, hasBody: hasBody)
        if hasBody, !hasRequestEnded, self.exchange != nil { awaitBody() }
    }

    private func readBody(_ bytes: UnsafeRawBufferPointer) -> Int? {
        bodyBytes += bytes.count
        if isOpen, exchange != nil { awaitBody() }
        guard reading == .body else { return bytes.count }
        if case .chunked = framing { return readChunks(bytes) }
        let count = Int(min(bodyLeft, UInt64(bytes.count)))
        bodyLeft -= UInt64(count)
        exchange?.requestBody(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        // The piece may have been one too many: then the connection lingers already.
        if bodyLeft == 0, reading == .body { requestEnded(trailers: []) }
        return count
    }

    /// Bounds the wait for more of the body: by the route's idle time-out, and by the least rate once the body has had ten
    /// seconds.
    private func awaitBody() {
        guard let exchange else { return }
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: exchange.route.timeouts.idle))
        let lasted = bodyBeganAt.duration(to: worker.reactor.now).inSeconds
        let least = Double(listener.limits.bodyMinimumRate)
        guard lasted >= 10, least > 0, Double(bodyBytes) < least * lasted, !exchange.isBodyPaused else { return }
        bodyTooSlow()
    }

    private func bodyTooSlow() {
        closesAfterResponse = true
        reading = .lingering
        exchange?.requestBroke(status: 408, "body too slow")
    }

    private func readChunks(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var position = 0
        while isOpen, reading == .body {
            switch chunks.next(bytes, position: &position) {
            case .data(let range):
                exchange?.requestBody(UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .needMore:
                return position == 0 ? nil : position
            case .end:
                requestEnded(trailers: chunks.trailers)
            case .refused(let refusal):
                requestIsBroken(refusal)
                return bytes.count
            }
        }
        return position
    }

    private func requestEnded(trailers: [UInt8]) {
        hasRequestEnded = true
        worker.reactor.clearDeadline(self)
        reading = .waiting
        exchange?.requestEnd(trailers: trailers)
    }

    /// The body's framing is wrong: nothing after it can be told apart, so the connection ends with the answer.
    private func requestIsBroken(_ refusal: Refusal) {
        closesAfterResponse = true
        reading = .lingering
        guard let exchange else { return disconnect() }
        exchange.requestBroke(status: refusal.status, refusal.reason.rawValue)
    }

    /// Answers what is no request, and closes.
    private func refuse(status: Int, _ reason: String) {
        worker.telemetry.refused(reason, status: status, worker, peer)
        closesAfterResponse = true
        reading = .lingering
        let out = staging()
        StandardResponse.writeWhole(status, to: out, worker: worker)
        flush()
        finishGently()
    }

    private func checkPreface(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard tls == nil, listener.allowsHTTP2, bytes[0] == UInt8(ascii: "P"), exchange == nil else { return nil }
        guard RequestHead.isHTTP2Preface(bytes) == .yes else { return nil }
        worker.becomeHTTP2(self, bytes)
        return bytes.count
    }

    // MARK: Downstream

    func interim(_ head: WireBuffer) {
        guard exchange?.request.minorVersion == 1 else { return }
        head.append("\r\n")
        write(head.readable)
        flush()
    }

    func respond(_ head: WireBuffer, framing: BodyFraming, declared: UInt64?) {
        guard let exchange, isOpen else { return }
        responseFraming = framing
        let isOld = exchange.request.minorVersion == 0
        if !hasRequestEnded, exchange.status != 101 { closesAfterResponse = true }
        switch framing {
        case .none:
            if let declared, exchange.status != 204 { appendLength(head, declared) }
        case .length(let count):
            appendLength(head, count)
        case .chunked, .untilClose:
            if isOld {
                responseFraming = .untilClose
                closesAfterResponse = true
            } else {
                responseFraming = .chunked
                head.append("transfer-encoding: chunked\r\n")
            }
        }
        if exchange.status != 101 {
            if closesAfterResponse {
                head.append("connection: close\r\n")
            } else if isOld {
                head.append("connection: keep-alive\r\n")
            }
        }
        head.append("\r\n")
        write(head.readable)
    }

    private func appendLength(_ head: WireBuffer, _ count: UInt64) {
        head.append("content-length: ")
        head.append(decimal: count)
        head.append("\r\n")
    }

    func body(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if responseFraming == .chunked {
            let out = staging()
            out.append(hex: UInt64(bytes.count))
            out.append("\r\n")
            write(bytes)
            staging().append("\r\n")
            noteCongestion()
        } else {
            write(bytes)
        }
    }

    func endBody(trailers: [UInt8]) {
        guard responseFraming == .chunked, isOpen else { return }
        let out = staging()
        out.append("0\r\n")
        if !trailers.isEmpty { out.append(trailers) }
        out.append("\r\n")
    }

    func abortResponse() {
        exchange = nil
        flush()
        disconnect()
    }

    func pauseRequestBody() { pauseReading() }

    func resumeRequestBody() { resumeReading() }

    func becomeTunnel() -> StreamConnection? { self }

    func exchangeEnded() {
        exchange = nil
        guard isOpen else { return }
        flush()
        // A tunnel is no HTTP any more, and has its own time.
        guard isOpen, tunnelPeer == nil else { return }
        if closesAfterResponse { return finishGently() }
        if hasRequestEnded { readyForNext() }
    }

    private func readyForNext() {
        reading = .head
        framing = .none
        idleSince = worker.reactor.now
        if isOpen { worker.reactor.setDeadline(self, idleSince.advanced(by: parkAfter)) }
        resumeReading()
        if !isInside { reconsiderInput() }
    }

    /// Closes so that the response arrives: what the client still sends is read for a while, as a reset would take the
    /// response away from it.
    private func finishGently() {
        if hasRequestEnded && reading != .lingering && unsent == 0 { return closeGently() }
        reading = .lingering
        throwsInputAway = true
        lingersUntil = worker.reactor.now.advanced(by: ClientConnection.lingerTime)
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: ClientConnection.lingerPause))
        resumeReading()
        if unsent == 0 { emptied() }
    }

    override func threwAway(_ count: Int) {
        lingered += count
        guard lingered <= ClientConnection.lingerBytes, worker.reactor.now < lingersUntil else { return disconnect() }
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: ClientConnection.lingerPause))
    }

    override func emptied() {
        guard reading == .lingering, exchange == nil else { return }
        sayGoodbye()
        if isOpen { Socket.endWriting(descriptor) }
        if sawEnd { disconnect() }
    }

    override func secured() {
        if tls?.negotiatedProtocol == .http2 { return worker.becomeHTTP2(self, nil) }
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: listener.limits.headerTimeout))
    }

    override func tlsFailed(_ fault: TLSFault) {
        worker.telemetry.refused("TLS: \(fault.label)")
    }

    override func drained() {
        exchange?.downstreamDrained()
    }

    // MARK: Ends

    override func receivedEnd() {
        if let tunnelPeer { return passEnd(to: tunnelPeer) }
        if reading == .lingering || exchange == nil || isReceivingHead { return disconnect() }
        guard hasRequestEnded else { return broke(nil) }
        // It closed its half, and still reads the answer.
        closesAfterResponse = true
    }

    override func broke(_ code: Int32?) {
        disconnect()
    }

    override func closed() {
        worker.clientClosed(self)
        guard let exchange else { return }
        self.exchange = nil
        if isReceivingHead || !exchange.hasBegun {
            worker.giveBack(exchange)
        } else {
            exchange.clientGone()
        }
    }

    override func deadlineReached() {
        let now = worker.reactor.now
        if tunnelPeer != nil || reading == .lingering { return disconnect() }
        if let tls, !tls.isEstablished {
            worker.telemetry.refused("TLS: handshake too slow")
            return disconnect()
        }
        if unsent > 0, exchange != nil || closeWhenSent { return stalled() }
        if reading == .body {
            // While the upstream takes nothing, the client is not to blame.
            if exchange?.isBodyPaused == true { return awaitBody() }
            return bodyTooSlow()
        }
        if isReceivingHead {
            if let exchange { worker.giveBack(exchange) }
            exchange = nil
            isReceivingHead = false
            return refuse(status: 408, "head timeout")
        }
        guard reading == .head, exchange == nil else { return }
        idle(now: now)
    }

    /// Something waits to be sent.
    override func blocked() {
        guard tunnelPeer == nil, reading != .lingering else { return }
        if deadline.nanoseconds == .max {
            sentBefore = bytesOut
            worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: stallLimit))
        }
    }

    private var stallLimit: Nanoseconds { exchange?.route.timeouts.idle ?? Nanoseconds(.seconds(60)) }

    /// A client that takes nothing for as long is given up.
    private func stalled() {
        guard bytesOut != sentBefore else { return disconnect() }
        sentBefore = bytesOut
        worker.reactor.setDeadline(self, worker.reactor.now.advanced(by: stallLimit))
    }

    /// Where there are many, they are parked sooner, so that the objects of few are alive at a time.
    private var parkAfter: Nanoseconds {
        worker.clientCount > ClientConnection.manyClients ? ClientConnection.parkSoon : ClientConnection.parkAfter
    }

    private func idle(now: MonotonicInstant) {
        let parkable = tls == nil && input == nil && output == nil && tunnelPeer == nil
        if parkable, now >= idleSince.advanced(by: parkAfter) {
            worker.park(self, ParkedConnection(peer: peer, listener: listener.number, served: served))
        } else if idleSince.duration(to: now) >= listener.limits.idleTimeout {
            closeGently()
        } else {
            worker.reactor.setDeadline(self, idleSince.advanced(by: listener.limits.idleTimeout))
        }
    }

    /// Drain: an idle connection closes; one with a request closes after its response.
    func drain() {
        closesAfterResponse = true
        if exchange == nil, reading == .head, tunnelPeer == nil { closeGently() }
    }
}
