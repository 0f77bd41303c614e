import Base
import Glibc
import HTTPTransport
import Resilience
import Settings
import Synchronization
import Telemetry

/// The one daemon behind `apus run`: it holds the running generation of components, replaces it at a reload, and ends it.
///
/// What always holds:
/// - A generation is built whole before anything of it is started. If its file is refused, or a component cannot be built,
///   the running generation is not touched.
/// - A component whose settings did not change is not restarted by a reload.
/// - The settings before the last changes are remembered (`GenerationHistory`); a rollback puts them back as a reload would.
/// - One reload, rollback or stop is carried out at a time (`DaemonLifecycle`); at most `retiringLimit` replaced components drain in
///   the background, and a reload waits when there are more.
package actor Daemon {
    static let retiringLimit = 16
    /// How long a reload waits for a component that replaces another to leave `starting`.
    static let startPatience = Duration.seconds(1)

    package struct Options: Sendable {
        package var file: String
        package var environment: [String: String]
        /// How long a component may take to finish what is under way, at a reload and at the stop.
        package var drainTimeout: Duration

        package init(file: String, environment: [String: String], drainTimeout: Duration = .seconds(10)) {
            self.file = file
            self.environment = environment
            self.drainTimeout = drainTimeout
        }
    }

    enum Job: Sendable { case reload, rollback, stop }

    let options: Options
    let loader: ConfigurationLoader
    let services: DaemonServices
    let startedAt: WallInstant
    let startedMonotonic: MonotonicInstant
    private let jobs: AsyncStream<Job>
    private let jobsInput: AsyncStream<Job>.Continuation
    private var lifecycle = DaemonLifecycle()
    private(set) var generation = 0
    var history = GenerationHistory()
    /// Why the last rollback could not be made, until something is taken over.
    var failedRollback: ReloadRecord?
    var rollbackWaiters: [RollbackWaiter] = []
    private(set) var lastReload: ReloadRecord
    private var reloadsBegun = 0
    /// Whether the next reload takes over a file that was rolled back.
    private var isReloadForced = false
    private var reloadWaiters: [ReloadWaiter] = []
    private var retiring: [Task<Void, Never>] = []

    package init(options: Options, loader: ConfigurationLoader, services: DaemonServices) {
        self.options = options
        self.loader = loader
        history.besides = loader.besides
        self.services = services
        startedAt = services.time.wallNow()
        startedMonotonic = services.time.now()
        lastReload = ReloadRecord(at: startedAt, complaints: [])
        // The lifecycle lets one job at a time in here.
        (jobs, jobsInput) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Starts the components of the file and runs until a stop is asked for; returns when everything is drained.
    ///
    /// - Throws: `ConfigurationRefused` when the first file is refused, `ApusError` when a component cannot be built.
    package func run(signals: AsyncStream<DaemonSignal>) async throws {
        do {
            try await startFirstGeneration()
        } catch {
            await services.shutdown()
            throw error
        }
        await withDiscardingTaskGroup { group in
            group.addTask { for await signal in signals { await self.receive(signal) } }
            group.addTask { await self.keepWatchdogQuiet() }
            for await job in jobs {
                switch job {
                case .reload: await carryOutReload()
                case .rollback: await carryOutRollback()
                case .stop:
                    await stop()
                    jobsInput.finish()
                }
            }
            group.cancelAll()
        }
        DaemonStopped().emit(to: services.events)
    }

    private func receive(_ signal: DaemonSignal) {
        request(signal == .reload ? .reloadRequested : .stopRequested)
    }

    func request(_ event: DaemonLifecycle.Event) { perform(lifecycle.event(event)) }

    private func perform(_ action: DaemonLifecycle.Action) {
        switch action {
        case .none: break
        case .beginRollback: jobsInput.yield(.rollback)
        case .beginReload: jobsInput.yield(.reload)
        case .beginStop: jobsInput.yield(.stop)
        }
    }

    // MARK: Generations

    private func startFirstGeneration() async throws {
        let file = try loader.load(options.file)
        try await replaceGeneration(by: file, origin: .start)
        history.took(file, generation: generation, at: services.time.wallNow())
        lastReload = ReloadRecord(at: services.time.wallNow(), complaints: [])
        services.recordReload(lastReload)
        DaemonStarted(file: options.file, hash: file.hash, components: services.directory.names).emit(
            to: services.events)
        services.notifier.ready(status: statusLine)
    }

    private func carryOutReload() async {
        reloadsBegun += 1
        services.notifier.reloading(now: services.time.now())
        let complaints = await reloadNow()
        lastReload = ReloadRecord(at: services.time.wallNow(), complaints: complaints)
        services.recordReload(lastReload)
        if complaints.isEmpty {
            services.notifier.ready(status: statusLine)
        } else {
            for complaint in complaints { ConfigurationComplaint(complaint: complaint).emit(to: services.events) }
            ReloadFailed(complaints: complaints.count).emit(to: services.events)
            services.notifier.ready(status: "reload failed: \(complaints.joined(separator: "; "))")
        }
        answerReloadWaiters()
        request(.jobEnded)
    }

    /// - Returns: Why the file was not taken over; empty where it was.
    private func reloadNow() async -> [String] {
        let isForced = isReloadForced
        isReloadForced = false
        do {
            let file = try loader.load(options.file)
            if !isForced { try refuseIfRolledBack(file) }
            let changes = try await replaceGeneration(by: file, origin: .reload)
            history.took(file, generation: generation, at: services.time.wallNow())
            noteRollbackState()
            ReloadSucceeded(generation: generation, hash: file.hash, changes: changes).emit(to: services.events)
            return []
        } catch let refused as ConfigurationRefused {
            return refused.complaints
        } catch {
            return ["\(error)"]
        }
    }

    /// Builds what the file declares anew, and only then swaps.
    ///
    /// - Returns: What was done to each component that is not simply kept.
    @discardableResult
    func replaceGeneration(by file: SettingsFile, origin: RollbackWatch.Origin) async throws -> [String: String] {
        let declared = loader.declared(in: file)
        let directory = services.directory
        let plan = ReloadPlan(
            running: directory.fingerprints, wanted: declared.map { ($0.definition.name, $0.fingerprint) })
        var built: [String: ComponentRunner] = [:]
        for (definition, fingerprint) in declared where plan.builds(definition.name) {
            let isFirst = directory.runner(definition.name) == nil
            built[definition.name] = try await build(
                definition, fingerprint: fingerprint, from: file, origin: isFirst ? .start : origin)
        }
        generation += 1
        services.configure(from: file)
        var changes: [String: String] = [:]
        for (name, step) in plan.steps where step != .keep {
            changes[name] = "\(step)"
            let old = directory.runner(name)
            if let new = built[name] {
                let kept = await old?.handOver()
                await new.start(adopting: kept)
                // The old one stands for readiness until the new one is: a good reload is not seen by a load balancer.
                if old != nil { await new.waitUntilStarted(within: Daemon.startPatience) }
                directory.put(new, order: declared.map(\.definition.name))
            } else {
                directory.remove(name)
            }
            if let old { await retire(old) }
        }
        return changes
    }

    private func build(
        _ definition: ComponentDefinition, fingerprint: SettingsFingerprint, from file: SettingsFile,
        origin: RollbackWatch.Origin
    ) async throws -> ComponentRunner {
        let context = services.context(
            for: definition.name, daemon: self, origin: origin, fingerprint: fingerprint)
        let build: @Sendable () async throws -> any Component = {
            do {
                return try await definition.make(file, context)
            } catch let fault as SettingFault {
                throw fault.error.placed(file.complaint(at: "\(definition.name).\(fault.key)", fault.error.message))
            } catch let error as ApusError {
                throw error.placed(file.complaint(at: definition.name, error.message))
            }
        }
        return ComponentRunner(fingerprint: fingerprint, context: context, component: try await build(), build: build)
    }

    /// Drains a component in the background, so that a slow one holds up neither the new generation nor the next reload.
    private func retire(_ runner: ComponentRunner) async {
        let deadline = services.time.now().advanced(by: options.drainTimeout)
        runner.beginRetirement()
        retiring.append(Task { await runner.retire(deadline: deadline) })
        if retiring.count > Daemon.retiringLimit { await retiring.removeFirst().value }
    }

    var isStopping: Bool { lifecycle.phase == .stopping }

    // MARK: The end

    private func stop() async {
        services.notifier.stopping()
        DaemonStopping().emit(to: services.events)
        // Now, not at the end: a component that waits for its answer could not drain.
        answerRollbackWaiters(.refused("apus is stopping"))
        let deadline = services.time.now().advanced(by: options.drainTimeout)
        await withDiscardingTaskGroup { group in
            // The admin endpoint goes last: while the others drain, it still answers what they do.
            for runner in services.directory.all where runner.name != AdminComponent.name {
                group.addTask { await runner.retire(deadline: deadline) }
            }
            for task in retiring { group.addTask { await task.value } }
        }
        await services.directory.runner(AdminComponent.name)?.retire(deadline: deadline)
        lastReload = ReloadRecord(at: services.time.wallNow(), complaints: ["apus is stopping"])
        answerReloadWaiters(all: true)
        await services.shutdown()
    }

    private func keepWatchdogQuiet() async {
        guard let interval = services.systemd.watchdogInterval else { return }
        // The actor answers between two jobs, so a daemon that is stuck in one stops telling systemd that it is well.
        while (try? await services.time.sleep(for: interval)) != nil { services.notifier.watchdog() }
    }

    var statusLine: String {
        "generation \(generation), \(services.directory.names.count) components: \(services.directory.names.joined(separator: ", "))"
    }

    private func answerReloadWaiters(all: Bool = false) {
        let (due, waiting) = reloadWaiters.reduce(into: ([ReloadWaiter](), [ReloadWaiter]())) { parts, waiter in
            if all || waiter.begun <= reloadsBegun { parts.0.append(waiter) } else { parts.1.append(waiter) }
        }
        reloadWaiters = waiting
        for waiter in due { waiter.continuation.resume(returning: lastReload) }
    }

    private typealias ReloadWaiter = (begun: Int, continuation: CheckedContinuation<ReloadRecord, Never>)
}

extension ApusError {
    /// The same error with its place in the file.
    fileprivate func placed(_ complaint: Complaint) -> ApusError {
        ApusError(code: code, complaint.description, kind: kind, canRetry: canRetry, cause: cause)
    }
}

extension Daemon: DaemonView {
    /// At most as many callers wait here as the admin endpoint has connections.
    func reload(isForced: Bool) async -> ReloadRecord {
        guard !isStopping else {
            return ReloadRecord(at: services.time.wallNow(), complaints: ["apus is stopping"])
        }
        return await withCheckedContinuation { continuation in
            reloadWaiters.append((begun: reloadsBegun + 1, continuation: continuation))
            if isForced { isReloadForced = true }
            request(.reloadRequested)
        }
    }

    func snapshot() -> DaemonSnapshot {
        let now = services.time.wallNow()
        return DaemonSnapshot(
            version: Version.number, host: services.host, processID: getpid(), now: now, startedAt: startedAt,
            uptime: startedMonotonic.duration(to: services.time.now()), configurationFile: options.file,
            configurationHash: history.current?.file.hash ?? "", generation: generation, lastReload: lastReload,
            rolledBack: history.rolledBack, failedRollback: failedRollback, isStopping: isStopping,
            components: services.directory.all.map {
                DaemonSnapshot.ComponentEntry(
                    name: $0.name, status: $0.status, startedAt: $0.startedAt, restarts: $0.restarts)
            })
    }

    func renderedConfiguration() -> String { history.current?.file.rendered() ?? "" }

    nonisolated var recentLogs: [RecentLogEvent] { services.logs.recentEvents() }
}
