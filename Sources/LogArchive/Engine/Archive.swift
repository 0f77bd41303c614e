package import Base
package import ObjectStore
package import Telemetry

/// What rotation, sealing and storing share. There is one a state folder, guarded by its lock.
package final class Archive: Sendable {
    package let disk: any LogDisk
    package let journal: Journal
    package let time: any TimeSource
    /// The host's name, in keys and contexts.
    package let host: String
    package let observer: any ArchiveObserver
    package let commands: any CommandRunner
    package let stores: any StoreDirectory
    package let keys: any KeyDirectory
    package let calendar: any CivilCalendar
    let manifests = ManifestWriter()
    private let random: @Sendable () -> UInt64

    package init(
        disk: any LogDisk, journal: Journal, time: any TimeSource, host: String, observer: any ArchiveObserver,
        commands: any CommandRunner, stores: any StoreDirectory, keys: any KeyDirectory,
        calendar: any CivilCalendar = SystemCalendar(),
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) {
        self.disk = disk
        self.journal = journal
        self.time = time
        self.host = host
        self.observer = observer
        self.commands = commands
        self.stores = stores
        self.keys = keys
        self.calendar = calendar
        self.random = random
    }

    /// An id that no generation has had: milliseconds and 20 random bits; the clock may jump.
    package func makeID() -> String {
        let milliseconds = UInt64(max(0, time.wallNow().nanosecondsSince1970 / 1_000_000))
        let value = milliseconds << 20 | random() & 0xF_FFFF
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, 16 - text.utf8.count)) + text
    }

    func randomBytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            withUnsafeBytes(of: random()) { bytes += $0 }
        }
        return Array(bytes.prefix(count))
    }

    /// The folder of a path, and its last part.
    package static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let name = String(path[path.index(after: slash)...])
        return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
    }
}

/// Who is told what happens: the log and the metrics, a terminal, a test.
package protocol ArchiveObserver: Sendable {
    func tell(_ event: any Event)
    /// Bytes of plain content that have been read for sealing, of all of it.
    func progress(_ generation: Generation, step: String, done: Int64, of total: Int64)
}

/// Runs hooks.
package protocol CommandRunner: Sendable {
    /// Runs to the end, at most for the command's time-out, with two arguments and an environment added.
    ///
    /// - Throws: `hook-failed` with the exit code and the last line of its standard error.
    func run(_ command: CommandSettings, arguments: [String], environment: [String: String]) throws(ApusError)
    /// Tells a writer to reopen its log.
    func reopen(_ settings: ReopenSettings) throws(ApusError)
    /// User and group by name or number.
    func account(user: String?, group: String?) throws(ApusError) -> (user: UInt32?, group: UInt32?)
}

/// The stores of the rules, each opened once.
package protocol StoreDirectory: Sendable {
    func store(_ settings: StoreSettings) throws(ApusError) -> any ObjectStore
}
