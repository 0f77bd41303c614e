import Base
import HTTPWire
import Reactor
import Resilience

/// Attempts: choosing hosts, sending, failures, retries, hedges.
extension Exchange {
    /// The request goes to the route's upstream.
    func forward() {
        keepsBody = hasBody && route.mayReplay(request.method)
        phase = .trying
        if route.settings.hedge != nil, !hasBody, request.method.isSafe, request.upgrade.isEmpty,
            let delay = route.state.hedgeDelay()
        {
            hedgeAt = now.advanced(by: delay)
        }
        setDeadlines()
        tryHost(isHedge: false)
    }

    /// The request goes to another upstream than the route's, once.
    func forward(to group: UpstreamGroup) {
        otherGroup = group
        tried = TriedHosts()
        phase = .trying
        hedgeAt = MonotonicInstant(nanoseconds: .max)
        setDeadlines()
        tryHost(isHedge: false)
    }

    /// The breaker of the route is for its own upstream only.
    private var currentBreaker: SharedBreaker? { otherGroup == nil ? route.breaker : nil }

    func tryHost(isHedge: Bool) {
        guard let group = otherGroup ?? route.upstream else { return answer(status: 500) }
        let view = worker.view(of: group)
        var permit: CircuitBreaker.Permit?
        if let breaker = currentBreaker {
            permit = breaker.tryAcquire(now: now)
            guard permit != nil else { return attemptsFailed(.circuitOpen) }
        }
        let key = balanceKey(group)
        let avoided = route.settings.retry?.sameHost == true ? TriedHosts() : tried
        var isOpen = false
        let pick = view.balancer.pick(key: key, tried: avoided, now: now) { index in
            let isLet = view.hosts.hosts[index].breaker?.mayAcquire(now: self.now) ?? true
            if !isLet { isOpen = true }
            return isLet
        }
        guard let pick else {
            if let permit { currentBreaker?.release(permit, now: now) }
            return attemptsFailed(isOpen ? .circuitOpen : .noHost)
        }
        attemptCount += 1
        tried.insert(pick.host)
        let attempt = Attempt(
            exchange: self, group: group, hosts: view.hosts, host: pick.host, number: attemptCount, isHedge: isHedge,
            now: now)
        attempt.permit = permit
        if let breaker = attempt.target.breaker {
            attempt.hostPermit = breaker.tryAcquire(now: now)
            if attempt.hostPermit == nil {
                attempt.abandon(now: now)
                return attemptsFailed(.circuitOpen)
            }
        }
        attempts.append(attempt)
        setDeadlines()
        view.pool(pick.host).acquire(attempt)
    }

    /// The attempt has a link: sends the request.
    func ready(_ attempt: Attempt, _ link: any UpstreamLink) {
        attempt.link = link
        attempt.wasSent = true
        let out = worker.headSpace
        out.clear()
        writeRequestHead(to: out, attempt)
        let declared: UInt64? = if case .length(let count) = request.framing { count } else { nil }
        link.send(head: out, hasBody: hasBody, declared: declared, upgrade: !request.upgrade.isEmpty && !ignoresUpgrade)
        if hasBody { pumpBody() } else { attempt.hasSentEnd = true }
        link.flush()
        setDeadlines()
    }

    /// The attempt is over without an answer. Its link is gone already, or is given back by the caller.
    func failed(_ attempt: Attempt, _ kind: AttemptFailure) {
        guard let index = attempts.firstIndex(where: { $0 === attempt }) else { return }
        attempts.remove(at: index)
        attempt.link = nil
        if attempt === winner {
            attempt.settle(route.outcome(of: kind), kind: kind, now: now)
            winner = nil
            lastFailure = kind
            worker.telemetry.failed(attempt, kind)
            return abort()
        }
        if kind == .stale, staleRetries < 2, request.method.isIdempotent, canSendBodyAgain {
            staleRetries += 1
            attempt.abandon(now: now)
            attemptCount -= 1
            return tryAgain(at: attempt)
        }
        upstreamName = attempt.target.name
        worker.telemetry.failed(attempt, kind)
        switch kind {
        case .pendingOverflow, .pendingTimeout, .refusedStream, .overload: attempt.abandon(now: now)
        default: attempt.settle(route.outcome(of: kind), kind: kind, now: now)
        }
        attemptsFailed(kind)
    }

    var canSendBodyAgain: Bool { !hasBody || keepsBody }

    /// A pooled connection turned out to be closed: the same host, on a new connection.
    private func tryAgain(at old: Attempt) {
        let attempt = Attempt(
            exchange: self, group: old.group, hosts: old.hosts, host: old.host, number: attemptCount + 1,
            isHedge: old.isHedge, now: now)
        attemptCount += 1
        if let breaker = currentBreaker {
            attempt.permit = breaker.tryAcquire(now: now)
            guard attempt.permit != nil else {
                attempt.abandon(now: now)
                return attemptsFailed(.circuitOpen)
            }
        }
        if let breaker = attempt.target.breaker {
            attempt.hostPermit = breaker.tryAcquire(now: now)
            guard attempt.hostPermit != nil else {
                attempt.abandon(now: now)
                return attemptsFailed(.circuitOpen)
            }
        }
        attempts.append(attempt)
        worker.view(of: old.group).pool(of: old).acquireFresh(attempt)
    }

    /// One attempt failed, or none could be begun. Others may still be under way.
    func attemptsFailed(_ kind: AttemptFailure) {
        lastFailure = kind
        guard attempts.isEmpty, phase == .trying || phase == .waiting else { return }
        if let delay = retryDelay(after: kind, status: nil, retryAfter: nil) {
            return scheduleRetry(after: delay)
        }
        giveUp(kind)
    }

    func scheduleRetry(after delay: Duration) {
        phase = .waiting
        retryAt = now.advanced(by: delay)
        setDeadlines()
        if delay == .zero {
            retryAt = MonotonicInstant(nanoseconds: .max)
            phase = .trying
            tryHost(isHedge: false)
        }
    }

    private func giveUp(_ kind: AttemptFailure) {
        if answerByFallback(kind) { return }
        outcome = kind == .circuitOpen ? .circuitOpen : .upstreamFailed
        let status = kind.isOwnRefusal ? 503 : kind.isTimeout ? 504 : 502
        answer(status: status, retryAfter: kind == .circuitOpen ? retryAfterOfBreakers : nil)
    }

    /// When the route's breaker, or the first one of the hosts', lets a call through.
    var retryAfterOfBreakers: Duration? {
        let waits = (otherGroup ?? route.upstream)?.hosts.hosts.compactMap { $0.breaker?.retryAfter(now: now) } ?? []
        return currentBreaker?.retryAfter(now: now) ?? waits.min()
    }

    private func balanceKey(_ group: UpstreamGroup) -> UInt64? {
        guard case .consistentHash(let source) = group.settings.balance else { return nil }
        switch source {
        case .header(let name): return headerKey(name)
        case .cookie(let name): return cookieKey(name)
        case .address: return downstream.map { StableHash.mix($0.peer.low ^ $0.peer.high) }
        }
    }

    private func cookieKey(_ name: String) -> UInt64? {
        let wanted = Array(name.utf8)
        for field in request.fields where field.known == .cookie {
            for pair in field.value.bytes(in: headBytes).split(separator: UInt8(ascii: ";")) {
                let trimmed = pair.drop { $0 == 0x20 }
                guard trimmed.starts(with: wanted), trimmed.dropFirst(wanted.count).first == UInt8(ascii: "=") else {
                    continue
                }
                return StableHash.of(UnsafeRawBufferPointer(rebasing: trimmed))
            }
        }
        return nil
    }

    // MARK: Deadlines

    func setDeadlines() {
        var earliest = startedAt.advanced(by: route.timeouts.total)
        if phase == .waiting { earliest = min(earliest, retryAt) }
        if hedgeAt.nanoseconds != .max { earliest = min(earliest, hedgeAt) }
        if phase == .trying {
            for attempt in attempts {
                earliest = min(earliest, limit(of: attempt))
            }
        }
        worker.reactor.setDeadline(self, earliest)
    }

    func deadlinePassed() {
        let now = now
        guard phase == .trying || phase == .waiting || phase == .responding else { return }
        if now >= startedAt.advanced(by: route.timeouts.total) { return totalTimeout() }
        if phase == .waiting, now >= retryAt {
            if endCacheWait() { return }
            retryAt = MonotonicInstant(nanoseconds: .max)
            phase = .trying
            return tryHost(isHedge: false)
        }
        if phase == .trying {
            let overdue = attempts.filter { now >= limit(of: $0) }
            for attempt in overdue where attempts.contains(where: { $0 === attempt }) {
                let kind = overdueKind(attempt)
                attempt.link?.cancel()
                worker.forget(waiting: attempt)
                failed(attempt, kind)
            }
            if phase == .trying, now >= hedgeAt { hedge() }
        }
        if phase == .trying || phase == .waiting || phase == .responding { setDeadlines() }
    }

    /// Until when an attempt must have an answer, or a connection while it waits for one.
    private func limit(of attempt: Attempt) -> MonotonicInstant {
        var earliest = MonotonicInstant(nanoseconds: .max)
        if let perTry = route.timeouts.perTry { earliest = attempt.startedAt.advanced(by: perTry) }
        if let sentAt = attempt.sentAt { earliest = min(earliest, sentAt.advanced(by: route.timeouts.firstByte)) }
        if attempt.isPending {
            earliest = min(earliest, attempt.startedAt.advanced(by: attempt.group.rules.pendingTimeout))
        }
        return earliest
    }

    /// Which of its limits an attempt has passed.
    private func overdueKind(_ attempt: Attempt) -> AttemptFailure {
        if attempt.isPending { return .pendingTimeout }
        if let perTry = route.timeouts.perTry, now >= attempt.startedAt.advanced(by: perTry) { return .perTryTimeout }
        return .firstByteTimeout
    }

    private func totalTimeout() {
        let all = attempts
        attempts = []
        for attempt in all {
            let wasPending = attempt.isPending
            attempt.link?.cancel()
            worker.forget(waiting: attempt)
            attempt.link = nil
            upstreamName = attempt.target.name
            // One that has only waited for a connection says nothing of the host.
            guard !wasPending else {
                attempt.abandon(now: now)
                continue
            }
            attempt.settle(route.outcome(of: .totalTimeout), kind: .totalTimeout, now: now)
            worker.telemetry.failed(attempt, .totalTimeout)
        }
        winner = nil
        if phase == .ended { return }
        if phase == .responding { return abort() }
        if answerByFallback(.totalTimeout) { return }
        outcome = .upstreamFailed
        answer(status: 504)
    }

    private func hedge() {
        hedgeAt = MonotonicInstant(nanoseconds: .max)
        guard route.state.tryHedge(copies: hedgeCount) else { return }
        hedgeCount += 1
        worker.telemetry.hedged(route)
        if let delay = route.state.hedgeDelayNow { hedgeAt = now.advanced(by: delay) }
        tryHost(isHedge: true)
    }
}
