package import Base

/// All that the journal says: the fold of its records.
package struct ArchiveState: Sendable {
    /// When a log was rotated last, or first seen.
    package struct LogMemory: Sendable, Equatable {
        package var lastRotation: WallInstant
        /// Whether that is a rotation, or only when it was first seen.
        package var isRotation: Bool
    }

    /// By path. Bounded by the logs that rules match; those not seen for a year are forgotten at a compaction.
    package private(set) var logs: [String: LogMemory] = [:]
    /// In the order of their planning.
    package private(set) var generations: [String: Generation] = [:]
    package private(set) var order: [String] = []
    /// Uploads that were given up and may still hold parts in the store: (store, key, upload).
    package private(set) var orphans: [Orphan] = []
    private var records: [String: [Record]] = [:]

    package struct Orphan: Sendable, Hashable {
        package let store: String
        package let key: String
        package let upload: String
    }

    package init() {}

    package var all: [Generation] { order.compactMap { generations[$0] } }

    /// Takes one record; false where it fits nothing, which is damage.
    package mutating func apply(_ record: Record) -> Bool {
        switch record.kind {
        case "log":
            guard let path = record["path"], let at = record.integer("at") else { return false }
            logs[path] = LogMemory(
                lastRotation: WallInstant(nanosecondsSince1970: at), isRotation: record["rotated"] == "1")
            return true
        case "log-gone":
            guard let path = record["path"] else { return false }
            logs[path] = nil
            return true
        case "orphan":
            guard let orphan = Orphan(record) else { return false }
            orphans.append(orphan)
            return true
        case "orphan-gone":
            guard let orphan = Orphan(record) else { return false }
            orphans.removeAll { $0 == orphan }
            return true
        case "planned":
            guard let generation = Generation(record), generations[generation.id] == nil else { return false }
            generations[generation.id] = generation
            order.append(generation.id)
            records[generation.id] = [record]
            return true
        default: return applyToGeneration(record)
        }
    }

    private mutating func applyToGeneration(_ record: Record) -> Bool {
        guard let id = record["id"], generations[id] != nil else { return false }
        if record.kind == "ended" {
            generations[id] = nil
            records[id] = nil
            order.removeAll { $0 == id }
            return true
        }
        guard generations[id]?.apply(record) == true else { return false }
        // What an ended try said is of no more use.
        if record.kind == "attempt" || record.kind == "attempt-ended" || record.kind == "sealed"
            || record.kind == "stored"
        {
            records[id]?.removeAll { ["attempt", "attempt-ended", "upload", "part", "sent"].contains($0.kind) }
        }
        if record.kind != "attempt-ended" { records[id]?.append(record) }
        return true
    }

    /// The fewest records that give this state again.
    package var essence: [Record] {
        let logs = logs.sorted { $0.key < $1.key }.map { path, memory in
            Record(
                "log",
                [
                    ("path", path), ("at", "\(memory.lastRotation.nanosecondsSince1970)"),
                    ("rotated", memory.isRotation ? "1" : "0"),
                ])
        }
        return logs + orphans.map(\.record) + order.flatMap { records[$0] ?? [] }
    }
}

extension ArchiveState.Orphan {
    init?(_ record: Record) {
        guard let store = record["store"], let key = record["key"], let upload = record["upload"] else { return nil }
        self.init(store: store, key: key, upload: upload)
    }

    var pairs: [(String, String?)] { [("store", store), ("key", key), ("upload", upload)] }
    var record: Record { Record("orphan", pairs) }
    var goneRecord: Record { Record("orphan-gone", pairs) }
}
