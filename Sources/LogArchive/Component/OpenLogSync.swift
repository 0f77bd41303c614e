package import Base
import CLinux
import Glibc
import ObjectStore

/// An archive that is open: its lock, journal, stores and threads. Everything that blocks runs on the threads.
package final class OpenLogSync: Sendable {
    package let archive: Archive
    package let settings: LogSyncSettings
    package let stores: SystemStores
    private let workers: WorkerThreads
    private let state: StateFolder?
    private let limits: ShipLimits

    /// - Throws: `state-locked`, `journal-…`, what the disk throws.
    ///
    /// - Parameter isReading: Look only, beside whoever has the lock; a state folder that is missing is an empty one.
    package init(
        _ settings: LogSyncSettings, threads: Int = 1, isReading: Bool = false, observer: any ArchiveObserver,
        time: any TimeSource
    ) throws(ApusError) {
        self.settings = settings
        let disk = SystemDisk()
        let journal: Journal
        if isReading {
            state = nil
            journal =
                try access(settings.state, F_OK) == 0
                ? Journal(reading: disk.folder(settings.state, as: nil)) : Journal()
        } else {
            let opened = try StateFolder(settings.state, disk: disk)
            state = opened
            journal = try Journal(opened.folder)
        }
        stores = SystemStores(time: time)
        archive = Archive(
            disk: disk, journal: journal, time: time, host: HostName.current(), observer: observer,
            commands: SystemCommands(), stores: stores, keys: stores)
        let own = settings.limits
        workers = try WorkerThreads(
            count: threads + 1, priority: WorkerThreads.Priority(nice: own.nice, hasIdleIO: own.idleIO))
        limits = ShipLimits(
            partsAtOnce: own.parts, pace: WorkPace(share: own.cpuShare, time: time),
            gate: BandwidthGate(own.bandwidth, time: time))
    }

    /// For a process that does nothing but this: what it frees is used again, or goes back to the kernel. A daemon has
    /// settings of its own (`DaemonServices`). To be called first.
    package static func prepareHeap() { apus_heap_prepare_stream() }

    /// The rules with the default upload laid below them.
    package func sync(_ rules: RuleSet) -> LogSync {
        LogSync(
            archive: archive, rules: rules.rules.map { $0.with(upload: settings.upload) }, limits: limits,
            shipments: settings.limits.generations)
    }

    /// Runs on the archive's threads.
    package func run<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(workers, operation: body)
    }

    /// The folder of the journal, where it is ours.
    var stateFolder: (any LogFolder)? { state?.folder }

    package func close() async { await stores.shutdown() }
}

extension Rule {
    func with(upload: StoreSettings?) -> Rule {
        guard settings.upload == nil, let upload else { return self }
        var settings = settings
        settings.upload = upload
        return Rule(name: name, file: file, settings: settings)
    }
}

extension OpenLogSync {
    /// The journal as of now, where it is another process's.
    package func stateNow() throws(ApusError) -> ArchiveState {
        guard state == nil, access(settings.state, F_OK) == 0 else { return archive.journal.state }
        return try Journal(reading: archive.disk.folder(settings.state, as: nil)).state
    }

    /// Lets the keys that rules name open files; one that cannot be used now is told when it is needed.
    package func nameKeys(_ rules: RuleSet) throws(ApusError) {
        for rule in rules.rules {
            guard let encrypt = rule.settings.encrypt else { continue }
            do throws(ApusError) {
                _ = try stores.provider(encrypt, region: rule.settings.upload?.region)
            } catch {
                if error.code == "key-provider-bad" { throw error }
            }
        }
    }
}
