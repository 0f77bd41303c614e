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
    /// The engine that is asked; another one's figures mean other counts.
    private var engineID: ObjectIdentifier?
    private var before = WorkerTotals()
    private var beforeAt: MonotonicInstant
    private let gauges: GatewayGauges
    private let names = NameWatch()
    private var files = FileWatch()
    private var warnedOf: Set<String> = []
    private var instances = Resilience4jBreakers()

    init(_ telemetry: GatewayTelemetry, context: ComponentContext) {
        self.telemetry = telemetry
        self.context = context
        beforeAt = context.time.now()
        gauges = GatewayGauges(telemetry.registry)
    }

    /// A generation begins.
    func begin(
        _ policy: RollbackPolicy?, engine: GatewayEngine, instances: Resilience4jBreakers, context: ComponentContext
    ) {
        if engineID != ObjectIdentifier(engine) {
            // Its workers count from zero.
            engineID = ObjectIdentifier(engine)
            before = WorkerTotals()
            gauges.restartBytes()
        }
        files.remember(engine.plan)
        self.context = context
        self.instances = instances
        let origin = context.origin
        let now = context.time.now()
        telemetry.slowThreshold.store(
            policy?.maxLatencyP99?.wholeNanoseconds ?? .max, ordering: .relaxed)
        guard let policy else {
            watch = nil
            return
        }
        if watch == nil { watch = RollbackWatch(policy, now: now) }
        watch?.begin(origin, policy: policy, now: now)
    }

    /// Nothing more once another engine has begun; that may be at each `await`.
    func tick(_ engine: GatewayEngine) async {
        guard engineID == ObjectIdentifier(engine) else { return }
        let now = context.time.now()
        let plan = engine.plan
        for group in plan.groups {
            group.sweep(now: now)
            for host in group.hosts.hosts { host.pace.take(now: now) }
        }
        for breaker in telemetry.breakers.all { breaker.tick(now: now) }
        let figures = await engine.onEach { worker in
            worker.tick()
            return worker.takeFigures()
        }
        guard engineID == ObjectIdentifier(engine) else { return }
        gauges.set(figures, plan: plan, breakers: telemetry.breakers.all, now: now)
        gauges.set(cacheBytes: telemetry.caches.bytes)
        plan.accessLog?.flush()
        files.look(plan, events: context.events)
        warnOfCertificates(plan)
        await names.look(plan, instances: instances, telemetry: telemetry, now: now)
        guard engineID == ObjectIdentifier(engine) else { return }
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
        let current = figures.reduce(WorkerTotals()) { $0 + $1.totals }
        let requests = current.requests - before.requests
        let failures = current.failures - before.failures
        let seconds = max(0.001, beforeAt.duration(to: now).inSeconds)
        var rates = GatewayRates()
        rates.requestsPerSecond = Double(requests) / seconds
        rates.failureShare = requests == 0 ? 0 : Double(failures) / Double(requests)
        (rates.p50, rates.p99) = (current.quantile(0.5), current.quantile(0.99))
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
    var totals = WorkerTotals()
    /// By group: idle, open and waiting.
    var pools: [String: PoolFigures] = [:]
}

struct PoolFigures: Sendable {
    var idle = 0
    var open = 0
    var pending = 0
}
