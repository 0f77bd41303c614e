import Base

/// Requests of one worker for the same URI share one fetch (RFC 9111 section 4): the first goes to the origin, the
/// others wait until its answer is stored or turns out not to be. Decisions only: the engine forwards, waits and wakes.
///
/// What always holds: each fetch that `join` began is ended by one `end`, which hands out everybody who waits for it;
/// at most `mostFetches` are under way, at most `mostWaiters` wait for each, nobody longer than `mostWait`. Who finds
/// no room goes by itself. What was not to be stored is remembered for a while, so that nobody waits for it again in
/// vain.
struct CollapsedFetches<Waiter: AnyObject> {
    enum Turn {
        /// It is the one that goes; call `end` whatever becomes of it.
        case fetch
        case wait
        /// It goes by itself, and nobody waits for it.
        case pass
    }

    /// How the fetch ended.
    enum End {
        /// The answer is in the store.
        case stored
        /// It is not for the store: everybody goes by himself, and so do others for `remembered`.
        case notStorable
        /// It came to nothing, or its client left: another takes its place.
        case failed
    }

    struct Key: Hashable {
        let cache: ObjectIdentifier
        let key: CacheKey
    }

    static var mostFetches: Int { 4096 }
    static var mostWaiters: Int { 1024 }
    static var mostWait: Duration { .seconds(5) }
    static var remembered: Duration { .seconds(60) }

    private var fetches: [Key: [Waiter]] = [:]
    private var unstorable = UnstorableKeys()

    var isEmpty: Bool { fetches.isEmpty }

    mutating func join(_ key: Key, _ waiter: Waiter, now: MonotonicInstant) -> Turn {
        if let waiters = fetches[key]?.count {
            guard waiters < Self.mostWaiters else { return .pass }
            fetches[key]?.append(waiter)
            return .wait
        }
        guard fetches.count < Self.mostFetches, !unstorable.contains(key.key.hash, now: now) else { return .pass }
        fetches[key] = []
        return .fetch
    }

    /// A renewal that nobody asked for begins, unless the like is under way. `end` ends it, too.
    mutating func begin(_ key: Key) -> Bool {
        guard fetches[key] == nil, fetches.count < Self.mostFetches else { return false }
        fetches[key] = []
        return true
    }

    /// The fetch is over, or its answer is known not to be stored.
    /// - Returns: who waited for it, in the order of coming. After `stored` and `failed` they look again and may join
    ///   again.
    mutating func end(_ key: Key, _ end: End, now: MonotonicInstant) -> [Waiter] {
        guard let waiters = fetches.removeValue(forKey: key) else { return [] }
        if end == .notStorable { unstorable.insert(key.key.hash, until: now.advanced(by: Self.remembered)) }
        return waiters
    }

    /// It does not wait any more: its client left, or its time is over. Looks at those that wait for the same.
    mutating func leave(_ key: Key, _ waiter: Waiter) {
        guard var waiters = fetches[key], let index = waiters.firstIndex(where: { $0 === waiter }) else { return }
        fetches[key] = []
        waiters.remove(at: index)
        fetches[key] = waiters
    }
}

/// Hashes of keys whose answers were not to be stored: one place for each of 1,024 remainders, the last one stays. Who
/// is pushed out, or shares a hash, costs one wait or one fetch more.
struct UnstorableKeys {
    private struct Place {
        var hash: UInt64 = 0
        var until = MonotonicInstant(nanoseconds: .min)
    }

    private static let count = 1024
    private var places = [Place](repeating: Place(), count: count)

    mutating func insert(_ hash: UInt64, until: MonotonicInstant) {
        places[Int(hash & UInt64(Self.count - 1))] = Place(hash: hash, until: until)
    }

    func contains(_ hash: UInt64, now: MonotonicInstant) -> Bool {
        let place = places[Int(hash & UInt64(Self.count - 1))]
        return place.hash == hash && now < place.until
    }
}

extension CacheAnswer {
    /// Whether requests of the kind share a fetch: a stored answer could serve them all. Not when each would have to
    /// ask again all the same.
    var isCollapsible: Bool {
        switch self {
        case .miss(let why): why == .uriMiss
        case .revalidate(let stored, let why):
            why == .stale && !stored.rules.needsValidation && stored.freshness.lifetime > .zero
        default: false
        }
    }
}
