import Base
import Envelope
import LogArchive
import ObjectStore
import Synchronization
import Telemetry
import TestKit

/// A host with one log and one rule, whose power can go at any call to disk or store.
final class SimulatedHost: Sendable {
    static let log = "/logs/app.log"

    struct Shape: Sendable {
        var method = RotateSettings.Method.rename
        var collapses = true
        var naming = RotateSettings.Naming.time
        var compression: CompressSettings.Algorithm?
        var isEncrypted = false
        var uploads = true
        var keep: Int?
        var partBytes = 300
    }

    let power: Power
    let time = ManualTime()
    let disk: SimulatedDisk
    let store: SimulatedStore
    let rule: Rule
    let shape: Shape
    private let random: Mutex<SeededGenerator>
    private let written = Mutex<(next: Int, bytes: [UInt8])>((0, []))
    let observer = RecordingObserver()

    init(_ shape: Shape, seed: UInt64) {
        self.shape = shape
        power = Power(seed: seed)
        random = Mutex(SeededGenerator(seed: seed ^ 0xA5A5))
        disk = SimulatedDisk(power: power, time: time, collapses: shape.collapses)
        store = SimulatedStore(power: power)
        disk.makeFolder("/logs")
        disk.makeFolder("/state")
        var settings = RuleSettings()
        settings.paths = [SimulatedHost.log]
        settings.rotate.method = shape.method
        settings.rotate.naming = shape.naming
        settings.rotate.keep = shape.keep
        if let compression = shape.compression {
            var compress = CompressSettings()
            compress.algorithm = compression
            compress.level = 1
            compress.frameSize = ByteCount(200)
            compress.threads = 0
            settings.compress = compress
        }
        if shape.isEncrypted {
            var encrypt = EncryptSettings()
            encrypt.keyID = "env:SIMULATED_KEY"
            settings.encrypt = encrypt
        }
        if shape.uploads {
            var upload = StoreSettings()
            upload.partSize = ByteCount(Int64(shape.partBytes))
            settings.upload = upload
        }
        rule = Rule(name: "app", file: "app.yaml", settings: settings)
    }

    /// All that was ever written to the log.
    var expected: [UInt8] { written.withLock { $0.bytes } }

    /// Nobody writes on a machine that is dead.
    func write(lines: Int) {
        if power.isDead { return }
        let bytes = written.withLock { written -> [UInt8] in
            var bytes: [UInt8] = []
            for _ in 0..<lines {
                written.next += 1
                bytes += Array("line \(written.next) of the log, with some words in it\n".utf8)
            }
            written.bytes += bytes
            return bytes
        }
        disk.append(SimulatedHost.log, bytes)
    }

    /// One process of Apus: it starts, does a round, and ends; by itself or with the power.
    func round(on workers: WorkerThreads, force: Bool = true) async {
        guard let sync = try? sync() else { return }
        try? await withTaskExecutorPreference(workers) {
            sync.recover()
            sync.rotate(force: force)
            _ = try await sync.finish(within: .zero)
            sync.clean()
            try await sync.abortOrphans()
        }
    }

    func sync() throws -> LogSync {
        let folder = try disk.folder("/state", as: nil)
        let directory = SimulatedDirectory(store: store)
        let archive = Archive(
            disk: disk, journal: try Journal(folder, reserve: 512), time: time, host: "sim", observer: observer,
            commands: SimulatedCommands(), stores: directory, keys: directory, calendar: FixedCalendar(),
            random: { self.random.withLock { $0.next() } })
        let limits = ShipLimits(
            partsAtOnce: 1, pace: WorkPace(share: 1, time: time), gate: BandwidthGate(nil, time: time))
        return LogSync(archive: archive, rules: [rule], limits: limits, shipments: 1)
    }

    /// The archive's content in order, what is still on this host behind it, and the live log at the end.
    func content() async throws -> [UInt8] {
        let sync = try sync()
        let catalogue = Catalogue(archive: sync.archive, rules: [rule])
        var content: [UInt8] = []
        for item in try await catalogue.items(Catalogue.Query(), damaged: { _ in }) {
            try await catalogue.reader(item).whole { content += $0 }
        }
        return content + (disk.content(SimulatedHost.log) ?? [])
    }
}

/// Remembers what was told.
final class RecordingObserver: ArchiveObserver {
    private let lines = Mutex<[String]>([])

    var told: [String] { lines.withLock { $0 } }

    func tell(_ event: any Event) {
        let error = event.error.map { " \($0)" } ?? ""
        lines.withLock { $0.append("\(type(of: event).message) \(event.fields)\(error)") }
    }

    func progress(_ generation: Generation, step: String, done: Int64, of total: Int64) {}
}

struct SimulatedCommands: CommandRunner {
    func run(_ command: CommandSettings, arguments: [String], environment: [String: String]) throws(ApusError) {}
    func reopen(_ settings: ReopenSettings) throws(ApusError) {}
    func account(user: String?, group: String?) throws(ApusError) -> (user: UInt32?, group: UInt32?) { (nil, nil) }
}

struct SimulatedDirectory: StoreDirectory, KeyDirectory {
    let store: SimulatedStore

    func store(_ settings: StoreSettings) throws(ApusError) -> any ObjectStore { store }

    private func provider() throws(ApusError) -> any KeyProvider {
        try EnvKeyProvider(
            variable: "SIMULATED_KEY", environment: ["SIMULATED_KEY": String(repeating: "0123456789abcdef", count: 4)])
    }

    func provider(_ settings: EncryptSettings, region: String?) throws(ApusError) -> any KeyProvider { try provider() }
    func provider(for wrapped: WrappedKey) throws(ApusError) -> any KeyProvider { try provider() }
}
