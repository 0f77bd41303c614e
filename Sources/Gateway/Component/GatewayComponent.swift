import Base
package import Daemon
import Glibc
import Reactor
import Resilience
import Settings
import Synchronization
import Telemetry

/// The `gateway` component of `apus run`: a reverse proxy that keeps a flaky upstream from hurting its users.
///
/// A reload builds another plan and gives it to the running engine: no connection notices. Only another number of workers
/// makes another engine; then the old one drains while the new one accepts.
package final class GatewayComponent: Component {
    package static let definition = ComponentDefinition(
        "gateway", "A reverse proxy with circuit breakers, retries, limits, a cache and degraded answers.",
        settings: GatewaySettings.self, besides: Resilience4jSettings.sections,
        inspect: { settings, file in
            GatewayInspection.doubts(of: settings)
                + settings.unknownBreakers(in: Resilience4jSettings.breakers(in: file)).map {
                    SettingDoubt(.error, key: $0.key, $0.message)
                }
        },
        make: { settings, file, context in
            try GatewayComponent(settings, instances: Resilience4jSettings.breakers(in: file), context: context)
        })

    private struct State {
        var engine: GatewayEngine?
        var monitor: GatewayMonitor
        var telemetry: GatewayTelemetry
        var plan: GatewayPlan
        var retiring = RetiringEngines()
        var isHandedOver = false
        var isRunning = false
    }

    /// What one generation leaves to the next.
    private struct Legacy: Sendable {
        let engine: GatewayEngine
        let telemetry: GatewayTelemetry
        let monitor: GatewayMonitor
        let retiring: RetiringEngines
    }

    private let settings: GatewaySettings
    private let instances: Resilience4jBreakers
    private let context: ComponentContext
    /// Given back at the end, so that the sockets close while requests are finished.
    private let leaseHolder: Mutex<[ListenerLease]>
    private var leases: [ListenerLease] { leaseHolder.withLock { $0 } }
    private let state: Mutex<State>
    private let draining = Latch()
    private var time: any TimeSource { context.time }

    init(_ settings: GatewaySettings, instances: Resilience4jBreakers, context: ComponentContext) throws {
        self.settings = settings
        self.instances = instances
        self.context = context
        let telemetry = GatewayTelemetry(context)
        let plan = try PlanBuilder(
            settings: settings, instances: instances, previous: nil, telemetry: telemetry, now: context.time.now()
        ).build()
        let leases = try settings.listen.enumerated().map { index, listen throws(SettingFault) in
            try context.listen(on: listen.address, setting: "listen[\(index)].address", sharesPort: listen.reusePort)
        }
        leaseHolder = Mutex(leases)
        state = Mutex(
            State(monitor: GatewayMonitor(telemetry, context: context), telemetry: telemetry, plan: plan))
    }

    private var workerCount: Int {
        settings.workerCount(processors: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// Goes on with the engine of the generation before; what the two have in common (groups with their connections and
    /// health, breakers, limiters) stays. With another number of workers there is another engine, and the former one drains.
    package func adopt(_ handOver: HandOver) async {
        guard let legacy = handOver as? Legacy else { return }
        let former = legacy.engine.plan
        let builder = PlanBuilder(
            settings: settings, instances: instances, previous: former, telemetry: legacy.telemetry, now: time.now())
        // A file may have gone since the settings were checked: then the plan of that moment holds, with counters of its own.
        let rebuilt = try? builder.build()
        let goesOn = legacy.engine.workers.count == workerCount
        let isGiven = rebuilt.map { goesOn && (try? give($0, to: legacy.engine)) != nil } ?? false
        state.withLock { state in
            state.retiring = legacy.retiring
            if let rebuilt { (state.telemetry, state.plan) = (legacy.telemetry, rebuilt) }
            if isGiven { state.engine = legacy.engine }
            // With the counters goes what has been told of them, and the watch over reloads.
            if rebuilt != nil { state.monitor = legacy.monitor }
        }
        if !isGiven { legacy.retiring.add(legacy.engine, time) }
        guard let rebuilt else { return }
        legacy.telemetry.caches.keepOnly(rebuilt.routes.compactMap { $0.cache?.responses })
        // What the generation before remembers is for a rollback to it.
        legacy.telemetry.routes.keepOnly(Set((rebuilt.routes + former.routes + [rebuilt.noRoute]).map(\.name)))
        legacy.telemetry.breakers.keepOnly(rebuilt.breakers + former.breakers)
    }

    package func handOver() async -> HandOver? {
        state.withLock { state in
            guard let engine = state.engine else { return nil }
            state.isHandedOver = true
            return Legacy(
                engine: engine, telemetry: state.telemetry, monitor: state.monitor, retiring: state.retiring)
        }
    }

    private func give(_ plan: GatewayPlan, to engine: GatewayEngine) throws(ApusError) {
        var sockets: [[Int32]] = []
        for lease in leases {
            var copies: [Int32] = []
            for _ in engine.workers { copies.append(try lease.duplicate()) }
            sockets.append(copies)
        }
        engine.apply(plan, sockets: sockets)
    }

    package func run() async throws {
        let engine = try ensureEngine()
        let monitor = state.withLock { state in
            state.isRunning = true
            return state.monitor
        }
        GatewayListening(addresses: leases.map { $0.boundAddress.description }).emit(to: context.events)
        await monitor.begin(settings.rollback?.policy, engine: engine, instances: instances, context: context)
        while !draining.isOpen {
            guard try await !time.sleep(until: time.now().advanced(by: .seconds(1)), orOpen: draining) else { break }
            await monitor.tick(engine)
        }
        await end(engine)
    }

    private func ensureEngine() throws -> GatewayEngine {
        if let engine = state.withLock({ $0.engine }) { return engine }
        let (plan, telemetry) = state.withLock { ($0.plan, $0.telemetry) }
        let engine = try GatewayEngine(plan: plan, workers: workerCount, telemetry: telemetry)
        try engine.start()
        try give(plan, to: engine)
        state.withLock { $0.engine = engine }
        return engine
    }

    /// Drains the engine, and those before it that still do, unless a successor has them. When the task is cancelled, what is
    /// still open is closed.
    private func end(_ engine: GatewayEngine) async {
        let retiring = state.withLock { $0.isHandedOver ? nil : $0.retiring }
        guard let retiring else { return }
        engine.drain()
        leaseHolder.withLock { $0 = [] }
        while !Task.isCancelled {
            guard await engine.openConnections > 0 || retiring.areOpen else { break }
            guard (try? await time.sleep(for: .milliseconds(20))) != nil else { break }
        }
        engine.plan.accessLog?.flush()
        engine.stop()
        retiring.stop()
    }

    package func drain() {
        draining.open()
    }

    package var status: ComponentStatus {
        let (engine, telemetry, isRunning) = state.withLock { ($0.engine, $0.telemetry, $0.isRunning) }
        guard let engine, isRunning else { return ComponentStatus(.starting) }
        return GatewayStatus(plan: engine.plan, telemetry: telemetry, now: time.now(), wallNow: time.wallNow()).status
    }
}
