package import Base

/// What of a rule waits on this host for its upload.
package struct Backlog: Sendable, Equatable {
    package var generations = 0
    package var bytes: Int64 = 0
    package var oldest: WallInstant?

    package init(_ state: ArchiveState, rule: Rule) {
        guard rule.settings.upload != nil else { return }
        for generation in state.all
        where generation.rule == rule.name && generation.stage < .stored && !generation.isGone {
            generations += 1
            bytes += generation.sealed?.size ?? generation.size
            oldest = min(oldest ?? generation.rotatedAt, generation.rotatedAt)
        }
    }

    func age(_ now: WallInstant) -> Duration {
        guard let oldest else { return .zero }
        return .nanoseconds(max(0, now.nanosecondsSince1970 - oldest.nanosecondsSince1970))
    }

    func state(_ settings: BacklogSettings, now: WallInstant) -> BacklogChanged.State {
        let age = age(now)
        if let most = settings.maxBytes, bytes > most.bytes { return .beyond }
        if let most = settings.maxAge, age > most { return .beyond }
        if let most = settings.maxBytes, Double(bytes) > Double(most.bytes) * settings.alertAt { return .near }
        if let most = settings.maxAge, age > most * settings.alertAt { return .near }
        return .ok
    }
}

/// Deletes the oldest of what waits, where the rule declares that: told as an error, counted, and in the audit trail.
struct BacklogDropper {
    let archive: Archive
    let rule: Rule

    func run() {
        guard rule.settings.backlog.policy == .dropOldest else { return }
        while Backlog(archive.journal.state, rule: rule)
            .state(rule.settings.backlog, now: archive.time.wallNow()) == .beyond
        {
            guard
                let oldest = archive.journal.state.all.first(where: {
                    $0.rule == rule.name && $0.stage >= .rotated && $0.stage < .stored && !$0.isGone
                })
            else { return }
            do throws(ApusError) {
                try drop(oldest)
            } catch {
                archive.observer.tell(
                    ArchiveFailed(rule: rule.name, subject: oldest.log, step: .remove, failure: error))
                return
            }
        }
    }

    private func drop(_ generation: Generation) throws(ApusError) {
        let folder = try Rotator(archive: archive, rule: rule).folder(of: generation)
        try folder.remove(generation.name, generation.sealed?.identity ?? generation.identity)
        try folder.sync()
        try archive.endAttempt(generation.id)
        try archive.journal.record(generation.id, .gone, .ended)
        archive.observer.tell(GenerationDeleted(generation, rule: rule, .backlog))
    }
}
