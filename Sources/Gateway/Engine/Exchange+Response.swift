import Base
import HTTPWire
import Reactor
import Resilience

/// The upstream's answer on its way down.
extension Exchange {
    /// A 1xx response. 101 is final and comes by `received(head:)`.
    func received(interim head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, from attempt: Attempt) {
        guard phase == .trying, attempts.count == 1, request.minorVersion == 1 else { return }
        let out = worker.headSpace
        out.clear()
        writeResponseHead(head, bytes, to: out)
        downstream?.interim(out)
    }

    /// The head of the answer. Returns false when the attempt is not wanted any more, because it is to be tried again.
    func received(head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, from attempt: Attempt) -> Bool {
        attempt.hasResponded = true
        attempt.status = head.status
        if phase == .trying,
            let delay = retryDelay(after: nil, status: head.status, retryAfter: retryAfter(head, bytes))
        {
            drop(attempt)
            if attempts.isEmpty { scheduleRetry(after: delay) }
            return false
        }
        win(attempt)
        // Calling the others off may have ended the exchange: see `abandonAttempts`.
        guard winner === attempt else { return false }
        if head.status >= 500 || !route.fallbacks.isEmpty, answerByFallback(status: head.status) { return false }
        if isRenewed(by: head, bytes, attempt) { return true }
        startResponse(head, bytes, attempt)
        return true
    }

    /// What the answer asks for: seconds, or a date.
    private func retryAfter(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer) -> Duration? {
        guard route.retry?.honoursRetryAfter == true, let field = head.first(.retryAfter) else { return nil }
        return RetryAfter.parse(field.value.text(in: bytes), wallNow: worker.wallNow)
    }

    /// Its answer counts as a failure, and is not passed on.
    private func drop(_ attempt: Attempt) {
        attempts.removeAll { $0 === attempt }
        attempt.settle(route.outcome(of: attempt.status), kind: nil, now: now)
        worker.telemetry.answered(attempt, now: now)
    }

    /// This answer is the one: other copies are called off.
    private func win(_ attempt: Attempt) {
        winner = attempt
        if attempt.isHedge { worker.telemetry.hedgeWon(route) }
        hedgeAt = MonotonicInstant(nanoseconds: .max)
        guard attempts.count > 1 else { return }
        for other in attempts where other !== attempt {
            other.abandon(now: now)
            trace.ended(other, failure: nil, isCancelled: true, now: now)
            other.link?.cancel()
            other.link = nil
            worker.forget(waiting: other)
        }
        attempts = [attempt]
    }

    private func startResponse(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer, _ attempt: Attempt) {
        phase = .responding
        status = head.status
        upstreamName = attempt.target.name
        responseFraming = head.framing
        noteForCache(head, bytes, attempt)
        let out = worker.headSpace
        out.clear()
        writeResponseHead(head, bytes, to: out)
        writeCacheStatus(to: out)
        downstream?.respond(out, framing: head.framing, declared: head.framing == .none ? head.contentLength : nil)
        guard phase == .responding else { return }
        if status == 101 { return openTunnel(attempt) }
        setDeadlines()
    }

    func received(body bytes: UnsafeRawBufferPointer, from attempt: Attempt) {
        guard attempt === winner, let downstream else { return }
        responseBytes &+= UInt64(bytes.count)
        cacheCall.recorder?.append(bytes)
        downstream.body(bytes)
        if downstream.isCongested { attempt.link?.pauseResponse() }
    }

    /// What came in one reading has been passed on: it goes out in one piece.
    func responsePaused(_ attempt: Attempt) {
        guard attempt === winner else { return }
        downstream?.flush()
    }

    /// The answer is whole.
    func receivedEnd(trailers: [UInt8], from attempt: Attempt) {
        guard attempt === winner else { return }
        attempts.removeAll(keepingCapacity: true)
        winner = nil
        attempt.link = nil
        attempt.settle(route.outcome(of: attempt.status), kind: nil, now: now)
        worker.telemetry.answered(attempt, now: now)
        if finishCaching() { return }
        downstream?.endBody(trailers: trailers)
        if phase == .responding { end() }
    }

    private func openTunnel(_ attempt: Attempt) {
        guard let link = attempt.link, let up = link.becomeTunnel(), let down = downstream?.becomeTunnel() else {
            return abort()
        }
        downstream?.flush()
        attempts = []
        winner = nil
        attempt.settle(.success, kind: nil, now: now)
        worker.telemetry.answered(attempt, now: now)
        worker.telemetry.upgraded()
        outcome = .upgraded
        let idle = route.timeouts.tunnelIdle.duration
        down.tunnel(to: up, idle: idle)
        up.tunnel(to: down, idle: idle)
        end()
        down.reconsiderInput()
        up.reconsiderInput()
    }

    // MARK: Answers of our own

    /// A short answer that says its status.
    ///
    /// - Parameter extra: One more field.
    func answer(status: Int, retryAfter: Duration? = nil, extra: (StaticString, String)? = nil) {
        let out = worker.headSpace
        out.clear()
        let body = StandardResponse.body(status)
        StandardResponse.writeHead(status, retryAfter: retryAfter, to: out, worker: worker)
        if let extra {
            out.append(extra.0)
            out.append(": ")
            out.append(extra.1)
            out.append("\r\n")
        }
        body.withUnsafeBytes { answer(status: status, head: out, body: $0) }
    }

    /// `head` is a whole head but for framing.
    ///
    /// Each piece may find the client gone, and that ends the exchange at once.
    func answer(status: Int, head: WireBuffer, body: UnsafeRawBufferPointer) {
        guard phase != .ended else { return }
        phase = .responding
        self.status = status
        responseFraming = .length(UInt64(body.count))
        let isBodyless = request.method == .head || status == 204 || status == 304
        downstream?.respond(
            head, framing: isBodyless ? .none : .length(UInt64(body.count)),
            declared: isBodyless && status != 204 ? UInt64(body.count) : nil)
        if !isBodyless, phase == .responding {
            responseBytes = UInt64(body.count)
            downstream?.body(body)
        }
        guard phase == .responding else { return }
        downstream?.endBody(trailers: [])
        if phase == .responding { end() }
    }
}
