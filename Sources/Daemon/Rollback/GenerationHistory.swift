import Base
import Settings

/// What runs, what ran before it, and whether what runs was put back: the memory that a rollback needs, as a value.
///
/// What always holds:
/// - No two neighbours in it have the same effective settings: a reload that changes nothing is no generation to go back to.
/// - At most `depth` earlier ones are kept, with their secrets, in memory only.
/// - While `rolledBack` is set, the file on disk is not what runs, and no further rollback is made.
struct GenerationHistory: Sendable {
    /// More than one, because the last change of one component may lie behind changes of others.
    static let depth = 3

    struct Entry: Sendable {
        let file: SettingsFile
        let generation: Int
        /// When its settings came to run.
        let since: WallInstant
    }

    /// Sections that components read beside their own, by component.
    var besides: [String: [String]] = [:]
    private(set) var current: Entry?
    /// The newest first.
    private(set) var earlier: [Entry] = []
    private(set) var rolledBack: RolledBack?

    /// A start or a reload took the file over.
    mutating func took(_ file: SettingsFile, generation: Int, at now: WallInstant) {
        rolledBack = nil
        guard let old = current else {
            current = Entry(file: file, generation: generation, since: now)
            return
        }
        guard !file.hasSameSettings(as: old.file) else {
            current = Entry(file: file, generation: generation, since: old.since)
            return
        }
        earlier = Array(([old] + earlier).prefix(GenerationHistory.depth))
        current = Entry(file: file, generation: generation, since: now)
    }

    /// The entry's settings run again; what ran, and what came between, is forgotten.
    mutating func putBack(_ entry: Entry, generation: Int, reason: RollbackReason, at now: WallInstant) {
        guard let rejected = current else { return }
        earlier.removeAll { $0.generation >= entry.generation }
        current = Entry(file: entry.file, generation: generation, since: now)
        rolledBack = RolledBack(
            reason: reason, at: now, rejectedHash: rejected.file.hash, restoredHash: entry.file.hash,
            rejectedSettings: rejected.file.fingerprints)
    }

    /// A component's settings in that entry, with those of the sections that it reads beside its own.
    private func settings(of name: String, in entry: Entry) -> SettingsFingerprint? {
        entry.file.fingerprint(of: name, with: besides[name] ?? [])
    }

    /// What that request puts back.
    ///
    /// - Throws: `RollbackRefusal`.
    func target(for source: RollbackRequest.Source, now: WallInstant) throws(RollbackRefusal) -> Entry {
        guard let current else { throw RollbackRefusal("nothing runs yet") }
        if let rolledBack {
            throw RollbackRefusal("what runs was itself put back, at \(rolledBack.at.rfc3339)")
        }
        switch source {
        case .component(let name, let fingerprint):
            guard settings(of: name, in: current) == fingerprint else {
                throw RollbackRefusal("\(name) runs with other settings by now")
            }
            return try first("no earlier settings of \(name) are known") { entry in
                // A component that was not there before has no former settings: it would vanish.
                settings(of: name, in: entry).map { $0 != fingerprint } ?? false
            }
        case .alert(let began, let window):
            try GenerationHistory.check(began: began, window: window, loaded: current.since, now: now)
            return try first("no earlier settings are known") { _ in true }
        case .person:
            return try first("no earlier settings are known") { _ in true }
        }
    }

    /// Whether that file is the one that was rolled back, to the byte and to the value of each reference.
    func isRejected(_ file: SettingsFile) -> Bool {
        rolledBack.map { $0.rejectedHash == file.hash && $0.rejectedSettings == file.fingerprints } ?? false
    }

    private func first(_ refusal: String, where fits: (Entry) -> Bool) throws(RollbackRefusal) -> Entry {
        guard let entry = earlier.first(where: fits) else { throw RollbackRefusal(refusal) }
        return entry
    }

    /// An alert is held against what was loaded shortly before it, never against what came when it fired already.
    private static func check(
        began: WallInstant?, window: Duration, loaded: WallInstant, now: WallInstant
    ) throws(RollbackRefusal) {
        if let began, began < loaded {
            throw RollbackRefusal("the alert fires since \(began.rfc3339), before what runs was loaded")
        }
        if now > loaded.advanced(by: window) {
            throw RollbackRefusal("what runs was loaded at \(loaded.rfc3339), longer ago than admin.rollback.window")
        }
    }
}

/// Why nothing is put back.
struct RollbackRefusal: Error, Equatable {
    let why: String
    init(_ why: String) { self.why = why }
}

/// The file on disk is not what runs, and why; until a changed file is taken over.
struct RolledBack: Sendable {
    let reason: RollbackReason
    let at: WallInstant
    /// Hash of the file that was taken back.
    let rejectedHash: String
    /// Hash of the file whose settings run.
    let restoredHash: String
    let rejectedSettings: [String: SettingsFingerprint]
}

extension SettingsFile {
    /// Of every section in effect.
    var fingerprints: [String: SettingsFingerprint] {
        Dictionary(uniqueKeysWithValues: sections.compactMap { name in fingerprint(of: name).map { (name, $0) } })
    }

    func hasSameSettings(as other: SettingsFile) -> Bool { fingerprints == other.fingerprints }
}
