import Synchronization

/// What a cache holds and has done since it was made.
package struct CacheStatistics: Hashable, Sendable {
    package var entries = 0
    package var bytes = 0
    package var hits: UInt64 = 0
    package var misses: UInt64 = 0
    /// Given out past its end: while it is renewed, for a failure, or because the client takes it.
    package var stale: UInt64 = 0
    /// The origin was asked.
    package var revalidations: UInt64 = 0
    package var stores: UInt64 = 0
    package var evictions: UInt64 = 0
    package var invalidations: UInt64 = 0

    init(_ counters: borrowing CacheCounters) {
        hits = counters.value(.hits)
        misses = counters.value(.misses)
        stale = counters.value(.stale)
        revalidations = counters.value(.revalidations)
        stores = counters.value(.stores)
        invalidations = counters.value(.invalidations)
    }
}

/// Counters that several threads add to. One relaxed addition each.
struct CacheCounters: ~Copyable, Sendable {
    enum Name { case hits, misses, stale, revalidations, stores, invalidations }

    private let hits = Atomic<UInt64>(0)
    private let misses = Atomic<UInt64>(0)
    private let stale = Atomic<UInt64>(0)
    private let revalidations = Atomic<UInt64>(0)
    private let stores = Atomic<UInt64>(0)
    private let invalidations = Atomic<UInt64>(0)

    func add(_ name: Name, _ count: UInt64 = 1) {
        switch name {
        case .hits: hits.wrappingAdd(count, ordering: .relaxed)
        case .misses: misses.wrappingAdd(count, ordering: .relaxed)
        case .stale: stale.wrappingAdd(count, ordering: .relaxed)
        case .revalidations: revalidations.wrappingAdd(count, ordering: .relaxed)
        case .stores: stores.wrappingAdd(count, ordering: .relaxed)
        case .invalidations: invalidations.wrappingAdd(count, ordering: .relaxed)
        }
    }

    func value(_ name: Name) -> UInt64 {
        switch name {
        case .hits: hits.load(ordering: .relaxed)
        case .misses: misses.load(ordering: .relaxed)
        case .stale: stale.load(ordering: .relaxed)
        case .revalidations: revalidations.load(ordering: .relaxed)
        case .stores: stores.load(ordering: .relaxed)
        case .invalidations: invalidations.load(ordering: .relaxed)
        }
    }
}
