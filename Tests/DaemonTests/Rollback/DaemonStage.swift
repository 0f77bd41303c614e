import Base
import Settings
import Synchronization
import Telemetry
import TestKit

@testable import Daemon

/// A daemon in this process with components that only say what they run with: `alpha`, `beta` and `gamma`, each with a
/// `value`. The admin endpoint is off.
final class DaemonStage: Sendable {
    /// What the components leave behind for the test to see.
    final class Board: Sendable {
        struct State {
            var running: [String: Int] = [:]
            var contexts: [String: ComponentContext] = [:]
            /// `alpha 2`: settings that cannot be built.
            var unbuildable: Set<String> = []
        }
        let state = Mutex(State())
    }

    let board = Board()
    let daemon: Daemon
    let services: DaemonServices
    let file: String
    private let folder: TemporaryFolder
    private let signals: AsyncStream<DaemonSignal>.Continuation
    private let running: Task<Void, any Error>

    /// Starts it and waits until it runs.
    init(_ configuration: String, environment: [String: String] = [:]) async throws {
        folder = try TemporaryFolder()
        file = try folder.write("apus.yaml", DaemonStage.whole(configuration))
        services = DaemonServices(
            environment: environment, processID: 0, time: SystemTime(), logOutput: SilentOutput(),
            isWholeProcess: false)
        let board = board
        let loader = ConfigurationLoader(
            components: ["alpha", "beta", "gamma"].map { ProbeComponent.definition($0, board) },
            references: FixedReferences(environment: [:], files: [:]))
        let daemon = Daemon(
            options: .init(file: file, environment: environment), loader: loader, services: services)
        self.daemon = daemon
        let (stream, input) = AsyncStream<DaemonSignal>.makeStream()
        signals = input
        running = Task { try await daemon.run(signals: stream) }
        try await eventually("the daemon runs") { await daemon.snapshot().configurationHash != "" }
    }

    private static func whole(_ configuration: String) -> String { "admin: { enabled: false }\n\(configuration)\n" }

    /// What each component runs with.
    var values: [String: Int] { board.state.withLock { $0.running } }

    /// Of the component that runs now.
    func context(_ name: String) throws -> ComponentContext {
        guard let context = board.state.withLock({ $0.contexts[name] }) else {
            throw ApusError(code: "none", "\(name) was never built")
        }
        return context
    }

    func refuseToBuild(_ settings: String) { board.state.withLock { _ = $0.unbuildable.insert(settings) } }

    func write(_ configuration: String) throws {
        try Files.writeAtomically(Array(DaemonStage.whole(configuration).utf8), to: file)
    }

    @discardableResult
    func reload(_ configuration: String, isForced: Bool = false) async throws -> ReloadRecord {
        try write(configuration)
        return await daemon.reload(isForced: isForced)
    }

    func signal(_ signal: DaemonSignal) { signals.yield(signal) }

    /// The value of one series.
    func metric(_ series: String) -> String? {
        let exposition = services.metrics.expose(accept: nil, acceptEncoding: nil, now: services.time.now())
        let line = String(decoding: exposition.bytes, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(series + " ") }
        return line.map { String($0.dropFirst(series.count + 1)) }
    }

    /// The messages of the log, oldest first.
    var messages: [String] { services.logs.recentEvents().map(\.message) }

    func stop() async throws {
        signal(.stop)
        try await running.value
    }
}

private struct SilentOutput: LogOutput {
    var isTerminal: Bool { false }
    func write(_ line: [UInt8]) -> Bool { true }
}

private struct ProbeSettings: SettingsGroup {
    var value = 0

    static var fields: [SettingsField<Self>] { [SettingsField("value", \.value, .integer(), "A number.")] }
}

private final class ProbeComponent: Component {
    private let name: String
    private let value: Int
    private let board: DaemonStage.Board
    private let draining = Latch()

    init(_ name: String, _ value: Int, _ board: DaemonStage.Board) {
        self.name = name
        self.value = value
        self.board = board
    }

    static func definition(_ name: String, _ board: DaemonStage.Board) -> ComponentDefinition {
        ComponentDefinition(name, "A probe.", settings: ProbeSettings.self) { settings, context in
            guard !board.state.withLock({ $0.unbuildable.contains("\(name) \(settings.value)") }) else {
                throw SettingFault(key: "value", error: ApusError(code: "taken", "\(settings.value) is taken"))
            }
            board.state.withLock { $0.contexts[name] = context }
            return ProbeComponent(name, settings.value, board)
        }
    }

    func adopt(_ state: HandOver) async {}

    func run() async throws {
        board.state.withLock { $0.running[name] = value }
        try await draining.wait()
        // The successor has written its own value already.
        board.state.withLock { state in
            if state.running[name] == value { state.running[name] = nil }
        }
    }

    func drain() { draining.open() }

    var status: ComponentStatus { ComponentStatus(.running) }
}
