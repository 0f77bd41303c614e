import Base
import HTTPWire
import Reactor

/// Before a request goes to an upstream: what the route's cache has for it, and waiting for another's answer.
extension Exchange {
    /// True: the request is answered, or waits.
    func lookUpCache() -> Bool {
        guard let cache = route.cache else { return false }
        cacheCall.waitsUntil = now.advanced(by: CollapsedFetches<Exchange>.mostWait)
        return consult(cache, mayWait: true)
    }

    private func consult(_ cache: RouteCache, mayWait: Bool) -> Bool {
        let key = cacheKey(cache.policy)
        let answer = cache.responses.lookup(key, request, headBytes, hasBody: hasBody, now: now)
        switch answer {
        case .hit(let stored):
            cache.count(stored.isFresh(at: now) ? .hit : .stale)
            serve(stored, cacheCall.awaited == nil ? .hit(stored.timeToLive(at: now)) : cacheCall.status)
        case .staleWhileRevalidate(let stored):
            cache.count(.stale)
            renew(stored, CollapsedFetches.Key(cache: ObjectIdentifier(cache.responses), key: CacheKey(key)))
            serve(stored, .hit(stored.timeToLive(at: now)))
        case .onlyIfCached:
            outcome = .cache
            self.answer(status: 504)
        case .bypass(let why):
            cache.count(.bypass)
            cacheCall.status = CacheStatus(forward: why)
            return false
        case .miss(let why):
            cache.count(.miss)
            return goOn(asking: nil, why, mayWait: mayWait && answer.isCollapsible, key, cache)
        case .revalidate(let stored, let why):
            return goOn(asking: stored, why, mayWait: mayWait && answer.isCollapsible, key, cache)
        }
        return true
    }

    /// The request goes to the origin, unless another for the same is under way already.
    private func goOn(
        asking stored: StoredResponse?, _ why: CacheStatus.Forward, mayWait: Bool, _ key: CacheKeyView,
        _ cache: RouteCache
    ) -> Bool {
        let owned = CacheKey(key)
        cacheCall.key = owned
        cacheCall.epoch = cache.responses.epoch(of: key)
        cacheCall.asked = stored
        cacheCall.isConditional = stored?.isValidatable ?? false
        cacheCall.status = CacheStatus(forward: why)
        guard mayWait, request.mayShareFetch(headBytes) else { return false }
        switch worker.fetches.join(fetchKey(owned, cache), self, now: now) {
        case .fetch: cacheCall.leads = true
        case .pass: break
        case .wait:
            cacheCall.waits = true
            phase = .waiting
            retryAt = cacheCall.waitsUntil
            setDeadlines()
            return true
        }
        return false
    }

    private func fetchKey(_ key: CacheKey, _ cache: RouteCache) -> CollapsedFetches<Exchange>.Key {
        CollapsedFetches.Key(cache: ObjectIdentifier(cache.responses), key: key)
    }

    // MARK: One fetch for several

    /// Whether the deadline that has come is that of waiting for another's fetch; then it looks again, and goes itself
    /// when there is nothing.
    func endCacheWait() -> Bool {
        guard cacheCall.waits || cacheCall.awaited != nil, let cache = route.cache else { return false }
        leaveFetch(cache)
        let mayWait = cacheCall.awaited != nil && cacheCall.awaited != .notStorable && now < cacheCall.waitsUntil
        cacheCall.status?.isCollapsed = true
        retryAt = MonotonicInstant(nanoseconds: .max)
        phase = .reading
        if !consult(cache, mayWait: mayWait) {
            cacheCall.awaited = nil
            forward()
        }
        return true
    }

    private func leaveFetch(_ cache: RouteCache) {
        guard cacheCall.waits, let key = cacheCall.key else { return }
        cacheCall.waits = false
        worker.fetches.leave(fetchKey(key, cache), self)
    }

    /// What others wait for is stored, or they wait in vain. They look again at the next turn of the loop, so that none
    /// is answered in the middle of another's reading.
    func endFetch(_ end: CollapsedFetches<Exchange>.End) {
        guard cacheCall.leads, let cache = route.cache, let key = cacheCall.key else { return }
        cacheCall.leads = false
        for waiter in worker.fetches.end(fetchKey(key, cache), end, now: now) {
            waiter.cacheCall.waits = false
            waiter.cacheCall.awaited = end
            waiter.retryAt = now
            waiter.setDeadlines()
        }
    }

    /// The request is over, however: nobody waits for it, nothing is half stored.
    func leaveCache() {
        guard cacheCall.isUsed else { return }
        cacheCall.recorder?.abandon()
        endFetch(.failed)
        if let cache = route.cache { leaveFetch(cache) }
        cacheCall = CacheCall()
    }

    // MARK: Renewal

    /// Asks the origin for what a client has got stale, once at a time.
    private func renew(_ stored: StoredResponse, _ key: CollapsedFetches<Exchange>.Key) {
        guard let downstream, worker.fetches.begin(key) else { return }
        worker.takeExchange().beginRenewal(of: stored, key.key, like: self, SilentDownstream(of: downstream))
    }

    private func beginRenewal(
        of stored: StoredResponse, _ key: CacheKey, like original: Exchange, _ silent: SilentDownstream
    ) {
        downstream = silent
        isHTTP2 = silent.isHTTP2
        (plan, route, request, startedAt) = (original.plan, original.route, original.request, now)
        (captures, rewrittenPath, ignoresUpgrade) = (original.captures, original.rewrittenPath, original.ignoresUpgrade)
        (hasBody, requestEnded) = (false, true)
        head.clear()
        head.append(original.headBytes)
        worker.active += 1
        trace.begin(self)
        // No second try and nothing in its place: the next client begins another renewal.
        isFallback = true
        cacheCall.key = key
        cacheCall.epoch = key.withView { original.route.cache?.responses.epoch(of: $0) } ?? 0
        cacheCall.asked = stored
        (cacheCall.isConditional, cacheCall.leads, cacheCall.isBackground) = (true, true, true)
        forward()
    }

    // MARK: Keys

    /// In the worker's room for keys: valid until the next one.
    func cacheKey(_ policy: CachePolicy) -> CacheKeyView {
        withCacheTarget { $0.key(ignoringQuery: policy.ignoresQuery, in: worker.keySpace) }
    }

    func withCacheTarget<Result>(_ body: (CacheTarget) -> Result) -> Result {
        let bytes = headBytes
        return withPath { path in
            body(
                CacheTarget(
                    isSecure: downstream?.isSecure ?? false, authority: request.authority.bytes(in: bytes), path: path,
                    query: request.hasQuery ? request.query.bytes(in: bytes) : nil))
        }
    }
}
