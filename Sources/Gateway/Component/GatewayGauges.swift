import Base
import Resilience
import Synchronization
import TLSWire
import Telemetry

/// The gauges, and the counters that are kept as plain numbers by the workers.
final class GatewayGauges: Sendable {
    private let connections: GaugeFamily
    private let pools: SweptGauge
    private let pending: SweptGauge
    private let hostUp: SweptGauge
    private let hostEjected: SweptGauge
    private let certificates: SweptGauge
    private let cacheBytes: GaugeFamily
    private let bytes: CounterFamily
    private let breakerState: SweptGauge
    private let failureRate: SweptGauge
    private let slowCallRate: SweptGauge
    private let bufferedCalls: SweptGauge
    private let slowCalls: SweptGauge
    private let notPermitted: CounterFamily
    private let told = Mutex<Told>(Told())

    private struct Told {
        var bytesIn: UInt64 = 0
        var bytesOut: UInt64 = 0
        var notPermitted: [String: UInt64] = [:]
    }

    init(_ registry: MetricsRegistry) {
        connections = registry.gauge(GatewayMetricNames.connections)
        pools = SweptGauge(registry.gauge(GatewayMetricNames.poolConnections))
        pending = SweptGauge(registry.gauge(GatewayMetricNames.poolPending))
        hostUp = SweptGauge(registry.gauge(GatewayMetricNames.upstreamHostUp))
        hostEjected = SweptGauge(registry.gauge(GatewayMetricNames.upstreamHostEjected))
        certificates = SweptGauge(registry.gauge(GatewayMetricNames.certificateExpiry))
        cacheBytes = registry.gauge(GatewayMetricNames.cacheBytes)
        bytes = registry.counter(GatewayMetricNames.bytes)
        breakerState = SweptGauge(registry.gauge(GatewayMetricNames.breakerState))
        failureRate = SweptGauge(registry.gauge(GatewayMetricNames.breakerFailureRate))
        slowCallRate = SweptGauge(registry.gauge(GatewayMetricNames.breakerSlowCallRate))
        bufferedCalls = SweptGauge(registry.gauge(GatewayMetricNames.breakerBufferedCalls))
        slowCalls = SweptGauge(registry.gauge(GatewayMetricNames.breakerSlowCalls))
        notPermitted = registry.counter(GatewayMetricNames.breakerNotPermitted)
    }

    /// Other workers: what they have counted begins at zero.
    func restartBytes() { told.withLock { ($0.bytesIn, $0.bytesOut) = (0, 0) } }

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
                certificates.set([certificate.file], certificate.summary.notAfter.secondsSince1970)
            }
        }
        for breaker in breakers { set(breaker, now: now) }
        let swept = [
            pools, pending, hostUp, hostEjected, certificates, breakerState, failureRate, slowCallRate, bufferedCalls,
            slowCalls,
        ]
        for gauge in swept { gauge.sweep() }
    }

    private func set(_ group: UpstreamGroup, _ figures: [WorkerFigures]) {
        let own = figures.compactMap { $0.pools[group.name] }
        let idle = own.reduce(0) { $0 + $1.idle }
        pools.set([group.name, "idle"], idle)
        pools.set([group.name, "active"], own.reduce(0) { $0 + $1.open } - idle)
        pending.set([group.name], own.reduce(0) { $0 + $1.pending })
        let hosts = group.hosts
        for (index, host) in hosts.hosts.enumerated() {
            let marks = hosts.board.marks(index)
            hostUp.set([group.name, host.name], marks.contains(.unhealthy) ? 0 : 1)
            hostEjected.set([group.name, host.name], marks.contains(.ejected) ? 1 : 0)
        }
    }

    private func set(_ breaker: SharedBreaker, now: MonotonicInstant) {
        let snapshot = breaker.snapshot(now: now)
        for state in CircuitBreaker.State.allCases {
            breakerState.set([breaker.name, state.rawValue], snapshot.state == state ? 1 : 0)
        }
        failureRate.set([breaker.name], snapshot.failureRate)
        slowCallRate.set([breaker.name], snapshot.slowCallRate)
        bufferedCalls.set([breaker.name, "successful"], snapshot.bufferedCalls - snapshot.failedCalls)
        bufferedCalls.set([breaker.name, "failed"], snapshot.failedCalls)
        slowCalls.set([breaker.name, "successful"], snapshot.slowCalls - snapshot.tally.slowFailed)
        slowCalls.set([breaker.name, "failed"], snapshot.tally.slowFailed)
        told.withLock { told in
            let before = told.notPermitted[breaker.name] ?? 0
            notPermitted.with(breaker.name).increment(by: snapshot.notPermitted &- before)
            told.notPermitted[breaker.name] = snapshot.notPermitted
        }
    }
}
