package import Base

/// Deletes from this host what need not be here any longer: stored generations, and those beyond `keep`, `keepAge` and
/// `keepBytes`. What waits for its upload is never deleted but by a declared `backlog.policy: dropOldest`.
struct Retention {
    let archive: Archive
    let rule: Rule
    let view: RetentionView

    /// One file of a log on this host: ours, or left by another tool.
    private struct Candidate {
        let name: String
        let generation: Generation?
        let identity: FileIdentity
        let time: WallInstant
        let bytes: Int64
        let isStored: Bool
        let isBusy: Bool
        let stamp: GenerationStamp?
        /// See `RetentionPlan.Generation`.
        var order: WallInstant
    }

    func run(log: String) {
        do throws(ApusError) {
            try clean(log)
        } catch {
            archive.observer.tell(ArchiveFailed(rule: rule.name, subject: log, step: .remove, failure: error))
        }
    }

    private func clean(_ log: String) throws(ApusError) {
        let rotator = Rotator(archive: archive, rule: rule)
        let generations = view.generations(log).filter { $0.rule == rule.name && !$0.isGone }
        let hasUpload = rule.settings.upload != nil
        var settings = rule.settings.rotate
        settings.keep = settings.effectiveKeep(hasUpload: hasUpload)
        for (path, group) in folders(log, generations, rotator) {
            guard let folder = try? archive.disk.folder(path, as: try rotator.account()) else { continue }
            for generation in group { try forget(generation, folder) }
            let candidates = try candidates(log, folder, group, hasUpload)
            let plan = RetentionPlan(
                candidates.map { candidate in
                    RetentionPlan.Generation(
                        name: candidate.name, time: candidate.time, order: candidate.order, bytes: candidate.bytes,
                        needsStore: candidate.isBusy || hasUpload && candidate.generation != nil,
                        isStored: candidate.isStored && !candidate.isBusy)
                }, settings, now: archive.time.wallNow())
            for deletion in plan.deletions {
                guard let candidate = candidates.first(where: { $0.name == deletion.name }) else { continue }
                try delete(candidate, log, folder, reason: hasUpload && candidate.isStored ? .stored : .keep)
            }
        }
    }

    /// The folders in which there may be generations of the log: those of the journal, and where new ones go.
    private func folders(
        _ log: String, _ generations: [Generation], _ rotator: Rotator
    ) -> [(String, [Generation])] {
        var groups: [String: [Generation]] = [:]
        for generation in generations { groups[generation.folder, default: []].append(generation) }
        if let (folder, _) = try? rotator.place(log), rule.settings.rotate.oldDir == nil, groups[folder.path] == nil {
            groups[folder.path] = []
        }
        return groups.sorted { $0.key < $1.key }
    }

    private func candidates(
        _ log: String, _ folder: any LogFolder, _ generations: [Generation], _ hasUpload: Bool
    ) throws(ApusError) -> [Candidate] {
        let names = GenerationName(
            log: "\(folder.path)/\(Archive.split(log).name)", rule.settings.rotate, calendar: archive.calendar)
        var found: [Candidate] = []
        let listed =
            hasUpload
            ? generations.flatMap { [$0.name] + ($0.nextName.map { [$0] } ?? []) }
            : try view.names(folder).filter { $0.hasPrefix(names.stem) && !view.isOfAnother($0, folder.path, log) }
        for name in listed {
            let own = generations.first { $0.name == name || $0.nextName == name }
            // What another tool rotated is in no store: with an upload it is left alone.
            let file = names.generation(name)
            guard own != nil || !hasUpload && file.map({ !$0.suffixes.isPartial }) == true,
                let state = try folder.status(name), state.isRegular
            else { continue }
            // A plain file whose sealed one is ready, or another tool's: its time is that of its last change.
            let isSettled = own.map { $0.stage >= .ready } ?? true
            let needsSeal = rule.settings.needsSealing && rule.settings.keepsHere
            let time = own?.rotatedAt ?? state.modifiedAt
            found.append(
                Candidate(
                    name: name, generation: own, identity: state.identity, time: time,
                    bytes: state.size, isStored: own.map { $0.stage == .noted } ?? true,
                    isBusy: !isSettled || own != nil && needsSeal && own?.stage == .ready && own?.attempt != nil,
                    stamp: file?.stamp, order: time))
        }
        return Retention.ordered(found)
    }

    /// By what their names say: a file that was copied back or touched is no newer for that.
    private static func ordered(_ candidates: [Candidate]) -> [Candidate] {
        func number(_ candidate: Candidate) -> Int? {
            if case .number(let number) = candidate.stamp { number } else { nil }
        }
        var ordered = candidates.sorted { (number($0) ?? 0) < (number($1) ?? 0) }
        var last: WallInstant?
        for index in ordered.indices {
            if number(ordered[index]) != nil {
                // The higher the older.
                if let last { ordered[index].order = min(ordered[index].time, last.advanced(by: .nanoseconds(-1))) }
                last = ordered[index].order
            } else if ordered[index].generation == nil, case .time(let moment, _) = ordered[index].stamp {
                ordered[index].order = moment
            }
        }
        return ordered
    }

    private func delete(
        _ candidate: Candidate, _ log: String, _ folder: any LogFolder, reason: GenerationDeleted.Reason
    ) throws(ApusError) {
        if let generation = candidate.generation {
            let expected = generation.sealed?.identity ?? generation.identity
            guard candidate.identity == expected else { return }
            if generation.sealed == nil, generation.stage == .noted {
                try checkUnchanged(generation, candidate, folder)
            }
        }
        if let hook = rule.settings.hooks.preRemove {
            try archive.commands.run(
                hook, arguments: ["\(folder.path)/\(candidate.name)"],
                environment: ["APUS_RULE": rule.name, "APUS_LOG": log, "APUS_HOOK": "preRemove"])
        }
        if let cycles = rule.settings.rotate.shredCycles {
            try Shredder.shred(candidate.name, in: folder, cycles: cycles)
        }
        try folder.remove(candidate.name, candidate.identity)
        try folder.sync()
        if let generation = candidate.generation { try archive.journal.record(generation.id, .gone, .ended) }
        archive.observer.tell(
            GenerationDeleted(
                rule: rule.name, log: log, generation: candidate.generation?.id ?? "",
                file: "\(folder.path)/\(candidate.name)", bytes: candidate.bytes,
                sha256: candidate.generation?.survey?.sha256 ?? "", reason: reason,
                storedAt: candidate.generation?.stored.map { $0.store + $0.key }))
    }

    /// Ends what has no file any more and needs none: a crash came between its deletion and the journal, or somebody else
    /// deleted it. What is in no store and should be stays a failure that is told.
    private func forget(_ generation: Generation, _ folder: any LogFolder) throws(ApusError) {
        let needsNone = rule.settings.upload == nil ? generation.stage >= .ready : generation.stage == .noted
        guard needsNone, generation.nextName == nil, try folder.status(generation.name) == nil else { return }
        // It may just have got another name: that is written down before the old one goes.
        guard let now = archive.journal.generation(generation.id), now.name == generation.name, now.nextName == nil
        else { return }
        try archive.journal.record(generation.id, .gone, .ended)
        archive.observer.tell(
            GenerationDeleted(
                generation, rule: rule, .missing, storedAt: generation.stored.map { $0.store + $0.key }))
    }

    /// What was written to it after it was stored is in no store.
    private func checkUnchanged(
        _ generation: Generation, _ candidate: Candidate, _ folder: any LogFolder
    ) throws(ApusError) {
        guard let survey = generation.survey, candidate.bytes != survey.bytes else { return }
        throw ApusError(
            code: "file-changed",
            "\(folder.path)/\(candidate.name) has \(candidate.bytes) bytes and was stored with \(survey.bytes): it stays"
        )
    }
}
