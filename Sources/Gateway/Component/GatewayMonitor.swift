import Base
import Daemon
import Glibc
import HTTPWire
import Logging
import Reactor
import Resilience
import Synchronization
import TLSWire
import Telemetry

/// What happens beside the requests, about once a second: outlier sweeps, gauges, the watch over a reload, names that
/// resolve to other addresses, certificates that changed on disk.
actor GatewayMonitor {
    private let telemetry: GatewayTelemetry
    private var context: ComponentContext
    private var watch: RollbackWatch?
    private var before: (requests: UInt64, failures: UInt64, slow: UInt64)
    private var beforeAt: MonotonicInstant
    private let gauges: GatewayGauges
    private let names = NameWatch()
    private var files = FileWatch()
    private var warnedOf: Set<String> = []
    private var instances = Resilience4jBreakers()

    init(_ telemetry: GatewayTelemetry, context: ComponentContext) {
        self.telemetry = telemetry
        self.context = context
        before = telemetry.totals.snapshot
        beforeAt = context.time.now()
        gauges = GatewayGauges(telemetry.registry)
    }

    /// A generation begins.
    func begin(_ policy: RollbackPolicy?, plan: GatewayPlan, instances: Resilience4jBreakers, context: ComponentContext)
    {
        files.remember(plan)
        self.context = context
        self.instances = instances
        let origin = context.origin
        let now = context.time.now()
        telemetry.totals.slowThreshold.store(
            policy?.maxLatencyP99?.wholeNanoseconds ?? .max, ordering: .relaxed)
        guard let policy else {
            watch = nil
            return
        }
        if watch == nil { watch = RollbackWatch(policy, now: now) }
        watch?.begin(origin, policy: policy, now: now)
    }

    func tick(_ engine: GatewayEngine) async {
        let now = context.time.now()
        let plan = engine.plan
        for group in plan.groups { group.sweep(now: now) }
        for breaker in telemetry.breakers.all { breaker.tick(now: now) }
        let figures = await engine.onEach { worker in
            worker.tick()
            return worker.figures
        }
        gauges.set(figures, plan: plan, breakers: telemetry.breakers.all, now: now)
        gauges.set(cacheBytes: telemetry.caches.bytes)
        plan.accessLog?.flush()
        files.look(plan, events: context.events)
        warnOfCertificates(plan)
        await names.look(plan, instances: instances, telemetry: telemetry, now: now)
        await judge(figures, now: now)
    }

    /// Once a certificate.
    private func warnOfCertificates(_ plan: GatewayPlan) {
        let wallNow = context.time.wallNow()
        for certificate in plan.listeners.compactMap(\.tls).flatMap(\.certificates) {
            let left = certificate.summary.notAfter.secondsSince1970 - wallNow.secondsSince1970
            let key = certificate.summary.sha256
            guard left < plan.settings.certificateExpiryWarning.inSeconds, warnedOf.insert(key).inserted else {
                continue
            }
            CertificateExpires(name: certificate.names.first ?? certificate.file, days: Int(left / 86_400)).emit(
                to: context.events)
        }
    }

    private func judge(_ figures: [WorkerFigures], now: MonotonicInstant) async {
        let current = telemetry.totals.snapshot
        let requests = current.requests - before.requests
        let failures = current.failures - before.failures
        let seconds = max(0.001, beforeAt.duration(to: now).inSeconds)
        var rates = GatewayRates()
        rates.requestsPerSecond = Double(requests) / seconds
        rates.failureShare = requests == 0 ? 0 : Double(failures) / Double(requests)
        (rates.p50, rates.p99) = telemetry.totals.takeQuantiles()
        rates.active = figures.reduce(0) { $0 + $1.active }
        rates.parked = figures.reduce(0) { $0 + $1.parked }
        rates.upgraded = figures.reduce(0) { $0 + $1.tunnels }
        telemetry.rates = rates
        let slow = current.slow - before.slow
        before = current
        beforeAt = now
        let sample = RollbackSample(requests: Int(requests), failures: Int(failures), slow: Int(slow))
        guard case .breach(let breach)? = watch?.record(sample, now: now) else { return }
        // Not awaited: the rollback ends this component's generation, which waits for this very loop.
        let context = context
        Task.detached { await context.rollBack(RollbackReason(breach)) }
    }
}

/// What one worker says of itself, once a second.
struct WorkerFigures: Sendable {
    var parked = 0
    var active = 0
    var tunnels = 0
    var requests = 0
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0
    /// By group: idle, open and waiting.
    var pools: [String: PoolFigures] = [:]
}

struct PoolFigures: Sendable {
    var idle = 0
    var open = 0
    var pending = 0
}

/// The gauges, and the counters that are kept as plain numbers by the workers.
final class GatewayGauges: Sendable {
    private let connections: GaugeFamily
    private let pools: GaugeFamily
    private let pending: GaugeFamily
    private let hostUp: GaugeFamily
    private let hostEjected: GaugeFamily
    private let certificates: GaugeFamily
    private let cacheBytes: GaugeFamily
    private let bytes: CounterFamily
    private let breakerState: GaugeFamily
    private let failureRate: GaugeFamily
    private let slowCallRate: GaugeFamily
    private let bufferedCalls: GaugeFamily
    private let slowCalls: GaugeFamily
    private let notPermitted: CounterFamily
    private let told = Mutex<Told>(Told())

    private struct Told {
        var bytesIn: UInt64 = 0
        var bytesOut: UInt64 = 0
        var notPermitted: [String: UInt64] = [:]
    }

    init(_ registry: MetricsRegistry) {
        connections = registry.gauge(GatewayMetricNames.connections)
        pools = registry.gauge(GatewayMetricNames.poolConnections)
        pending = registry.gauge(GatewayMetricNames.poolPending)
        hostUp = registry.gauge(GatewayMetricNames.upstreamHostUp)
        hostEjected = registry.gauge(GatewayMetricNames.upstreamHostEjected)
        certificates = registry.gauge(GatewayMetricNames.certificateExpiry)
        cacheBytes = registry.gauge(GatewayMetricNames.cacheBytes)
        bytes = registry.counter(GatewayMetricNames.bytes)
        breakerState = registry.gauge(GatewayMetricNames.breakerState)
        failureRate = registry.gauge(GatewayMetricNames.breakerFailureRate)
        slowCallRate = registry.gauge(GatewayMetricNames.breakerSlowCallRate)
        bufferedCalls = registry.gauge(GatewayMetricNames.breakerBufferedCalls)
        slowCalls = registry.gauge(GatewayMetricNames.breakerSlowCalls)
        notPermitted = registry.counter(GatewayMetricNames.breakerNotPermitted)
    }

    func set(cacheBytes: Int) { self.cacheBytes.with().set(cacheBytes) }

    func set(_ figures: [WorkerFigures], plan: GatewayPlan, breakers: [SharedBreaker], now: MonotonicInstant) {
        connections.with("active").set(figures.reduce(0) { $0 + $1.active })
        connections.with("parked").set(figures.reduce(0) { $0 + $1.parked })
        connections.with("upgraded").set(figures.reduce(0) { $0 + $1.tunnels })
        let bytesIn = figures.reduce(UInt64(0)) { $0 &+ $1.bytesIn }
        let bytesOut = figures.reduce(UInt64(0)) { $0 &+ $1.bytesOut }
        told.withLock { told in
            bytes.with("in").increment(by: bytesIn &- told.bytesIn)
            bytes.with("out").increment(by: bytesOut &- told.bytesOut)
            told.bytesIn = bytesIn
            told.bytesOut = bytesOut
        }
        for group in plan.groups { set(group, figures) }
        for listener in plan.listeners {
            for certificate in listener.tls?.certificates ?? [] {
                certificates.with(certificate.file).set(certificate.summary.notAfter.secondsSince1970)
            }
        }
        for breaker in breakers { set(breaker, now: now) }
    }

    private func set(_ group: UpstreamGroup, _ figures: [WorkerFigures]) {
        let own = figures.compactMap { $0.pools[group.name] }
        let idle = own.reduce(0) { $0 + $1.idle }
        pools.with(group.name, "idle").set(idle)
        pools.with(group.name, "active").set(own.reduce(0) { $0 + $1.open } - idle)
        pending.with(group.name).set(own.reduce(0) { $0 + $1.pending })
        let hosts = group.hosts
        for (index, host) in hosts.hosts.enumerated() {
            let marks = hosts.board.marks(index)
            hostUp.with(group.name, host.name).set(marks.contains(.unhealthy) ? 0 : 1)
            hostEjected.with(group.name, host.name).set(marks.contains(.ejected) ? 1 : 0)
        }
    }

    private func set(_ breaker: SharedBreaker, now: MonotonicInstant) {
        let snapshot = breaker.snapshot(now: now)
        for state in CircuitBreaker.State.allCases {
            breakerState.with(breaker.name, state.rawValue).set(snapshot.state == state ? 1 : 0)
        }
        failureRate.with(breaker.name).set(snapshot.failureRate)
        slowCallRate.with(breaker.name).set(snapshot.slowCallRate)
        bufferedCalls.with(breaker.name, "successful").set(snapshot.bufferedCalls - snapshot.failedCalls)
        bufferedCalls.with(breaker.name, "failed").set(snapshot.failedCalls)
        slowCalls.with(breaker.name, "successful").set(snapshot.slowCalls - snapshot.tally.slowFailed)
        slowCalls.with(breaker.name, "failed").set(snapshot.tally.slowFailed)
        told.withLock { told in
            let before = told.notPermitted[breaker.name] ?? 0
            notPermitted.with(breaker.name).increment(by: snapshot.notPermitted &- before)
            told.notPermitted[breaker.name] = snapshot.notPermitted
        }
    }
}
