package import Base
package import HTTPWire

/// What the cache says to a request.
package enum CacheAnswer: Sendable {
    /// The request is none for a cache: it goes on as it is, and nothing of it is stored.
    case bypass(CacheStatus.Forward)
    /// The request goes on; a recorder may be begun with its answer.
    case miss(CacheStatus.Forward)
    /// Answer with it: it is fresh, or the client takes it stale.
    case hit(StoredResponse)
    /// Answer with it, and renew it without the client (RFC 5861 section 3).
    case staleWhileRevalidate(StoredResponse)
    /// Ask the origin whether it is still good, with `writeConditions` where `isValidatable`.
    case revalidate(StoredResponse, CacheStatus.Forward)
    /// 504: the client wants a stored answer or none (RFC 9111 section 5.2.1.7).
    case onlyIfCached
}

/// For whom a stored response may be too old.
package enum StaleLimit: Sendable {
    /// What stale-if-error allows (RFC 5861 section 4).
    case ifError
    /// However old: `fallback: { cached: true }` and the degraded mode. What the origin forbids to use stale
    /// (must-revalidate …) stays forbidden.
    case any
}

extension ResponseCache {
    /// RFC 9111 section 4.
    ///
    /// - Parameter hasBody: of the request. A GET with one is no request for a cache: its body is no part of the key.
    package func lookup(
        _ key: CacheKeyView, _ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, hasBody: Bool,
        now: MonotonicInstant
    ) -> CacheAnswer {
        guard request.method == .get || request.method == .head else { return .bypass(.method) }
        guard !hasBody, request.upgrade.isEmpty, !request.isForOrigin else { return .bypass(.bypass) }
        let directives = RequestDirectives(request, bytes)
        let found = find(key, request, bytes)
        guard let stored = found.response else {
            counters.add(.misses)
            return directives.onlyIfCached ? .onlyIfCached : .miss(found.isKeyKnown ? .varyMiss : .uriMiss)
        }
        let answer = CacheAnswer(stored, directives, now: now)
        counters.add(answer, isFresh: stored.isFresh(at: now))
        return answer
    }

    /// A stored response in place of a failure, or in the degraded mode: one that is fresh, or no older than the limit
    /// allows. Whatever the client asks of caches but `no-store`, which it does not need here.
    package func fallback(
        _ key: CacheKeyView, _ request: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ limit: StaleLimit,
        now: MonotonicInstant
    ) -> StoredResponse? {
        guard request.method == .get || request.method == .head, let stored = find(key, request, bytes).response,
            !stored.rules.needsValidation
        else { return nil }
        let staleness = .zero - stored.timeToLive(at: now)
        if staleness < .zero { return stored }
        let asked = RequestDirectives(request, bytes).staleIfError.flatMap { stored.rules.mayBeStale ? $0 : nil }
        let allowed = max(stored.rules.staleIfError ?? .zero, .seconds(asked ?? 0))
        guard limit == .any && stored.rules.mayBeStale || staleness < allowed else { return nil }
        counters.add(.stale)
        return stored
    }
}

extension CacheAnswer {
    /// What may be done with a response that the request selects.
    init(_ stored: StoredResponse, _ directives: RequestDirectives, now: MonotonicInstant) {
        let age = stored.age(at: now)
        let left = stored.freshness.lifetime - age
        let mustAsk = directives.noCache || stored.rules.needsValidation
        if !mustAsk, directives.accepts(age: age, left: left, stored.rules) {
            self = .hit(stored)
        } else if !mustAsk, left <= .zero, directives.acceptsRenewing, let window = stored.rules.staleWhileRevalidate,
            .zero - left < window
        {
            self = .staleWhileRevalidate(stored)
        } else if directives.onlyIfCached {
            self = .onlyIfCached
        } else {
            self = .revalidate(stored, left <= .zero || stored.rules.needsValidation ? .stale : .request)
        }
    }
}

extension RequestDirectives {
    /// - Parameter left: of freshness.
    fileprivate func accepts(age: Duration, left: Duration, _ rules: ReuseRules) -> Bool {
        // max-age=0 asks for a new look at the origin, also in the moment in which the answer came.
        if let maxAge, maxAge == 0 || age > .seconds(maxAge) { return false }
        if let minFresh, left < .seconds(minFresh) { return false }
        if left > .zero { return true }
        guard rules.mayBeStale, minFresh == nil else { return false }
        switch maxStale {
        case .any: return true
        case .seconds(let seconds): return .zero - left <= .seconds(seconds)
        case nil: return false
        }
    }

    /// The client does not ask for freshness of its own.
    fileprivate var acceptsRenewing: Bool { maxAge == nil && minFresh == nil }
}

extension RequestHead {
    /// Whether its answer may serve others that wait for it, and another's may serve it.
    func mayShareFetch(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard method == .get, !has(.authorization), !has(.range), !has(.ifNoneMatch), !has(.ifModifiedSince) else {
            return false
        }
        let directives = RequestDirectives(self, bytes)
        return !directives.noStore && !directives.noCache && directives.maxAge == nil && directives.minFresh == nil
    }

    /// Conditions that only the origin can judge (RFC 9111 section 4.3.2).
    fileprivate var isForOrigin: Bool { has(.ifMatch) || has(.ifUnmodifiedSince) }
}

extension CacheCounters {
    fileprivate func add(_ answer: CacheAnswer, isFresh: Bool) {
        switch answer {
        case .hit where isFresh: add(.hits)
        case .hit, .staleWhileRevalidate: add(.stale)
        case .revalidate: add(.revalidations)
        default: add(.misses)
        }
    }
}
