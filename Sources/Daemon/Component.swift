package import Base
package import Logging
package import Resilience
package import Settings
package import Telemetry

/// What the daemon runs: one job with its own settings, its own status and its own end.
///
/// The life of a component, in this order and each call once:
/// 1. It is *built* from its settings (`ComponentDefinition.make`). Everything that can fail for a reason that the operator
///    can mend (an address in use, a file that cannot be opened) fails here, by throwing, and touches nothing that the old
///    generation uses.
/// 2. `adopt` hands it what its predecessor gave up, when a reload replaced one of the same name.
/// 3. `run()` works until the component is drained or its task is cancelled. If it throws, the supervisor runs a component
///    built anew, with backoff.
/// 4. `handOver()` asks for what must survive a reload: from then on, this component no longer uses it.
/// 5. `drain()` says: finish what is under way and return from `run()`. When the drain deadline has passed, the task of
///    `run()` is cancelled.
package protocol Component: Sendable {
    /// Takes what the predecessor handed over. The default forgets it.
    func adopt(_ state: HandOver) async

    /// The work. Returns after `drain()`; throws `CancellationError` when cancelled, or what ended it.
    func run() async throws

    /// Gives up what must survive (queues, breaker states, offsets). The default has nothing.
    func handOver() async -> HandOver?

    /// Asks `run()` to come to its end. It returns at once and may be called before `run()`.
    func drain()

    /// For the console, `/readyz` and tests. It must not block: it is asked for every second.
    var status: ComponentStatus { get }
}

extension Component {
    package func adopt(_ state: HandOver) async {}
    package func handOver() async -> HandOver? { nil }
}

/// State on its way from a component to its successor. The receiver casts to the type that it knows and ignores any other,
/// so that a new version never trips over what an old one left.
package typealias HandOver = any Sendable

/// What a component is given to stand on. Nothing in it is global.
package struct ComponentContext: Sendable {
    package let name: String
    package let logger: Logger
    package let metrics: MetricsRegistry
    /// Where events go: the log line and the metric.
    package let events: EventSink
    package let time: any TimeSource
    package let http: any HTTPSender
    let listeners: ListenerPool
    package let host: String
    /// How the settings that the component is built from came to run: for a `RollbackWatch`.
    package let origin: RollbackWatch.Origin
    /// Of those settings.
    let fingerprint: SettingsFingerprint
    /// What the daemon itself knows; only the admin endpoint needs it.
    let daemon: any DaemonView

    init(
        name: String, metrics: MetricsRegistry, time: any TimeSource, http: any HTTPSender, listeners: ListenerPool,
        host: String, daemon: any DaemonView, origin: RollbackWatch.Origin, fingerprint: SettingsFingerprint
    ) {
        self.name = name
        self.logger = Logger(label: name)
        self.metrics = metrics
        events = EventSink(logger: logger, metrics: metrics)
        self.time = time
        self.http = http
        self.listeners = listeners
        self.host = host
        self.daemon = daemon
        self.origin = origin
        self.fingerprint = fingerprint
    }
}

extension ComponentContext {
    /// A listening socket for this component, which survives reloads. See `ListenerPool`.
    ///
    /// - Parameter key: The setting that holds the address, so that the complaint points at it.
    /// - Throws: `SettingFault` with an `ApusError` `listen-failed`.
    package func listen(
        on address: NetworkAddress, setting key: String, sharesPort: Bool = false
    ) throws(SettingFault) -> ListenerLease {
        do throws(ApusError) {
            return try listeners.lease(address, owner: name, sharesPort: sharesPort)
        } catch {
            throw SettingFault(key: key, error: error)
        }
    }
}

/// A setting that is right by itself and turned out not to work. The daemon says it with the setting's place in the file.
package struct SettingFault: Error, Sendable {
    /// The key path below the component's section: `listen`, `routes[2].match`.
    package let key: String
    package let error: ApusError

    package init(key: String, error: ApusError) {
        self.key = key
        self.error = error
    }
}

/// What is to be said of a setting that is right by itself: what it names does not read, or could not be looked at.
package struct SettingDoubt: Sendable {
    /// Whether a start would fail by it.
    package let severity: Complaint.Severity
    /// The key path below the component's section.
    package let key: String
    package let message: String

    package init(_ severity: Complaint.Severity, key: String, _ message: String) {
        self.severity = severity
        self.key = key
        self.message = message
    }
}

/// The entry of one component in the list of all (`Components.swift` of the executable): its key in the file, its settings
/// and how it is built.
package struct ComponentDefinition: Sendable {
    package let name: String
    package let section: SettingsSection
    /// Sections that the component reads beside its own (`resilience4j`). They start nothing by themselves; a change of one
    /// replaces the component.
    package let besides: [SettingsSection]
    let make: @Sendable (SettingsFile, ComponentContext) async throws -> any Component
    /// By the key path below the section: what `make` would refuse. Empty where the file does not declare the component.
    let inspect: @Sendable (SettingsFile) -> [SettingDoubt]

    /// - Parameters:
    ///   - name: The top-level key, which is also the label of its logs and the prefix of its metrics.
    ///   - summary: One sentence for the JSON Schema and the documentation.
    ///   - inspect: Looks at files that the settings name, for `apus check`; it changes nothing.
    ///   - make: Builds the component. See `Component` for what it may and may not do.
    package init<Group: SettingsGroup>(
        _ name: String, _ summary: String, settings: Group.Type, presence: SettingsSection.Presence = .optional,
        inspect: @escaping @Sendable (Group) -> [SettingDoubt] = { _ in [] },
        make: @escaping @Sendable (Group, ComponentContext) async throws -> any Component
    ) {
        self.init(
            name, summary, settings: settings, presence: presence, besides: [], inspect: { group, _ in inspect(group) },
            make: { group, _, context in try await make(group, context) })
    }

    /// As the other, for a component that reads further sections: they are in the file that `inspect` and `make` get.
    package init<Group: SettingsGroup>(
        _ name: String, _ summary: String, settings: Group.Type, presence: SettingsSection.Presence = .optional,
        besides: [SettingsSection],
        inspect: @escaping @Sendable (Group, SettingsFile) -> [SettingDoubt],
        make: @escaping @Sendable (Group, SettingsFile, ComponentContext) async throws -> any Component
    ) {
        self.name = name
        self.besides = besides
        section = SettingsSection(name, summary, Group.self, presence: presence)
        self.inspect = { file in file.group(name, as: Group.self).map { inspect($0, file) } ?? [] }
        self.make = { file, context in
            try await make(file.group(name, as: Group.self) ?? Group(), file, context)
        }
    }
}
