package import Base
package import Daemon
import Logging
import Resilience
import Settings
import Synchronization
package import Telemetry

/// The `logsync` component of `apus run`: rotates, seals and stores logs by the rules of a folder, which it watches.
///
/// Two loops share the journal: one looks at the logs on an interval, the other brings generations on. A slow store never
/// keeps logs from being rotated.
package final class LogSyncComponent: Component {
    package static let definition = ComponentDefinition(
        "logsync", "Rotates, compresses, encrypts and stores logs by a folder of rules.",
        settings: LogSyncSettings.self,
        inspect: LogSyncComponent.inspect
    ) { settings, context in
        try LogSyncComponent(settings, events: context.events, time: context.time)
    }

    /// Tries for the state folder, 200 ms apart, before it is told that another has it.
    private static let quietTries = 10

    private struct State {
        var rules: RuleSet
        var ruleError: String?
        /// When a generation that failed may be tried again.
        var retries: [String: (state: RetryState, next: MonotonicInstant)] = [:]
        var backlogs: [String: BacklogChanged.State] = [:]
        var waiting: [String: String] = [:]
        var isRunning = false
    }

    private static let retryPolicy = RetryPolicy(
        maxAttempts: .max, initialBackoff: .seconds(2), maxBackoff: .seconds(300))

    private let settings: LogSyncSettings
    private let events: EventSink
    private let time: any TimeSource
    private let telemetry: ArchiveTelemetry
    private let draining = Latch()
    private let state: Mutex<State>

    package init(_ settings: LogSyncSettings, events: EventSink, time: any TimeSource) throws {
        self.settings = settings
        self.events = events
        self.time = time
        telemetry = ArchiveTelemetry(events)
        let rules: RuleSet
        do {
            rules = try RuleReader.read(settings.rules)
        } catch let refused as RuleRefused {
            throw SettingFault(
                key: "rules",
                error: ApusError(
                    code: "bad-rules", refused.complaints.map(\.description).joined(separator: "; "), kind: .declaration
                ))
        } catch let error as ApusError {
            throw SettingFault(key: "rules", error: error)
        }
        state = Mutex(State(rules: rules))
    }

    /// What `apus check` says of the folder of rules. That it is missing may be right where the file is checked.
    private static func inspect(_ settings: LogSyncSettings) -> [SettingDoubt] {
        do {
            return try RuleReader.read(settings.rules).warnings.map {
                SettingDoubt(.warning, key: "rules", $0.description)
            }
        } catch let refused as RuleRefused {
            return refused.complaints.map { SettingDoubt($0.severity, key: "rules", $0.description) }
        } catch {
            let failure = error as? ApusError
            let isWrong = failure?.kind == .declaration
            return [SettingDoubt(isWrong ? .error : .warning, key: "rules", failure?.message ?? "\(error)")]
        }
    }

    package func drain() { draining.open() }

    package func run() async throws {
        let open = try await lockedArchive()
        guard let open else { return }
        let rules = state.withLock { state in
            state.isRunning = true
            return state.rules
        }
        defer {
            for rule in state.withLock({ $0.rules.rules }) { telemetry.forget(rule.name) }
        }
        try await open.run {
            open.sync(rules).recover()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.rotateUntilDrained(open) }
                group.addTask { try await self.shipUntilDrained(open) }
                // A drain ends what is on its way: it is gone on with after the next start.
                group.addTask { try await self.draining.wait() }
                try await group.next()
                group.cancelAll()
                while let result = await group.nextResult() { _ = result }
            }
        }
        await open.close()
    }

    /// A reload starts the new one before the old one has let go of the state folder.
    private func lockedArchive() async throws -> OpenLogSync? {
        var tries = 0
        while true {
            let threads = state.withLock { $0.rules.rules.compactMap { $0.settings.compress?.threads }.max() ?? 1 }
            let result = Result { () throws(ApusError) in
                try OpenLogSync(settings, threads: threads, observer: telemetry, time: time)
            }
            switch result {
            case .success(let open): return open
            case .failure(let error):
                if error.code != "state-locked" { throw error }
                state.withLock { $0.ruleError = error.message }
                tries += 1
                if tries == LogSyncComponent.quietTries {
                    telemetry.tell(
                        ArchiveFailed(rule: "", subject: settings.state, step: .rotate, failure: error))
                }
                if try await time.sleep(until: time.now().advanced(by: .milliseconds(200)), orOpen: draining) {
                    return nil
                }
            }
        }
    }

    private func rotateUntilDrained(_ open: OpenLogSync) async throws {
        while !draining.isOpen {
            readRulesAgain()
            let sync = open.sync(state.withLock { $0.rules })
            sync.rotate()
            sync.clean()
            record(sync)
            let next = time.now().advanced(by: settings.interval)
            while time.now() < next {
                let pause = min(next, time.now().advanced(by: .milliseconds(500)))
                if try await time.sleep(until: pause, orOpen: draining) { return }
                answerRequests(open)
            }
        }
    }

    /// What `apus logs rotate` asks for while we have the state folder.
    private func answerRequests(_ open: OpenLogSync) {
        guard let folder = open.stateFolder else { return }
        do throws(ApusError) {
            for (name, request) in try RotationRequest.waiting(in: folder, now: time.wallNow()) {
                readRulesAgain()
                let sync = open.sync(state.withLock { $0.rules })
                sync.rotate(force: request.force, only: request.only.isEmpty ? nil : Set(request.only))
                record(sync)
                try RotationRequest.done(name, in: folder)
            }
        } catch {
            telemetry.tell(ArchiveFailed(rule: "", subject: settings.state, step: .rotate, failure: error))
        }
    }

    /// What has changed in the folder takes effect when all of it is right; else the old rules stay.
    private func readRulesAgain() {
        do {
            let rules = try RuleReader.read(settings.rules)
            let before = state.withLock { state in
                defer {
                    state.rules = rules
                    state.ruleError = nil
                }
                return state.rules
            }
            telemetry.record(rulesAreValid: true)
            guard before.fingerprint != rules.fingerprint else { return }
            let names = Set(rules.rules.map(\.name))
            for rule in before.rules where !names.contains(rule.name) { telemetry.forget(rule.name) }
            events.logger.info("log rules changed", metadata: ["rules": "\(rules.rules.count)"])
        } catch {
            telemetry.record(rulesAreValid: false)
            let text =
                (error as? RuleRefused).map { $0.complaints.map(\.description).joined(separator: "; ") } ?? "\(error)"
            let isNew = state.withLock { state in
                defer { state.ruleError = text }
                return state.ruleError != text
            }
            if isNew {
                telemetry.tell(
                    ArchiveFailed(
                        rule: "", subject: settings.rules, step: .rules, failure: ApusError(code: "bad-rules", text)))
            }
        }
    }

    /// Metrics and console, by rule.
    private func record(_ sync: LogSync) {
        let now = time.wallNow()
        let journal = sync.archive.journal.state
        var shown: [ComponentStatus.Bar] = []
        var (logs, here, waiting) = (0, 0, 0)
        for rotator in sync.rotators() {
            let rule = rotator.rule
            let backlog = Backlog(journal, rule: rule)
            let count = rotator.logs().count
            telemetry.record(rule, backlog, logs: count, now: now)
            let verdict = backlog.state(rule.settings.backlog, now: now)
            let before = state.withLock { state in
                defer { state.backlogs[rule.name] = verdict }
                return state.backlogs[rule.name] ?? .ok
            }
            if before != verdict {
                telemetry.tell(
                    BacklogChanged(rule: rule.name, state: verdict, bytes: backlog.bytes, oldest: backlog.age(now)))
            }
            let generations = journal.all.count { $0.rule == rule.name && !$0.isGone }
            (logs, here, waiting) = (logs + count, here + generations, waiting + backlog.generations)
            shown.append(LogSyncComponent.bar(rule, backlog, verdict, logs: count, here: generations, now: now))
        }
        bars.withLock { $0 = shown }
        figures.withLock {
            $0 = [
                ComponentStatus.Figure("rules", "\(sync.rules.count)"), ComponentStatus.Figure("logs", "\(logs)"),
                ComponentStatus.Figure("generations here", "\(here)"),
                ComponentStatus.Figure("waiting for upload", "\(waiting)"),
            ]
        }
    }

    /// How much of its bound the backlog of a rule has used: of the nearer one, where it has two.
    private static func bar(
        _ rule: Rule, _ backlog: Backlog, _ verdict: BacklogChanged.State, logs: Int, here: Int, now: WallInstant
    ) -> ComponentStatus.Bar {
        let settings = rule.settings.backlog
        let shares = [
            settings.maxBytes.map { Double(backlog.bytes) / Double(max(1, $0.bytes)) },
            settings.maxAge.map { backlog.age(now).inSeconds / max(1, $0.inSeconds) },
        ].compactMap { $0 }
        let waiting =
            rule.settings.upload == nil
            ? "not uploaded"
            : "\(backlog.generations) waiting, \(ByteCount(backlog.bytes).humanReadable)"
        return ComponentStatus.Bar(
            rule.name, ratio: shares.max() ?? 0, text: "\(logs) logs · \(here) generations here · \(waiting)",
            level: verdict == .ok ? .ok : verdict == .near ? .warning : .critical)
    }

    private func shipUntilDrained(_ open: OpenLogSync) async throws {
        while !draining.isOpen {
            let sync = open.sync(state.withLock { $0.rules })
            try await sync.abortOrphans()
            let outcomes = try await sync.ship(mayTry: { self.mayTry($0) })
            note(outcomes, open)
            if outcomes.contains(where: { $0.outcome == .finished }) {
                sync.clean()
                record(sync)
            }
            if try await time.sleep(until: time.now().advanced(by: .seconds(1)), orOpen: draining) { return }
        }
    }

    private func mayTry(_ id: String) -> Bool {
        state.withLock { $0.retries[id].map { $0.next <= time.now() } ?? true }
    }

    private func note(_ outcomes: [(id: String, outcome: Shipper.Outcome)], _ open: OpenLogSync) {
        let now = time.now()
        let alive = Set(open.archive.journal.state.order)
        state.withLock { state in
            for (id, outcome) in outcomes {
                state.waiting[id] = nil
                switch outcome {
                case .finished: state.retries[id] = nil
                case .waiting(let reason): state.waiting[id] = reason
                case .failed:
                    var retry =
                        state.retries[id]?.state ?? RetryState(policy: LogSyncComponent.retryPolicy, startedAt: now)
                    var wait = Duration.seconds(300)
                    if case .retry(let after) = retry.afterFailure(now: now) { wait = after }
                    state.retries[id] = (retry, now.advanced(by: wait))
                }
            }
            state.retries = state.retries.filter { alive.contains($0.key) }
            state.waiting = state.waiting.filter { alive.contains($0.key) }
        }
    }

    package var status: ComponentStatus {
        state.withLock { state in
            guard state.isRunning else { return ComponentStatus(.starting, reason: state.ruleError) }
            var reasons: [String] = []
            if let error = state.ruleError { reasons.append("rules: \(error)") }
            if !state.retries.isEmpty { reasons.append("\(state.retries.count) generations could not be stored yet") }
            for (rule, verdict) in state.backlogs.sorted(by: { $0.key < $1.key }) where verdict == .beyond {
                reasons.append("the backlog of \(rule) is beyond its bound")
            }
            if let waiting = state.waiting.sorted(by: { $0.key < $1.key }).first(where: {
                $0.value.contains("still has")
            }) {
                reasons.append("a rotated log waits: \(waiting.value)")
            }
            return ComponentStatus(
                reasons.isEmpty ? .running : .degraded, reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "),
                figures: figures.withLock { $0 }, bars: bars.withLock { $0 })
        }
    }

    private let figures = Mutex<[ComponentStatus.Figure]>([])
    private let bars = Mutex<[ComponentStatus.Bar]>([])
}
