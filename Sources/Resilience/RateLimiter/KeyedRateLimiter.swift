package import Base

/// One `RateLimit` for each key (client address, header value), for at most `capacity` keys at a time.
///
/// Only idle keys are forgotten to make room: such a key has its whole burst anyway, so forgetting it gives nobody an
/// extra one. When a new key comes and there is no room, up to 16 places, from where the last search ended, are looked at
/// for an idle one; if there is none, `whenFull` decides and the request is counted in `overflowed`. So each call is O(1),
/// and nothing is allocated for keys that are known.
package struct KeyedRateLimiter<Key: Hashable & Sendable>: Sendable {
    /// What happens to a new key while the places looked at are all in use.
    package enum FullPolicy: String, Hashable, Sendable, CaseIterable {
        /// Let it pass unlimited: a flood of keys must not lock out the honest.
        case allow
        /// Refuse it: what stands behind must not be hurt.
        case refuse
    }

    @usableFromInline
    struct Place: Sendable {
        @usableFromInline var key: Key
        @usableFromInline var arrival: RateLimit.ArrivalTime

        @usableFromInline
        init(key: Key) {
            self.key = key
            arrival = .idle
        }
    }

    package let limit: RateLimit
    package let capacity: Int
    package let whenFull: FullPolicy
    @usableFromInline var counts = Counts()
    @usableFromInline var places: [Place] = []
    @usableFromInline var index: [Key: Int] = [:]
    private var hand = 0

    @usableFromInline
    struct Counts: Sendable {
        @usableFromInline var limited: UInt64 = 0
        @usableFromInline var overflowed: UInt64 = 0
        @usableFromInline var evicted: UInt64 = 0
    }

    private static var probes: Int { 16 }

    /// `capacity` is at least 1. Memory grows with the keys seen, up to that many, and does not shrink.
    package init(_ limit: RateLimit, capacity: Int, whenFull: FullPolicy) {
        self.limit = limit
        self.capacity = max(1, capacity)
        self.whenFull = whenFull
    }

    /// Keys that are remembered, idle ones included.
    package var keyCount: Int { places.count }
    /// Requests that were refused, those for want of room included.
    package var limited: UInt64 { counts.limited }
    /// Requests of new keys that found no room.
    package var overflowed: UInt64 { counts.overflowed }
    /// Idle keys that made room.
    package var evicted: UInt64 { counts.evicted }

    /// Inlinable, so that hashing and comparing keys can be specialised where the key's type is known.
    @inlinable
    package mutating func tryAcquire(_ key: Key, now: MonotonicInstant, cost: Int = 1) -> RateLimitDecision {
        guard let place = index[key] ?? admit(key, now: now) else { return overflow() }
        let decision = limit.decide(&places[place].arrival, now: now, cost: cost)
        if !decision.isAllowed { counts.limited &+= 1 }
        return decision
    }

    @usableFromInline
    mutating func overflow() -> RateLimitDecision {
        counts.overflowed &+= 1
        if whenFull == .allow { return .allowed(remaining: 0) }
        counts.limited &+= 1
        return .limited(retryAfter: nil)
    }

    @usableFromInline
    mutating func admit(_ key: Key, now: MonotonicInstant) -> Int? {
        if places.count < capacity {
            places.append(Place(key: key))
            index[key] = places.count - 1
            return places.count - 1
        }
        for _ in 0..<min(KeyedRateLimiter.probes, places.count) {
            let candidate = hand
            hand = hand + 1 == places.count ? 0 : hand + 1
            guard places[candidate].arrival.isIdle(now: now) else { continue }
            index[places[candidate].key] = nil
            places[candidate] = Place(key: key)
            index[key] = candidate
            counts.evicted &+= 1
            return candidate
        }
        return nil
    }
}
