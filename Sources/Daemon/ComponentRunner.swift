import Base
import Logging
import Resilience
import Settings
import Synchronization
import Telemetry

/// Runs one component and keeps it running: one that fails is built anew and started again, with exponential backoff from
/// 0.5 s to 30 s, until it is retired. It never gives up, and while it waits the component counts as not ready.
final class ComponentRunner: Sendable {
    static let restartPolicy = RetryPolicy(
        maxAttempts: .max, initialBackoff: .milliseconds(500), maxBackoff: .seconds(30), jitter: .equal)
    /// A component that ran this long before it failed starts again with the first backoff.
    static let provenAfter = Duration.seconds(60)
    /// After its cancellation a component has this long to return; then it is left behind and said so.
    static let cancellationGrace = Duration.seconds(1)

    private struct State {
        var component: any Component
        var failure: String?
        var restarts = 0
        var task: Task<Void, Never>?
    }

    let name: String
    let fingerprint: SettingsFingerprint
    let startedAt: WallInstant
    private let build: @Sendable () async throws -> any Component
    private let context: ComponentContext
    private let retiring = Latch()
    private let ended = Latch()
    private let state: Mutex<State>

    init(
        fingerprint: SettingsFingerprint, context: ComponentContext, component: any Component,
        build: @escaping @Sendable () async throws -> any Component
    ) {
        name = context.name
        self.fingerprint = fingerprint
        self.context = context
        self.build = build
        startedAt = context.time.wallNow()
        state = Mutex(State(component: component))
    }

    private var component: any Component { state.withLock { $0.component } }

    var restarts: Int { state.withLock { $0.restarts } }

    var status: ComponentStatus {
        let (component, failure) = state.withLock { ($0.component, $0.failure) }
        var status = component.status
        if let failure {
            status.state = .failed
            status.reason = failure
        } else if ended.isOpen {
            status.state = .stopped
        } else if retiring.isOpen {
            status.state = .draining
        }
        return status
    }

    /// Starts the component with what its predecessor gave up. Called once.
    func start(adopting handOver: HandOver?) async {
        if let handOver { await component.adopt(handOver) }
        let task = Task { await self.keepRunning() }
        state.withLock { $0.task = task }
    }

    /// Returns when the component has left `starting`, or when `patience` is at its end.
    func waitUntilStarted(within patience: Duration) async {
        let deadline = context.time.now().advanced(by: patience)
        while component.status.state == .starting, !ended.isOpen, context.time.now() < deadline {
            guard (try? await context.time.sleep(for: .milliseconds(2))) != nil else { return }
        }
    }

    /// Asks the component for what must survive.
    func handOver() async -> HandOver? {
        await component.handOver()
    }

    /// Tells the component to come to its end. Whatever it answers from now on already says so.
    func beginRetirement() {
        retiring.open()
        component.drain()
    }

    /// Drains the component; returns when it has ended. At `deadline` it is cancelled, and a little later left behind.
    func retire(deadline: MonotonicInstant) async {
        if !retiring.isOpen { beginRetirement() }
        if (try? await context.time.sleep(until: deadline, orOpen: ended)) == true { return }
        state.withLock { $0.task }?.cancel()
        let last = context.time.now().advanced(by: ComponentRunner.cancellationGrace)
        if (try? await context.time.sleep(until: last, orOpen: ended)) != true {
            ComponentLeftBehind(component: name).emit(to: context.events)
        }
    }

    private func keepRunning() async {
        defer { ended.open() }
        var retry = RetryState(policy: ComponentRunner.restartPolicy, startedAt: context.time.now())
        while !retiring.isOpen && !Task.isCancelled {
            let began = context.time.now()
            guard let failure = await runOnce() else { return }
            let now = context.time.now()
            if began.duration(to: now) >= ComponentRunner.provenAfter {
                retry = RetryState(policy: ComponentRunner.restartPolicy, startedAt: now)
            }
            state.withLock { $0.failure = failure }
            ComponentFailed(component: name, reason: failure).emit(to: context.events)
            guard await rebuild(after: &retry) else { return }
        }
    }

    /// - Returns: Nil after an end that was asked for, otherwise what went wrong.
    private func runOnce() async -> String? {
        do {
            try await component.run()
            return retiring.isOpen ? nil : "ended without being asked to"
        } catch {
            return retiring.isOpen || Task.isCancelled ? nil : "\(error)"
        }
    }

    /// Builds the component anew, as often as it takes.
    ///
    /// - Returns: False when it was retired meanwhile.
    private func rebuild(after retry: inout RetryState) async -> Bool {
        while true {
            let now = context.time.now()
            guard case .retry(let backoff) = retry.afterFailure(now: now) else { return false }
            guard (try? await context.time.sleep(until: now.advanced(by: backoff), orOpen: retiring)) == false else {
                return false
            }
            do {
                let successor = try await build()
                if let kept = await component.handOver() { await successor.adopt(kept) }
                let isWanted = state.withLock { state in
                    state.component = successor
                    state.restarts += 1
                    state.failure = nil
                    return !retiring.isOpen
                }
                // A drain that came between went to the old instance.
                if !isWanted { successor.drain() }
                return isWanted
            } catch {
                state.withLock { $0.failure = "\(error)" }
                ComponentFailed(component: name, reason: "\(error)").emit(to: context.events)
            }
        }
    }
}
