import Base
import HTTPWire
import Reactor

/// Answers from the cache.
extension Exchange {
    /// What is handed to the client at a time, so that a slow one holds the stored bytes and not copies of them.
    static var pieceSize: Int { 64 << 10 }

    /// In the degraded mode, or by `fallback: { cached: true }`: whatever there is that may be used.
    ///
    /// - Parameter degraded: It counts as an answer in place of the upstream's.
    func answerFromCache(anyAge: Bool, degraded: Bool = false, retryAfter: Duration? = nil) -> Bool {
        guard let cache = route.cache, !cacheCall.isBackground, !hasBody, phase != .responding else { return false }
        let key = cacheKey(cache.policy)
        guard
            let stored = cache.responses.fallback(key, request, headBytes, anyAge ? .any : .ifError, now: now)
        else { return false }
        cache.count(stored.isFresh(at: now) ? .hit : .stale)
        guard giveUpAttempts() else { return true }
        // With the answer the exchange may end, and be another's.
        if degraded { worker.telemetry.degraded(route, "cache") }
        serve(stored, .hit(stored.timeToLive(at: now)), retryAfter: retryAfter)
        return true
    }

    /// Instead of a failure, within the time that stale-if-error allows (RFC 5861).
    func answerStaleOnError() -> Bool { answerFromCache(anyAge: false) }

    /// An attempt that has its answer, which the client does not get, counts for its breakers as it is; its connection
    /// is left to who reads from it.
    private func giveUpAttempts() -> Bool {
        if let answered = winner, answered.hasResponded {
            winner = nil
            attempts.removeAll { $0 === answered }
            answered.link = nil
            answered.settle(route.outcome(of: answered.status), kind: nil, now: now)
            worker.telemetry.answered(answered, now: now)
        }
        return abandonAttempts()
    }

    /// Answers with what of `stored` the request asks for.
    func serve(_ stored: StoredResponse, _ line: CacheStatus?, retryAfter: Duration? = nil) {
        outcome = .cache
        if cacheCall.isBackground { return end() }
        let form = stored.form(for: request, headBytes)
        if form == .unsatisfiableRange {
            return answer(status: 416, extra: ("content-range", "bytes */\(stored.body.count)"))
        }
        let out = worker.headSpace
        out.clear()
        stored.writeHead(
            form, age: stored.age(at: now), status: route.cache?.policy.writesStatus == true ? line : nil,
            edits: route.responseEdits, to: out)
        if let retryAfter { StandardResponse.write(retryAfter: retryAfter, to: out) }
        if !route.responseEdits.isEmpty {
            withPlaceholders(attempt: nil) { route.responseEdits.append(to: out, $0) }
        }
        begin(stored, form, out)
    }

    private func begin(_ stored: StoredResponse, _ form: AnswerForm, _ out: WireBuffer) {
        phase = .responding
        status = form.status ?? stored.status
        let range = if case .range(let range) = form { range } else { 0..<stored.body.count }
        let isBodyless = request.method == .head || status == 304 || status == 204
        responseFraming = isBodyless ? .none : .length(UInt64(range.count))
        let declared = isBodyless && request.method == .head && status != 204 && status != 304
        downstream?.respond(out, framing: responseFraming, declared: declared ? UInt64(range.count) : nil)
        // The client may have gone while it was written to; then the exchange is over.
        guard phase == .responding, downstream != nil else { return }
        serve(ServedBody(stored.body), isBodyless ? 0..<0 : range)
    }

    /// The head is written; the body follows as the client takes it.
    func serve(_ body: ServedBody, _ range: Range<Int>) {
        cacheCall.serving = body
        cacheCall.left = range
        setDeadlines()
        pumpStored()
    }

    /// Hands the client as much as it takes now. True: the exchange is one that is answered from the store.
    @discardableResult
    func pumpStored() -> Bool {
        guard let stored = cacheCall.serving else { return false }
        guard !cacheCall.isPumping else { return true }
        cacheCall.isPumping = true
        while cacheCall.serving === stored, !cacheCall.left.isEmpty, let downstream {
            if downstream.isCongested { downstream.flush() }
            guard cacheCall.serving === stored, !downstream.isCongested else { break }
            sendPiece(of: stored, downstream)
        }
        // Gone meanwhile: the exchange is over, and may be another's already.
        guard cacheCall.serving === stored else { return true }
        cacheCall.isPumping = false
        if cacheCall.left.isEmpty {
            downstream?.endBody(trailers: [])
            end()
        }
        return true
    }

    private func sendPiece(of stored: ServedBody, _ downstream: any Downstream) {
        let start = cacheCall.left.lowerBound
        let end = min(start + Exchange.pieceSize, cacheCall.left.upperBound)
        cacheCall.left = end..<cacheCall.left.upperBound
        responseBytes &+= UInt64(end - start)
        stored.bytes.withUnsafeBytes { downstream.body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    }
}

extension AnswerForm {
    /// nil: that of the stored response.
    fileprivate var status: Int? {
        switch self {
        case .whole: nil
        case .notModified: 304
        case .range: 206
        case .unsatisfiableRange: 416
        }
    }
}
