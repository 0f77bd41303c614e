import Synchronization

/// The caches of all routes by the routes' names: they live on through reloads, as long as their route is there.
package final class ResponseCaches: Sendable {
    private let caches = Mutex<[String: ResponseCache]>([:])

    package init() {}

    /// That of the route, with the bound of the settings; a new, empty one when it cannot take them.
    package func cache(of route: String, _ settings: CacheSettings) -> ResponseCache {
        caches.withLock { caches in
            if let known = caches[route], known.adopt(settings) { return known }
            let cache = ResponseCache(settings)
            caches[route] = cache
            return cache
        }
    }

    /// What is stored for a URI, whatever its route: an unsafe request may have another than GET.
    package func invalidate(_ key: CacheKey) {
        for cache in caches.withLock({ Array($0.values) }) { cache.invalidate(key) }
    }

    /// Of all answers that are stored, as they count against the bounds.
    package var bytes: Int {
        caches.withLock { Array($0.values) }.reduce(0) { $0 + $1.statistics.bytes }
    }

    /// Forgets those that no plan uses any more.
    package func keepOnly(_ used: [ResponseCache]) {
        let used = Set(used.map(ObjectIdentifier.init))
        caches.withLock { caches in caches = caches.filter { used.contains(ObjectIdentifier($0.value)) } }
    }

    package var isEmpty: Bool { caches.withLock { $0.isEmpty } }
}
