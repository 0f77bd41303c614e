import Base
import Daemon
import Glibc
import Logging
import Resilience
import Synchronization
import Telemetry

/// What the gateway counts and tells. It outlives reloads, as its workers do. What a request moves is looked up once, when
/// its route or group is built: a request costs some ten relaxed atomic additions.
final class GatewayTelemetry: Sendable {
    let breakers: BreakerBook
    let routes = RouteBook()
    let caches = ResponseCaches()
    let events: EventSink
    let registry: MetricsRegistry
    let totals: GatewayTotals
    private let retriesFamily: CounterFamily
    private let degradedFamily: CounterFamily
    private let shedFamily: CounterFamily
    private let refusedFamily: CounterFamily
    private let failuresFamily: CounterFamily
    private let hedgesFamily: CounterFamily
    private let acceptedHTTP1: Counter
    private let acceptedTLS: Counter
    private let upgradedCount = Atomic<Int>(0)
    private let latestRates = Mutex(GatewayRates())

    init(_ context: ComponentContext) {
        events = context.events
        registry = context.metrics
        totals = GatewayTotals()
        breakers = BreakerBook(events: context.events)
        retriesFamily = registry.counter(GatewayMetricNames.retries)
        degradedFamily = registry.counter(GatewayMetricNames.degraded)
        shedFamily = registry.counter(GatewayMetricNames.shed)
        refusedFamily = registry.counter(GatewayMetricNames.refused)
        failuresFamily = registry.counter(GatewayMetricNames.upstreamFailures)
        hedgesFamily = registry.counter(GatewayMetricNames.hedges)
        let accepted = registry.counter(GatewayMetricNames.acceptedConnections)
        acceptedHTTP1 = accepted.with("plain")
        acceptedTLS = accepted.with("tls")
    }

    /// Of the last second.
    var rates: GatewayRates {
        get { latestRates.withLock { $0 } }
        set { latestRates.withLock { $0 = newValue } }
    }

    // MARK: Connections

    func accepted(isSecure: Bool) {
        if isSecure { acceptedTLS.increment() } else { acceptedHTTP1.increment() }
    }

    func refused(_ reason: String) {
        refusedFamily.with(reason).increment()
    }

    /// A client broke HTTP/2's rules. The words are the library's: for the log, not for a label.
    func refusedHTTP2(_ complaint: String) {
        refusedFamily.with("HTTP/2").increment()
        HTTP2Broken(complaint: complaint).emit(to: events)
    }

    func upgraded() {
        upgradedCount.add(1, ordering: .relaxed)
    }

    // MARK: Policies

    func rateLimited(_ route: RouteRuntime) { route.metrics.rateLimited.increment() }

    func degraded(_ route: RouteRuntime, _ mode: String) { degradedFamily.with(route.name, mode).increment() }

    func shed(_ route: RouteRuntime, priority: Int) { shedFamily.with(route.name, "\(priority)").increment() }

    func retried(_ route: RouteRuntime, _ reason: String) { retriesFamily.with(route.name, reason).increment() }

    func budgetExhausted(_ route: RouteRuntime) { route.metrics.budgetExhausted.increment() }

    func hedged(_ route: RouteRuntime) { hedgesFamily.with(route.name, "sent").increment() }

    // MARK: Attempts

    func answered(_ attempt: Attempt, now: MonotonicInstant) {
        let metrics = attempt.target.metrics
        metrics.answers[min(max(attempt.status / 100, 1), 5) - 1].increment()
        metrics.duration.observe(attempt.startedAt.duration(to: now).inSeconds)
        attempt.exchange.trace.ended(attempt, failure: nil, now: now)
    }

    func failed(_ attempt: Attempt, _ kind: AttemptFailure) {
        failuresFamily.with(attempt.group.name, kind.rawValue).increment()
        attempt.exchange.trace.ended(attempt, failure: kind, now: attempt.exchange.now)
    }

    // MARK: Requests

    func finished(_ exchange: Exchange) {
        let metrics = exchange.route.metrics
        let seconds = exchange.startedAt.duration(to: exchange.now).inSeconds
        let status = exchange.status
        if status != 0 { metrics.answers[min(max(status / 100, 1), 5) - 1].increment() }
        if let exemplar = exchange.trace.exemplar {
            metrics.duration.observe(seconds, exemplar: exemplar)
        } else {
            metrics.duration.observe(seconds)
        }
        totals.count(isFailure: status >= 500, seconds: seconds)
        exchange.trace.ended(exchange)
        if let log = exchange.plan.accessLog, exchange.route.settings.accessLog {
            log.log(exchange, wall: exchange.worker.wallNow)
        }
    }
}

/// What a request of one route moves.
struct RouteMetrics: Sendable {
    /// By class of the status, 1xx first.
    let answers: [Counter]
    let duration: Histogram
    let rateLimited: Counter
    let budgetExhausted: Counter

    init(_ name: String, _ registry: MetricsRegistry) {
        let requests = registry.counter(GatewayMetricNames.requests)
        answers = (1...5).map { requests.with(name, "\($0)xx") }
        duration = registry.histogram(GatewayMetricNames.requestDuration).with(name)
        rateLimited = registry.counter(GatewayMetricNames.rateLimited).with(name)
        budgetExhausted = registry.counter(GatewayMetricNames.retryBudgetExhausted).with(name)
    }
}

/// What an attempt at one host moves.
struct HostMetrics: Sendable {
    let answers: [Counter]
    let duration: Histogram

    init(_ group: String, _ host: String, _ registry: MetricsRegistry) {
        let requests = registry.counter(GatewayMetricNames.upstreamRequests)
        answers = (1...5).map { requests.with(group, host, "\($0)xx") }
        duration = registry.histogram(GatewayMetricNames.upstreamDuration).with(group)
    }
}

/// What the console shows of the last second.
struct GatewayRates: Sendable {
    var requestsPerSecond = 0.0
    var failureShare = 0.0
    var p50: Double?
    var p99: Double?
    var active = 0
    var parked = 0
    var upgraded = 0
}

/// Sums for the console and for rollbacks.
final class GatewayTotals: Sendable {
    private let requests = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)
    private let slow = Atomic<UInt64>(0)
    private static let bucketCount = 64
    private let latencies = Mutex([UInt32](repeating: 0, count: GatewayTotals.bucketCount))
    /// Nanoseconds; what takes longer counts as slow.
    let slowThreshold = Atomic<Int64>(.max)

    func count(isFailure: Bool, seconds: Double) {
        requests.add(1, ordering: .relaxed)
        if isFailure { failures.add(1, ordering: .relaxed) }
        let bucket = Int(max(0, min(Double(GatewayTotals.bucketCount - 1), 2 * log2(max(1, seconds * 1e6)))))
        latencies.withLock { $0[bucket] &+= 1 }
        if seconds * 1e9 > Double(slowThreshold.load(ordering: .relaxed)) { slow.add(1, ordering: .relaxed) }
    }

    /// The median and the 99th percentile of the latencies since the call before, in seconds: the upper bound of the
    /// power of √2 microseconds in which they lie.
    func takeQuantiles() -> (Double?, Double?) {
        latencies.withLock { counts in
            defer { counts = [UInt32](repeating: 0, count: GatewayTotals.bucketCount) }
            let total = counts.reduce(0) { $0 + Int($1) }
            guard total > 0 else { return (nil, nil) }
            func quantile(_ share: Double) -> Double? {
                var seen = 0
                for (index, count) in counts.enumerated() {
                    seen += Int(count)
                    if Double(seen) >= share * Double(total) { return exp2(Double(index + 1) / 2) / 1e6 }
                }
                return nil
            }
            return (quantile(0.5), quantile(0.99))
        }
    }

    var snapshot: (requests: UInt64, failures: UInt64, slow: UInt64) {
        (requests.load(ordering: .relaxed), failures.load(ordering: .relaxed), slow.load(ordering: .relaxed))
    }
}

/// What routes remember, by name, over reloads.
final class RouteBook: Sendable {
    private let states = Mutex<[String: RouteState]>([:])

    /// The state of this name. It begins anew when the settings that it is made of have changed.
    func state(_ name: String, _ settings: RouteSettings, now: MonotonicInstant) -> RouteState {
        states.withLock { states in
            if let known = states[name], known.settings.sharesState(with: settings) { return known }
            let state = RouteState(settings, now: now)
            states[name] = state
            return state
        }
    }
}

extension RouteSettings {
    fileprivate func sharesState(with other: RouteSettings) -> Bool {
        rateLimit == other.rateLimit && retry == other.retry && hedge == other.hedge
            && concurrency == other.concurrency
    }
}
