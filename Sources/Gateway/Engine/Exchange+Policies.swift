import Base
import HTTPWire
import Reactor
import Resilience

/// What is decided before a request goes anywhere.
extension Exchange {
    /// Path, route, trace, limits, in this order; then what the route does.
    func admit() {
        guard normalizePath() else {
            return refuse(status: 400, "path")
        }
        guard findRoute() else { return }
        if request.method == .options || request.method == .trace, !mayForward() { return }
        trace.begin(self)
        if case .length(let count) = request.framing, count > route.limits.bodyBytes {
            return refuse(status: 413, "body too large")
        }
        if !request.upgrade.isEmpty, !mayUpgrade { ignoresUpgrade = true }
        if route.settings.rateLimit != nil, !passesRateLimit() { return }
        if plan.settings.shedding != nil, isShed() { return }
        guard let place = route.state.enter(now: now) else { return overloaded() }
        self.place = place
        holdsSlot = true
        switch route.action {
        case .forward:
            if lookUpCache() { return }
            forward()
        case .respond(let page):
            outcome = .local
            let page = page.page
            answer(page, status: page.status ?? 200)
        case .redirect(let redirection):
            outcome = .redirect
            redirect(redirection)
        }
    }

    private func normalizePath() -> Bool {
        guard request.form != .authority else { return false }
        let path = request.path.bytes(in: headBytes)
        let room = worker.pathSpace(path.count)
        switch plan.normalizer.normalize(path, into: room) {
        case .unchanged: rewrittenPath = nil
        case .rewritten(let count): rewrittenPath = Array(room[..<count])
        case .refused: return false
        }
        return true
    }

    /// The path that routes see and upstreams get.
    func withPath<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let rewrittenPath { return rewrittenPath.withUnsafeBytes(body) }
        return body(request.path.bytes(in: headBytes))
    }

    private func findRoute() -> Bool {
        let bytes = headBytes
        let answer = withPath { path in
            plan.router.route(
                Router.Request(
                    host: request.authority.bytes(in: bytes), path: path, method: request.method,
                    methodText: request.methodText.bytes(in: bytes), head: bytes),
                fields: request.fields, captures: &captures)
        }
        switch answer {
        case .route(let index):
            route = plan.routes[index]
            return true
        case .notFound:
            outcome = .noRoute
            self.answer(status: 404)
        case .methodNotAllowed(let methods):
            outcome = .noRoute
            self.answer(status: 405, extra: ("allow", plan.router.allowText(methods)))
        }
        return false
    }

    /// Max-Forwards (RFC 9110, section 7.6.2): at zero this is the last station.
    private func mayForward() -> Bool {
        guard let field = request.first(named: "max-forwards", in: headBytes) else { return true }
        let digits = field.value.bytes(in: headBytes)
        guard !digits.isEmpty, digits.count <= 9, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return true }
        let count = digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
        if count > 0 {
            maxForwards = count - 1
            return true
        }
        outcome = .local
        answer(status: request.method == .trace ? 501 : 200)
        return false
    }

    /// Whether an upstream may switch to this protocol: it is one that the client asked for.
    func accepts(upgrade protocolName: UnsafeRawBufferPointer) -> Bool {
        guard !request.upgrade.isEmpty, !ignoresUpgrade else { return false }
        let wanted = request.upgrade.bytes(in: headBytes)
        return protocolName.count == wanted.count && zip(protocolName, wanted).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    private var mayUpgrade: Bool {
        let wanted = request.upgrade.bytes(in: headBytes)
        return route.upgrades.contains { token in
            token.count == wanted.count && zip(token, wanted).allSatisfy { $0 == $1 | 0x20 || $0 == $1 }
        }
    }

    // MARK: Limits

    private func passesRateLimit() -> Bool {
        guard let rule = route.settings.rateLimit else { return true }
        let key: UInt64? =
            switch rule.per {
            case .route: nil
            case .client: clientKey
            case .header(let name): headerKey(name) ?? 0
            }
        guard case .limited(let wait) = route.state.limit(key: key, now: now) else { return true }
        worker.telemetry.rateLimited(route)
        degrade(retryAfter: wait)
        return false
    }

    /// The client's address as a key: IPv6 by its /64.
    private var clientKey: UInt64 {
        guard let peer = downstream?.peer else { return 0 }
        return StableHash.mix(peer.isIPv4 ? peer.low : peer.high)
    }

    func headerKey(_ name: String) -> UInt64? {
        request.first(named: name, in: headBytes).map { StableHash.of($0.value.bytes(in: headBytes)) }
    }

    private func isShed() -> Bool {
        let priority = requestPriority
        guard case .shed = worker.shed(priority: priority) else { return false }
        worker.telemetry.shed(route, priority: priority)
        outcome = .shed
        if answerByFallback(.overload) { return true }
        let told = plan.settings.shedding?.retryAfter ?? .zero
        answer(status: 503, retryAfter: told > .zero ? told : nil)
        return true
    }

    private var requestPriority: Int {
        if let name = plan.settings.shedding?.priorityHeader, isFromTrustedProxy,
            let field = request.first(named: name, in: headBytes), field.value.count == 1
        {
            let digit = Int(headBytes[field.value.start]) - 0x30
            if (0...9).contains(digit) { return digit }
        }
        return route.settings.priority
    }

    private func overloaded() {
        worker.telemetry.shed(route, priority: route.settings.priority)
        outcome = .shed
        if answerByFallback(.overload) { return }
        answer(status: 503, retryAfter: .seconds(1))
    }

    func leaveConcurrency() {
        holdsSlot = false
        route.state.leave(place, hasAnswer: outcome == .upstream && status != 0, now: now)
    }

    // MARK: Degraded answers and fallbacks

    /// Above the rate limit.
    private func degrade(retryAfter: Duration?) {
        outcome = .limited
        let wait = retryAfter ?? .seconds(1)
        guard let degraded = route.degraded else { return answer(status: 429, retryAfter: wait) }
        let told = degraded.retryAfter ?? wait
        if degraded.usesCache, answerFromCache(anyAge: true, degraded: true, retryAfter: told) { return }
        if let group = degraded.upstream {
            outcome = .degraded
            worker.telemetry.degraded(route, "upstream")
            return forward(to: group)
        }
        worker.telemetry.degraded(route, degraded.page == nil ? "status" : "static")
        outcome = .degraded
        if let page = degraded.page?.page { return answer(page, status: degraded.status, retryAfter: told) }
        answer(status: degraded.status, retryAfter: told)
    }

    /// Instead of a failure without an answer. False: there is no fallback for it.
    func answerByFallback(_ kind: AttemptFailure) -> Bool {
        guard !isFallback else { return false }
        if answerStaleOnError() { return true }
        let failed = kind == .circuitOpen || kind == .overload || kind == .noHost ? 503 : kind.isTimeout ? 504 : 502
        let wait = kind == .circuitOpen ? retryAfterOfBreakers : nil
        return fallBack(status: failed, retryAfter: wait) { $0.contains(kind) }
    }

    /// Instead of an answer that is a failure.
    func answerByFallback(status: Int) -> Bool {
        guard !isFallback else { return false }
        if status >= 500, answerStaleOnError() { return true }
        return fallBack(status: status) { $0.contains(status: status) }
    }

    private func fallBack(status: Int, retryAfter: Duration? = nil, where applies: (FailureSet) -> Bool) -> Bool {
        for fallback in route.fallbacks where applies(fallback.conditions) {
            switch fallback.kind {
            case .cached:
                guard answerFromCache(anyAge: true, degraded: true) else { continue }
            case .page(let source):
                let page = source.page
                guard abandonAttempts() else { return true }
                outcome = .fallback
                worker.telemetry.degraded(route, "static")
                answer(page, status: page.status ?? status, retryAfter: retryAfter)
            case .upstream(let group):
                guard canSendBodyAgain || attemptCount == 0 else { continue }
                guard abandonAttempts() else { return true }
                isFallback = true
                outcome = .fallback
                worker.telemetry.degraded(route, "upstream")
                forward(to: group)
            }
            return true
        }
        return false
    }

    func answer(_ page: StaticPage, status: Int, retryAfter: Duration? = nil) {
        let out = worker.headSpace
        out.clear()
        StandardResponse.writeHead(
            status, contentType: page.contentType, retryAfter: retryAfter, to: out, worker: worker)
        guard page.body.count > Exchange.pieceSize, request.method != .head else {
            return page.body.withUnsafeBytes { answer(status: status, head: out, body: $0) }
        }
        guard phase != .ended else { return }
        phase = .responding
        self.status = status
        responseFraming = .length(UInt64(page.body.count))
        downstream?.respond(out, framing: responseFraming, declared: nil)
        // The client may have gone while it was written to; then the exchange is over.
        guard phase == .responding, downstream != nil else { return }
        serve(ServedBody(page.body), 0..<page.body.count)
    }

    private func redirect(_ redirection: Redirection) {
        let out = worker.headSpace
        out.clear()
        let body = StandardResponse.body(redirection.status)
        StandardResponse.writeHead(redirection.status, to: out, worker: worker)
        out.append("location: ")
        withPlaceholders(attempt: nil) { redirection.appendLocation(to: out, $0, hasQuery: request.hasQuery) }
        out.append("\r\n")
        body.withUnsafeBytes { answer(status: redirection.status, head: out, body: $0) }
    }

    // MARK: Retries

    /// How long to wait before another try, or nil when there is none.
    func retryDelay(after kind: AttemptFailure?, status: Int?, retryAfter: Duration?) -> Duration? {
        guard let policy = route.retry, !isFallback else { return endTry() }
        if let kind, kind.isOwnRefusal { return endTry() }
        let failure: FailureKind
        if let kind {
            failure = kind.forRetries
        } else if let status, policy.on.match(.status(status), statuses: policy.statuses) {
            failure = .status(status)
        } else {
            return endTry()
        }
        let deadline =
            route.settings.timeouts.total.map { Deadline(after: $0, from: startedAt) } ?? Deadline.never
        let decision = route.state.decide(
            &retryGate, failure, policy,
            RetryGate.Request(isIdempotent: request.method.isIdempotent, isReplayable: canSendBodyAgain),
            retryAfter: retryAfter, deadline: deadline, now: now)
        switch decision {
        case .retry(let wait):
            worker.telemetry.retried(route, kind?.rawValue ?? "status")
            return wait
        case .giveUp(let reason):
            if reason == .budgetExhausted { worker.telemetry.budgetExhausted(route) }
            return nil
        }
    }

    private func endTry() -> Duration? {
        endRetry()
        return nil
    }

    func endRetry() {
        if retryGate.tryEnded() { route.state.retryEnded() }
    }
}
