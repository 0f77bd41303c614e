import Base
import Settings
import Telemetry

/// The cache of a route as one generation sees it: what is stored, which goes on through reloads, with the rules and
/// the counters of the generation.
struct RouteCache: Sendable {
    /// What became of a request, as the metric calls it.
    enum Result: String, CaseIterable, Sendable { case hit, miss, stale, revalidated, bypass }

    let responses: ResponseCache
    let policy: CachePolicy
    private let counters: [Counter]

    init(_ responses: ResponseCache, _ settings: CacheSettings, route: String, _ registry: MetricsRegistry) {
        self.responses = responses
        policy = CachePolicy(settings)
        let family = registry.counter(GatewayMetricNames.cacheRequests)
        counters = Result.allCases.map { family.with(route, $0.rawValue) }
    }

    func count(_ result: Result) {
        guard let index = Result.allCases.firstIndex(of: result) else { return }
        counters[index].increment()
    }
}
