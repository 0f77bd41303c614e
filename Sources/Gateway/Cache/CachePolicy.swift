package import Base

/// What a route's settings say of caching, ready for use. It comes with each call, so that a reload changes it while
/// what is stored stays.
package struct CachePolicy: Sendable {
    package var maxObjectBytes: Int
    /// Freshness of what does not say its own; a day at most where it is guessed from Last-Modified.
    package var defaultTTL: Duration?
    package var isHeuristic: Bool
    package var staleIfError: Duration?
    package var staleWhileRevalidate: Duration?
    package var ignoresQuery: Bool
    /// In lower case.
    package var keyHeaders: [[UInt8]]
    /// In lower case; the first one counts.
    package var targetedFields: [[UInt8]]
    package var writesStatus: Bool

    package init(_ settings: CacheSettings = CacheSettings()) {
        maxObjectBytes = Int(clamping: settings.maxObjectBytes.bytes)
        defaultTTL = settings.defaultTTL
        isHeuristic = settings.heuristic
        staleIfError = settings.staleIfError
        staleWhileRevalidate = settings.staleWhileRevalidate
        ignoresQuery = settings.ignoreQuery
        keyHeaders = settings.keyHeaders.map { Array($0.lowercased().utf8) }
        targetedFields = settings.targetedFields.map { Array($0.lowercased().utf8) }
        writesStatus = settings.statusHeader
    }
}

/// The time on both clocks: civil time is for dates in fields, at the moment that a response comes; ages are measured
/// on the monotonic clock, so that a jump of the civil one makes nothing old or young.
package struct CacheMoment: Sendable {
    package var monotonic: MonotonicInstant
    package var wall: WallInstant

    package init(monotonic: MonotonicInstant, wall: WallInstant) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
