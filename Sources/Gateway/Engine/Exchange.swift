import Base
import HTTPWire
import Reactor
import Resilience
import Telemetry

/// One request on its way: policies, attempts, the answer. It has a place in the reactor for its deadlines only, and is
/// used again for other requests, with its storage.
///
/// What always holds:
/// - Exactly one answer begins downstream; after it has begun, no other attempt is made.
/// - Each attempt is settled or abandoned exactly once (`Attempt`).
/// - At `end` nothing of the exchange is left anywhere: no link, no permit, no buffer.
final class Exchange: EventSource {
    enum Phase { case unused, reading, waiting, trying, responding, ended }

    unowned(unsafe) let worker: Worker
    var downstream: (any Downstream)?
    /// The client's, also when it is gone.
    var peer = PeerAddress()
    var isHTTP2 = false
    let head = WireBuffer(capacity: 1024)
    var request = RequestHead()
    var plan: GatewayPlan
    var route: RouteRuntime
    var phase = Phase.unused
    var startedAt = MonotonicInstant(nanoseconds: 0)
    var trace = TraceHop()
    var captures = PathCaptures()
    /// A place of the route is taken, and is given back at the end.
    var holdsSlot = false

    var place = ConcurrencyPlace()
    /// The path in its normal form, where that is not what came.
    var rewrittenPath: [UInt8]?
    /// The client asks for an upgrade that the route does not allow: the request goes on without it.
    var ignoresUpgrade = false
    /// A fallback is under way: there is none after it.
    var isFallback = false
    /// The upstream in place of the route's.
    var otherGroup: UpstreamGroup?
    var retryGate = RetryGate()
    /// What Max-Forwards says from here on.
    var maxForwards: Int?

    // The request's body
    var hasBody = false
    var requestEnded = false
    /// What may have to be sent (again): all of the body while `keepsBody`, else what no link has taken yet.
    var bodyBuffer: WireBuffer?
    var keepsBody = false
    var bodyReceived: UInt64 = 0
    var trailers: [UInt8] = []
    var isBodyPaused = false

    // Attempts
    var attempts: [Attempt] = []
    var winner: Attempt?
    var attemptCount = 0
    var hedgeCount = 0
    var tried = TriedHosts()
    var staleRetries = 0
    var retryAt = MonotonicInstant(nanoseconds: .max)
    var hedgeAt = MonotonicInstant(nanoseconds: .max)
    var lastFailure: AttemptFailure?

    var cacheCall = CacheCall()

    // The answer
    var status = 0
    var responseBytes: UInt64 = 0
    var responseFraming = BodyFraming.none
    var outcome = ExchangeOutcome.upstream
    /// The host that answered, or else the last one that was tried.
    var upstreamName = ""
    /// Why the request was refused.
    var refusal = ""

    init(worker: Worker) {
        self.worker = worker
        plan = worker.plan
        route = worker.plan.noRoute
        super.init(descriptor: -1)
    }

    var now: MonotonicInstant { worker.reactor.now }
    var headBytes: UnsafeRawBufferPointer { head.readable }
    var hasBegun: Bool { phase != .unused }

    /// In text, for logs and spans.
    var method: String { request.methodText.text(in: headBytes) }
    var pathText: String { withPath { String(decoding: $0, as: UTF8.self) } }

    override func deadlineReached() { deadlinePassed() }

    // MARK: The request

    /// `head` is complete and read; its bytes are copied.
    func begin(_ downstream: any Downstream, head bytes: UnsafeRawBufferPointer, hasBody: Bool) {
        self.downstream = downstream
        peer = downstream.peer
        isHTTP2 = downstream.isHTTP2
        plan = worker.plan
        startedAt = now
        self.hasBody = hasBody
        requestEnded = !hasBody
        head.clear()
        head.append(bytes)
        phase = .reading
        worker.active += 1
        admit()
    }

    func requestBody(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty, phase != .ended, phase != .unused else { return }
        bodyReceived &+= UInt64(bytes.count)
        if bodyReceived > route.limits.bodyBytes { return tooLarge() }
        if keepsBody, (bodyBuffer?.count ?? 0) + bytes.count > route.limits.replayBytes { stopKeeping() }
        if !keepsBody, attempts.count == 1, let attempt = attempts.first, let link = attempt.link, attempt.wasSent,
            (bodyBuffer?.isEmpty ?? true)
        {
            link.sendBody(bytes)
            link.flush()
        } else {
            let buffer = bodyBuffer ?? worker.takeBuffer()
            bodyBuffer = buffer
            buffer.append(bytes)
            pumpBody()
        }
        balanceBody()
    }

    func requestEnd(trailers: [UInt8]) {
        guard phase != .ended, phase != .unused else { return }
        requestEnded = true
        self.trailers = trailers
        pumpBody()
        if phase == .trying { setDeadlines() }
    }

    /// The request's framing is broken, or it did not come in time.
    func requestBroke(status: Int, _ reason: String) {
        guard phase != .ended, phase != .unused else { return }
        guard abandonAttempts() else { return }
        refuse(status: status, reason)
    }

    private func tooLarge() {
        guard abandonAttempts() else { return }
        refuse(status: 413, "body too large")
    }

    /// - Parameter reason: One of few words, for the metric's label and the log.
    func refuse(status: Int, _ reason: String) {
        worker.telemetry.refused(reason)
        refusal = reason
        if phase == .responding { return abort() }
        outcome = .refused
        answer(status: status)
    }

    /// The body is too long to be sent again: from now on it only streams.
    private func stopKeeping() {
        keepsBody = false
        guard let buffer = bodyBuffer else { return }
        let least = attempts.map(\.bodySent).min() ?? 0
        buffer.consume(least)
        for attempt in attempts { attempt.bodySent -= least }
    }

    /// Hands every attempt what it has not had of the buffered body.
    func pumpBody() {
        for attempt in attempts where attempt.wasSent && !attempt.hasSentEnd { pump(attempt) }
        if !keepsBody, let buffer = bodyBuffer, let least = attempts.filter(\.wasSent).map(\.bodySent).min() {
            buffer.consume(least)
            for attempt in attempts where attempt.wasSent { attempt.bodySent -= least }
            if buffer.isEmpty { releaseBody() }
        }
        balanceBody()
    }

    private func pump(_ attempt: Attempt) {
        guard let link = attempt.link else { return }
        if let buffer = bodyBuffer, attempt.bodySent < buffer.count {
            let bytes = buffer.readable
            link.sendBody(UnsafeRawBufferPointer(rebasing: bytes[attempt.bodySent...]))
            attempt.bodySent = bytes.count
        }
        if requestEnded, hasBody {
            attempt.hasSentEnd = true
            link.endBody(trailers: trailers)
        }
        link.flush()
    }

    private func releaseBody() {
        guard let buffer = bodyBuffer else { return }
        bodyBuffer = nil
        worker.giveBack(buffer)
    }

    /// Reads on, or not, by what waits: for an upstream that takes nothing, or for one that is not there yet.
    private func balanceBody() {
        guard hasBody, !requestEnded, phase != .ended else { return }
        let waiting = keepsBody ? 0 : bodyBuffer?.count ?? 0
        let isCongested = attempts.contains { $0.link?.isCongested ?? false }
        let pauses = isCongested || waiting >= StreamConnection.highWatermark
        guard pauses != isBodyPaused else { return }
        isBodyPaused = pauses
        if pauses { downstream?.pauseRequestBody() } else { downstream?.resumeRequestBody() }
    }

    /// An upstream took what it had been given.
    func upstreamDrained() { balanceBody() }

    /// The client took what it had been given.
    func downstreamDrained() {
        if pumpStored() { return }
        winner?.link?.resumeResponse()
    }

    /// The client is gone: nobody waits for an answer.
    func clientGone() {
        guard phase != .ended, phase != .unused else { return }
        downstream = nil
        if upstreamName.isEmpty, let attempt = attempts.last { upstreamName = attempt.target.name }
        guard abandonAttempts() else { return }
        if outcome == .upstream { outcome = .clientGone }
        // nginx's number for it: nobody was answered.
        if status == 0 { status = 499 }
        end()
    }

    // MARK: The end

    /// Ends all attempts. One that has answered already keeps its result, and its connection reads the rest of the answer.
    ///
    /// - Returns: False when the exchange is over: a connection that closes makes room for others, what becomes of those may
    ///   close the client's connection, and that has ended this one.
    func abandonAttempts() -> Bool {
        let all = attempts
        let answered = phase == .trying ? winner : nil
        attempts = []
        winner = nil
        for attempt in all {
            if attempt === answered {
                attempt.link = nil
                attempt.settle(route.outcome(of: attempt.status), kind: nil, now: now)
                worker.telemetry.answered(attempt, now: now)
                continue
            }
            attempt.abandon(now: now)
            attempt.link?.cancel()
            attempt.link = nil
            worker.forget(waiting: attempt)
        }
        return phase != .ended
    }

    /// The answer had begun and cannot be completed.
    func abort() {
        outcome = .aborted
        let client = downstream
        downstream = nil
        client?.abortResponse()
        end()
    }

    func end() {
        guard phase != .ended else { return }
        phase = .ended
        worker.reactor.clearDeadline(self)
        if holdsSlot { leaveConcurrency() }
        endRetry()
        if !cacheCall.isBackground { worker.telemetry.finished(self) }
        leaveCache()
        recordLatency()
        releaseBody()
        let client = downstream
        downstream = nil
        winner = nil
        attempts.removeAll(keepingCapacity: true)
        worker.active -= 1
        reset()
        worker.giveBack(self)
        client?.exchangeEnded()
    }

    private func recordLatency() {
        guard route.settings.hedge != nil, outcome == .upstream, status != 0 else { return }
        route.state.record(latency: startedAt.duration(to: now))
    }

    /// It stays `ended` until it is taken again: whoever is still in the middle of it sees that it is over.
    private func reset() {
        hasBody = false
        requestEnded = false
        keepsBody = false
        bodyReceived = 0
        trailers = []
        isBodyPaused = false
        attemptCount = 0
        hedgeCount = 0
        tried = TriedHosts()
        staleRetries = 0
        retryAt = MonotonicInstant(nanoseconds: .max)
        hedgeAt = MonotonicInstant(nanoseconds: .max)
        lastFailure = nil
        status = 0
        responseBytes = 0
        responseFraming = .none
        outcome = .upstream
        upstreamName = ""
        refusal = ""
        trace = TraceHop()
        rewrittenPath = nil
        ignoresUpgrade = false
        isFallback = false
        otherGroup = nil
        retryGate = RetryGate()
        maxForwards = nil
        route = plan.noRoute
    }
}

/// Where an answer came from, for logs and metrics.
enum ExchangeOutcome: String, Sendable {
    case upstream, local, redirect, cache, degraded, fallback, upgraded, refused, shed, limited, aborted
    case clientGone = "client-gone"
    case noRoute = "no-route"
    case circuitOpen = "circuit-open"
    case upstreamFailed = "upstream-failed"
}
