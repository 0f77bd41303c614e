package import Base

/// After a start: what was under way when the last process ended is brought to a state that the journal names, by looking at
/// the disk. It may be done again and again.
package struct Recovery: Sendable {
    package let archive: Archive

    package init(archive: Archive) {
        self.archive = archive
    }

    /// - Parameter rules: by name; a generation whose rule is gone stays as it is.
    package func run(_ rules: [String: Rule]) {
        run(archive.journal.state.all, rules)
    }

    private func run(_ generations: [Generation], _ rules: [String: Rule]) {
        for generation in generations {
            guard let rule = rules[generation.rule] else { continue }
            do throws(ApusError) {
                try recover(generation, Rotator(archive: archive, rule: rule))
            } catch {
                archive.observer.tell(
                    ArchiveFailed(rule: rule.name, subject: generation.log, step: .recover, failure: error))
            }
        }
    }

    /// The same for rotations and renamings alone that a failure (a full disk) has cut off in this process: before others
    /// begin, since a second copy of the same bytes would be archived, too. Generations that are on their way are left alone.
    package func finishRotations(_ rules: [String: Rule]) {
        let half = archive.journal.state.all.filter { $0.stage < .rotated || $0.nextName != nil }
        run(half, rules)
    }

    private func recover(_ generation: Generation, _ rotator: Rotator) throws(ApusError) {
        if generation.isGone {
            // Its files were deleted; only the last word is missing.
            return
        }
        // What the last process did without a sync we see, and the next loss of power may undo: it is made durable before
        // it is believed and written down.
        if generation.stage <= .copied || generation.nextName != nil || generation.sealing != nil {
            try rotator.folder(of: generation).sync()
        }
        switch generation.stage {
        case .planned: try recoverPlanned(generation, rotator)
        case .copied: try recoverCopied(generation, rotator)
        default:
            if let next = generation.nextName { try recoverMove(generation, next, rotator) }
            try removeLeftovers(generation, rotator)
            if generation.stage == .rotated, !generation.isTold { rotator.tellWriter([generation]) }
        }
    }

    private func recoverPlanned(_ generation: Generation, _ rotator: Rotator) throws(ApusError) {
        let target = try rotator.folder(of: generation)
        guard generation.method == .rename else {
            return CopyRotation(archive: archive).undo(generation, target)
        }
        let (folder, name) = try rotator.place(generation.log)
        if folder.path != target.path { try folder.sync() }
        if let renamed = try target.status(generation.name), renamed.identity == generation.identity {
            let attributes = try? rotator.newAttributes(renamed.attributes)
            return try rotator.finishRename(generation, name, folder, target, attributes)
        }
        // Not renamed, or taken by somebody else meanwhile: nothing of ours is under way.
        try archive.journal.record(generation.id, .ended)
    }

    private func recoverCopied(_ generation: Generation, _ rotator: Rotator) throws(ApusError) {
        guard let copy = generation.copy else { return }
        let rotation = CopyRotation(archive: archive)
        let target = try rotator.folder(of: generation)
        if generation.method != .copy {
            let (folder, name) = try rotator.place(generation.log)
            guard try isCut(generation, copy, folder, name, target) else {
                // Done again from the start, with what the log holds then.
                return rotation.undo(generation, target)
            }
            // What is cut for this process may come back with the next loss of power, behind what we write down now.
            if let log = try? folder.open(name, .readWrite, allowHardLinks: true) { try log.sync() }
        }
        if let final = try target.status(generation.name), final.identity == generation.identity {
            // Renamed, and not yet written down.
            try archive.journal.record(
                generation.id, .rotated(name: generation.name, identity: final.identity, size: final.size), .told)
            return
        }
        try rotation.finish(generation, copy.part, target)
    }

    /// Whether the beginning of the log, which the working file holds, is no longer in the log.
    private func isCut(
        _ generation: Generation, _ copy: Generation.CopyState, _ folder: any LogFolder, _ name: String,
        _ target: any LogFolder
    ) throws(ApusError) -> Bool {
        guard let state = try folder.status(name), state.identity == copy.logIdentity else {
            // The log itself is gone. What we have of it is kept: twice is better than never.
            return true
        }
        if state.size < copy.logSize { return true }
        let log = try folder.open(name, .read, allowHardLinks: true)
        if let before = copy.firstBlock, let now = log.firstBlock(), before == now { return false }
        let held = try target.status(copy.part) != nil ? copy.part : generation.name
        let file = try target.open(held, .read, allowHardLinks: true)
        return try !hasSameStart(log, file, copy.length)
    }

    private func hasSameStart(_ left: any LogFile, _ right: any LogFile, _ length: Int64) throws(ApusError) -> Bool {
        var position: Int64 = 0
        while position < length {
            let count = Int(min(1 << 20, length - position))
            let (a, b) = (try left.read(at: position, count: count), try right.read(at: position, count: count))
            if a != b { return false }
            if a.isEmpty { return true }
            position += Int64(a.count)
        }
        return true
    }

    private func recoverMove(_ generation: Generation, _ next: String, _ rotator: Rotator) throws(ApusError) {
        let target = try rotator.folder(of: generation)
        let identity = generation.sealed?.identity ?? generation.identity
        if let moved = try target.status(next), moved.identity == identity {
            try archive.journal.record(generation.id, .moved)
        } else if try target.status(generation.name)?.identity == identity {
            try target.rename(generation.name, to: target, as: next)
            try target.sync()
            try archive.journal.record(generation.id, .moved)
        }
    }

    /// A sealed file that has its name already is taken; one that was not finished goes, and is made again. The plain file
    /// goes after the sealed one is in the journal.
    private func removeLeftovers(_ generation: Generation, _ rotator: Rotator) throws(ApusError) {
        let target = try rotator.folder(of: generation)
        if let sealing = generation.sealing, try target.status(sealing.name)?.identity == sealing.identity {
            try archive.journal.record(generation.id, .sealedHere(sealing))
            try target.remove(generation.name, generation.identity)
            return
        }
        let part = CopyRotation.partName(generation.id)
        if let state = try target.status(part) { try target.remove(part, state.identity) }
        guard let sealed = generation.sealed else { return }
        let (plain, _) = GenerationSuffixes.strip(sealed.name)
        try target.remove(plain, generation.identity)
    }
}
