import Base
import Daemon
import Glibc
import Logging
import Reactor
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
    /// Nanoseconds; a request that takes longer counts as slow.
    let slowThreshold = Atomic<Int64>(.max)
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

    /// The copy's answer came first.
    func hedgeWon(_ route: RouteRuntime) { hedgesFamily.with(route.name, "won").increment() }

    // MARK: Attempts

    func answered(_ attempt: Attempt, now: MonotonicInstant) {
        let metrics = attempt.target.metrics
        metrics.answers[min(max(attempt.status / 100, 1), 5) - 1].increment()
        metrics.duration.observe(attempt.startedAt.seconds(to: now))
        attempt.target.pace.answered(after: now.nanoseconds - attempt.startedAt.nanoseconds)
        attempt.exchange.trace.ended(attempt, failure: nil, now: now)
    }

    func failed(_ attempt: Attempt, _ kind: AttemptFailure) {
        let now = attempt.exchange.now
        failuresFamily.with(attempt.group.name, attempt.target.name, kind.rawValue).increment()
        if kind.isOfHost, let silent = attempt.target.trouble.tell(now: now) {
            UpstreamFailing(
                upstream: attempt.group.name, host: attempt.target.name, reason: kind,
                detail: kind == .tls ? attempt.target.trouble.tlsFault : nil, untold: silent
            ).emit(to: events)
        }
        attempt.exchange.trace.ended(attempt, failure: kind, now: now)
    }

    // MARK: Requests

    func finished(_ exchange: Exchange) {
        let metrics = exchange.route.metrics
        let seconds = exchange.startedAt.seconds(to: exchange.now)
        let status = exchange.status
        if status != 0 { metrics.answers[min(max(status / 100, 1), 5) - 1].increment() }
        if let exemplar = exchange.trace.exemplar {
            metrics.duration.observe(seconds, exemplar: exemplar)
        } else {
            metrics.duration.observe(seconds)
        }
        exchange.worker.totals.count(
            isFailure: status >= 500, seconds: seconds, slowThreshold: slowThreshold.load(ordering: .relaxed))
        exchange.trace.ended(exchange)
        if let log = exchange.plan.accessLog, exchange.route.settings.accessLog {
            log.log(exchange, wall: exchange.worker.wallNow)
        }
    }

    /// Bytes that came to be no request.
    func refused(_ reason: String, status: Int, _ worker: Worker, _ peer: PeerAddress) {
        refused(reason)
        worker.plan.accessLog?.logRefused(reason, status: status, peer, wall: worker.wallNow)
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

    func keepOnly(_ names: Set<String>) {
        states.withLock { states in states = states.filter { names.contains($0.key) } }
    }
}

extension RouteSettings {
    fileprivate func sharesState(with other: RouteSettings) -> Bool {
        rateLimit == other.rateLimit && retry == other.retry && hedge == other.hedge
            && concurrency == other.concurrency
    }
}
