package import Base
import Glibc

/// Rotates the logs of one rule: decides, renames or copies, runs the hooks. Synchronous: it works on a thread of the
/// archive's own.
///
/// The order for each log, and what a crash after each step leaves (`Recovery` goes on from there):
/// 1. `planned` is in the journal: nothing has happened, or the renaming has (the file's identity tells which).
/// 2. The log has its new name, or a durable copy stands beside it (`copied`) and its beginning is cut off.
/// 3. `rotated` is in the journal.
/// 4. The writer is told; `told` is in the journal. A crash before tells it twice.
package struct Rotator: Sendable {
    package let archive: Archive
    package let rule: Rule
    /// Logs that an earlier rule has.
    private let taken: Set<String>

    package init(archive: Archive, rule: Rule, taken: Set<String> = []) {
        self.archive = archive
        self.rule = rule
        self.taken = taken
    }

    /// What is to be rotated, and why, as `plan` shows it; nothing is changed but the memory of when a log was first seen.
    package struct Verdict: Sendable {
        package let log: String
        package let size: Int64
        package let decision: RotationSchedule.Decision
    }

    package func verdicts(force: Bool) -> [Verdict] {
        let now = archive.time.wallNow()
        let memories = archive.journal.state.logs
        return logs().compactMap { path in
            do throws(ApusError) {
                let (folder, name) = try place(path)
                guard let state = try folder.status(name), state.isRegular else { return nil }
                let memory = memories[path]
                let decision = RotationSchedule(rule.settings.rotate, calendar: archive.calendar).decide(
                    RotationSchedule.Log(
                        size: state.size, lastRotation: memory.flatMap { $0.isRotation ? $0.lastRotation : nil },
                        firstSeen: memory?.lastRotation, modified: state.modifiedAt), now: now, force: force)
                return Verdict(log: path, size: state.size, decision: decision)
            } catch {
                fail(path, .rotate, error)
                return nil
            }
        }
    }

    /// The logs that the rule names now: without generations, excluded ones, and what an earlier rule has.
    package func logs() -> [String] {
        var byFolder: [(folder: String, names: [String])] = []
        var seen: Set<String> = []
        for pattern in rule.settings.paths {
            for path in archive.disk.matches(pattern) where isNew(path, &seen) && !isExcluded(path) {
                let (folder, name) = Archive.split(path)
                if let index = byFolder.firstIndex(where: { $0.folder == folder }) {
                    byFolder[index].names.append(name)
                } else {
                    byFolder.append((folder, [name]))
                }
            }
        }
        let known = archive.journal.state.logs.keys.map { Archive.split($0) }
        return byFolder.flatMap { folder, names in
            GenerationFilter.logs(
                among: names, rule.settings.rotate,
                known: Set(known.filter { $0.folder == folder }.map(\.name)), calendar: archive.calendar
            ).map { folder == "/" ? "/\($0)" : "\(folder)/\($0)" }
        }
    }

    /// Names that differ in the form of their accents alone are one to us (and to people): the second would be taken for the
    /// first, so it is left alone, and that is told.
    private func isNew(_ path: String, _ seen: inout Set<String>) -> Bool {
        let (isNew, other) = seen.insert(path)
        if !isNew, !other.utf8.elementsEqual(path.utf8) {
            fail(
                path, .rotate,
                ApusError(code: "log-ambiguous", "it is left alone: its name differs from another's in form only"))
        }
        return isNew
    }

    /// Files beside the logs, or in `oldDir`, that have a name such as `naming: time` gives, and are not among `known`.
    func unknownGenerations(_ known: Set<String>) -> [String] {
        var found: Set<String> = []
        for log in logs() {
            let names = GenerationName(log: log, rule.settings.rotate, calendar: archive.calendar)
            guard let folder = try? archive.disk.folder(names.folder, as: account()), let files = try? folder.names()
            else { continue }
            for file in files where names.isOwn(file) && !known.contains("\(folder.path)/\(file)") {
                found.insert("\(folder.path)/\(file)")
            }
        }
        return found.sorted()
    }

    /// Names that are no UTF-8 are told: they could not be written down.
    private func tellUnnamable() {
        for pattern in rule.settings.paths {
            for path in archive.disk.unnamable(pattern) {
                fail(path, .rotate, ApusError(code: "name-not-utf8", "it is left alone: its name is not UTF-8"))
            }
        }
    }

    private func isExcluded(_ path: String) -> Bool {
        taken.contains(path) || rule.settings.exclude.contains { fnmatch($0, path, 0) == 0 }
    }

    /// Rotates what is due.
    ///
    /// - Returns: The generations that were made.
    @discardableResult
    package func run(force: Bool = false, only: Set<String>? = nil) -> [Generation] {
        if only == nil {
            tellMissing()
            tellUnnamable()
        }
        let verdicts = verdicts(force: force).filter { only?.contains($0.log) ?? true }
        rememberNew(verdicts)
        if force {
            for verdict in verdicts where !verdict.decision.isRotate {
                archive.observer.tell(
                    LogLeft(rule: rule.name, log: verdict.log, isAsked: true, reason: verdict.decision.reason))
            }
        }
        let halfDone = halfDone()
        let due = verdicts.filter { $0.decision.isRotate && !halfDone.contains($0.log) }
        guard !due.isEmpty else { return [] }
        let hooks = rule.settings.hooks
        let pattern = rule.settings.paths.joined(separator: " ")
        guard hook(hooks.firstAction, "firstAction", log: pattern, generation: nil) else { return [] }
        if hooks.shared, !hook(hooks.preRotate, "preRotate", log: pattern, generation: nil) { return [] }
        var made: [Generation] = []
        for verdict in due {
            guard case .rotate(let reason) = verdict.decision else { continue }
            if !hooks.shared, !hook(hooks.preRotate, "preRotate", log: verdict.log, generation: nil) { continue }
            do throws(ApusError) {
                let generation = try rotate(verdict.log, reason: reason, force: force)
                if let generation {
                    made.append(generation)
                    if !hooks.shared { tellWriter([generation]) }
                }
            } catch {
                fail(verdict.log, .rotate, error)
            }
        }
        if hooks.shared { tellWriter(made) }
        if !made.isEmpty { _ = hook(hooks.lastAction, "lastAction", log: pattern, generation: nil) }
        return made
    }

    /// Logs with an earlier rotation that has neither happened nor not: what kept recovery from deciding that was told. A second
    /// one now could give two generations one file.
    private func halfDone() -> Set<String> {
        Set(archive.journal.state.all.filter { $0.stage < .rotated || $0.nextName != nil }.map(\.log))
    }

    /// With `missingOK: false` each path must match a file, whatever becomes of it.
    private func tellMissing() {
        guard !rule.settings.missingOK else { return }
        for pattern in rule.settings.paths where !taken.contains(pattern) && archive.disk.matches(pattern).isEmpty {
            fail(pattern, .rotate, ApusError(code: "log-missing", "no plain file matches \(pattern)"))
        }
    }

    /// A log that is seen for the first time is due a whole interval later.
    private func rememberNew(_ verdicts: [Verdict]) {
        let known = archive.journal.state.logs
        let now = archive.time.wallNow()
        let records = verdicts.filter { known[$0.log] == nil }.map { verdict in
            Rotator.memory(verdict.log, now, isRotation: false)
        }
        guard !records.isEmpty else { return }
        do throws(ApusError) {
            try archive.journal.record(records)
        } catch {
            fail(rule.name, .rotate, error)
        }
    }

    static func memory(_ log: String, _ at: WallInstant, isRotation: Bool) -> Record {
        Record(
            "log",
            [("path", log), ("at", "\(at.nanosecondsSince1970)"), ("rotated", isRotation ? "1" : "0")])
    }

    /// The log's folder, opened and safe, and its name there.
    func place(_ log: String) throws(ApusError) -> (folder: any LogFolder, name: String) {
        let (path, name) = Archive.split(log)
        return (try archive.disk.folder(path, as: try account()), name)
    }

    /// Where the generation's file is.
    func folder(of generation: Generation) throws(ApusError) -> any LogFolder {
        try archive.disk.folder(generation.folder, as: try account())
    }

    func account() throws(ApusError) -> DiskAccount? {
        guard let su = rule.settings.rotate.su else { return nil }
        let (user, group) = try archive.commands.account(user: su.user, group: su.group)
        guard let user, let group else { return nil }
        return DiskAccount(user: user, group: group)
    }

    private func rotate(_ log: String, reason: String, force: Bool) throws(ApusError) -> Generation? {
        let (folder, name) = try place(log)
        let settings = rule.settings.rotate
        let (state, method) = try look(folder, name)
        // Asked for before anything is renamed: an owner that there is not leaves everything alone.
        let attributes = try newAttributes(state.attributes)
        let target = try targetFolder(folder)
        let names = GenerationName(log: "\(target.path)/\(name)", settings, calendar: archive.calendar)
        let id = archive.makeID()
        let generation = Generation(
            id: id, rule: rule.name, log: log, method: method, rotatedAt: archive.time.wallNow(),
            folder: target.path, name: try freeName(names, id, target), identity: state.identity, size: state.size)
        let made: Generation?
        switch method {
        case .rename: made = try rename(generation, name, folder, target, attributes)
        case .copytruncate, .copy:
            made = try CopyRotation(archive: archive).run(generation, name, folder, target, settings)
        }
        guard let made else {
            archive.observer.tell(
                LogLeft(
                    rule: rule.name, log: log, isAsked: force,
                    reason: "somebody has it open, and no more than a block of the file system is in it"))
            return nil
        }
        archive.observer.tell(
            LogRotated(
                rule: rule.name, log: log, generation: made.name, bytes: made.size, method: method.rawValue,
                reason: reason))
        return made
    }

    /// In a function of its own, so that the log is closed again: a handle of ours would keep a lease from us.
    private func look(
        _ folder: any LogFolder, _ name: String
    ) throws(ApusError) -> (FileState, Generation.Method) {
        let file = try folder.open(name, .read, allowHardLinks: rule.settings.rotate.allowHardLinks)
        return (try file.state(), method(file))
    }

    private func method(_ file: any LogFile) -> Generation.Method {
        let settings = rule.settings
        switch settings.rotate.method {
        case .rename: return .rename
        case .copytruncate: return .copytruncate
        case .copy: return .copy
        case .auto:
            let isTold =
                settings.rotate.reopen != nil || settings.hooks.postRotate != nil || settings.hooks.lastAction != nil
            return isTold || file.hasWriters() == false ? .rename : .copytruncate
        }
    }

    private func targetFolder(_ folder: any LogFolder) throws(ApusError) -> any LogFolder {
        guard let oldDir = rule.settings.rotate.oldDir else { return folder }
        var attributes: FileAttributes?
        if let make = rule.settings.rotate.createOldDir {
            let owner = try archive.commands.account(user: make.owner, group: make.group)
            attributes = FileAttributes(mode: make.mode ?? 0o755, user: owner.user, group: owner.group)
        }
        if !oldDir.hasPrefix("/") {
            var current = folder
            for part in oldDir.split(separator: "/") where part != "." {
                current = try current.subfolder(String(part), make: attributes)
            }
            return current
        }
        let (parent, name) = Archive.split(oldDir)
        guard let attributes else { return try archive.disk.folder(oldDir, as: try account()) }
        return try archive.disk.folder(parent, as: try account()).subfolder(name, make: attributes)
    }

    /// A name that nothing has, with no suffix either; where names are numbers, room is made.
    private func freeName(
        _ names: GenerationName, _ id: String, _ target: any LogFolder
    ) throws(ApusError) -> String {
        let settings = rule.settings.rotate
        if settings.naming == .number {
            try NumberShift(archive: archive, names: names, start: settings.start, folder: target).makeRoom()
            return Archive.split(names.path(number: settings.start)).name
        }
        let token = UInt16(truncatingIfNeeded: UInt64(id, radix: 16) ?? 0)
        for attempt in 0..<1000 {
            let path = names.path(
                at: archive.time.wallNow(), token: token &+ UInt16(attempt), attempt: attempt)
            let name = Archive.split(path).name
            if try isFree(name, target) { return name }
        }
        throw ApusError(code: "file-exists", "all names for another generation are taken in \(target.path)")
    }

    /// Asked by name: a folder of thousands of logs is not read for each of them.
    private func isFree(_ name: String, _ folder: any LogFolder) throws(ApusError) -> Bool {
        for suffix in GenerationSuffixes.all where try folder.status(name + suffix) != nil { return false }
        return true
    }

    private func rename(
        _ generation: Generation, _ name: String, _ folder: any LogFolder, _ target: any LogFolder,
        _ attributes: FileAttributes?
    ) throws(ApusError) -> Generation {
        try archive.journal.record(generation.id, .planned(generation))
        do throws(ApusError) {
            try folder.rename(name, to: target, as: generation.name)
        } catch {
            try archive.journal.record(generation.id, .ended)
            throw error
        }
        try finishRename(generation, name, folder, target, attributes)
        return generation
    }

    /// What follows the renaming; recovery comes here, too.
    func finishRename(
        _ generation: Generation, _ name: String, _ folder: any LogFolder, _ target: any LogFolder,
        _ attributes: FileAttributes?
    ) throws(ApusError) {
        createLog(name, folder, attributes, of: generation.log)
        try target.sync()
        if target.path != folder.path { try folder.sync() }
        let state = try target.status(generation.name)
        try archive.journal.record([
            GenerationEvent.rotated(
                name: generation.name, identity: generation.identity, size: state?.size ?? generation.size
            ).record(generation.id),
            Rotator.memory(generation.log, generation.rotatedAt, isRotation: true),
        ])
    }

    /// Of the log that is made after a rename; nil where none is to be made.
    func newAttributes(_ old: FileAttributes) throws(ApusError) -> FileAttributes? {
        let create = rule.settings.rotate.create
        if create.skip { return nil }
        let owner = try archive.commands.account(user: create.owner, group: create.group)
        return FileAttributes(
            mode: create.mode ?? old.mode, user: owner.user ?? old.user, group: owner.group ?? old.group)
    }

    /// A failure is told and keeps nothing up: the generation is there, and most writers make their log themselves.
    private func createLog(
        _ name: String, _ folder: any LogFolder, _ attributes: FileAttributes?, of log: String
    ) {
        guard let attributes else { return }
        do throws(ApusError) {
            _ = try folder.create(name, attributes)
        } catch {
            // Otherwise the writer was faster.
            guard error.code != "file-exists" else { return }
            // Better one of our own than none.
            if attributes.user != nil || attributes.group != nil {
                _ = try? folder.create(name, FileAttributes(mode: attributes.mode))
            }
            fail(log, .rotate, error)
        }
    }

    /// Tells the writers of these generations, which have been renamed, and says so in the journal.
    func tellWriter(_ generations: [Generation]) {
        guard let first = generations.first else { return }
        let settings = rule.settings
        let shared = settings.hooks.shared
        for group in shared ? [generations] : generations.map({ [$0] }) {
            let log = shared ? settings.paths.joined(separator: " ") : group.first?.log ?? first.log
            let isDone =
                hook(settings.hooks.postRotate, "postRotate", log: log, generation: shared ? nil : group.first)
                && reopen(log)
            guard isDone else { continue }
            do throws(ApusError) {
                try archive.journal.record(group.map { GenerationEvent.told.record($0.id) })
            } catch {
                fail(log, .hook, error)
            }
        }
    }

    private func reopen(_ log: String) -> Bool {
        guard let reopen = rule.settings.rotate.reopen else { return true }
        do throws(ApusError) {
            try archive.commands.reopen(reopen)
            return true
        } catch {
            fail(log, .hook, error)
            return false
        }
    }

    /// False where the hook failed, which has been told.
    private func hook(_ command: CommandSettings?, _ name: String, log: String, generation: Generation?) -> Bool {
        guard let command else { return true }
        do throws(ApusError) {
            let path = generation.map { "\($0.folder)/\($0.name)" } ?? ""
            try archive.commands.run(
                command, arguments: path.isEmpty ? [log] : [log, path],
                environment: ["APUS_RULE": rule.name, "APUS_LOG": log, "APUS_ROTATED": path, "APUS_HOOK": name])
            return true
        } catch {
            fail(log, .hook, error)
            return false
        }
    }

    func fail(_ subject: String, _ step: ArchiveFailed.Step, _ error: ApusError) {
        archive.observer.tell(ArchiveFailed(rule: rule.name, subject: subject, step: step, failure: error))
    }
}
