package import Base
import ObjectStore

/// One round after the other: recover, rotate what is due, bring generations on, clean up. What a daemon does for ever and a
/// command once.
package struct LogSync: Sendable {
    package let archive: Archive
    package let rules: [Rule]
    package let limits: ShipLimits
    /// Generations that are brought on at a time.
    package let shipments: Int

    package init(archive: Archive, rules: [Rule], limits: ShipLimits, shipments: Int) {
        self.archive = archive
        self.rules = rules
        self.limits = limits
        self.shipments = shipments
    }

    package func recover() {
        let damage = archive.journal.damagedLines
        if damage > 0 {
            tell(
                "journal", .recover,
                ApusError(
                    code: "journal-damaged",
                    "\(damage) places of the journal cannot be read (what was there is kept as journal.damaged): generations that stood there "
                        + "are not known any more, and are not brought on"))
        }
        adopt()
        Recovery(archive: archive).run(byName)
        findUnknown()
    }

    private func tell(_ subject: String, _ step: ArchiveFailed.Step, rule: String = "", _ error: ApusError) {
        archive.observer.tell(ArchiveFailed(rule: rule, subject: subject, step: step, failure: error))
    }

    /// A rule file that was renamed is another rule: what the old one left goes on under the first that names its log.
    private func adopt() {
        let byName = byName
        for generation in archive.journal.state.all where byName[generation.rule] == nil {
            do throws(ApusError) {
                if let rule = rules.first(where: { $0.names(generation.log) }) {
                    try archive.journal.record(generation.id, .adopted(rule: rule.name))
                } else if generation.stage < .noted {
                    throw ApusError(
                        code: "rule-gone",
                        "\(generation.folder)/\(generation.name) waits, and neither is there a rule \(generation.rule) nor "
                            + "one for its log")
                }
            } catch {
                tell(generation.log, .recover, rule: generation.rule, error)
            }
        }
    }

    /// Files with names such as only we give, of which the journal knows nothing: it was lost, or damaged. They are told and
    /// left alone: nobody can say whether they are in a store.
    private func findUnknown() {
        let known = Set(archive.journal.state.all.flatMap(\.paths))
        for rotator in rotators() where rotator.rule.settings.upload != nil {
            for path in rotator.unknownGenerations(known) {
                tell(
                    path, .recover, rule: rotator.rule.name,
                    ApusError(
                        code: "generation-unknown",
                        "it has the name of a generation, and the journal does not know it: compare it with `apus logs list`, "
                            + "then delete it, or give it a name that the rule rotates"))
            }
        }
    }

    /// Ends what waits though somebody has deleted its file: by demand only, since a disk may just not be mounted.
    package func forgetMissing() {
        for generation in archive.journal.state.all where generation.stage >= .rotated && generation.stage < .stored {
            guard let rule = byName[generation.rule],
                let folder = try? Rotator(archive: archive, rule: rule).folder(of: generation)
            else { continue }
            do throws(ApusError) {
                let names = [generation.name, generation.nextName, generation.sealing?.name].compactMap { $0 }
                var isThere = false
                for name in names where try folder.status(name) != nil { isThere = true }
                if isThere { continue }
                try archive.endAttempt(generation.id)
                try archive.journal.record(generation.id, .gone, .ended)
                archive.observer.tell(GenerationDeleted(generation, rule: rule, .missing))
            } catch {
                tell(generation.log, .recover, rule: rule.name, error)
            }
        }
    }

    private var byName: [String: Rule] {
        Dictionary(rules.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Every rule with its rotator; a log belongs to the first rule that names it.
    package func rotators() -> [Rotator] {
        var taken: Set<String> = []
        return rules.map { rule in
            let rotator = Rotator(archive: archive, rule: rule, taken: taken)
            taken.formUnion(rotator.logs())
            return rotator
        }
    }

    /// - Parameters:
    ///   - only: names of rules or paths of logs; nil for all.
    /// - Returns: The generations that were made.
    @discardableResult
    package func rotate(force: Bool = false, only: Set<String>? = nil) -> [Generation] {
        adopt()
        Recovery(archive: archive).finishRotations(byName)
        return rotators().flatMap { rotator -> [Generation] in
            let backlog = Backlog(archive.journal.state, rule: rotator.rule)
            let settings = rotator.rule.settings.backlog
            if settings.policy == .stopRotating, backlog.state(settings, now: archive.time.wallNow()) == .beyond, !force
            {
                return []
            }
            let isWhole = only?.contains(rotator.rule.name) ?? true
            return rotator.run(force: force, only: isWhole ? nil : only)
        }
    }

    /// Takes over when another tool last rotated the logs that the rules name now, so that the next rotation by time comes
    /// when it would have come there. What we have rotated or seen later ourselves stays.
    ///
    /// - Returns: How many logs that was.
    package func remember(_ rotations: [LogrotateStatus.Rotation]) throws(ApusError) -> Int {
        let logs = Set(rotators().flatMap { $0.logs() })
        let known = archive.journal.state.logs
        let news = rotations.filter { rotation in
            guard logs.contains(rotation.log) else { return false }
            return known[rotation.log].map { !$0.isRotation || $0.lastRotation < rotation.at } ?? true
        }
        guard !news.isEmpty else { return 0 }
        try archive.journal.record(news.map { Rotator.memory($0.log, $0.at, isRotation: true) })
        return news.count
    }

    /// Brings on everything that is not finished, `shipments` at a time.
    ///
    /// - Parameter mayTry: whether it is its turn (a failure waits for a while).
    /// - Returns: The outcome of each.
    package func ship(
        patience: Duration? = nil, mayTry: @Sendable (String) -> Bool = { _ in true }
    ) async throws -> [(id: String, outcome: Shipper.Outcome)] {
        let byName = byName
        let work = archive.journal.state.all.filter { mayTry($0.id) && isUnfinished($0, byName[$0.rule]) }
        var outcomes: [(id: String, outcome: Shipper.Outcome)] = []
        try await withThrowingTaskGroup(of: (String, Shipper.Outcome).self) { group in
            var underWay = 0
            for generation in work {
                guard let rule = byName[generation.rule] else { continue }
                if underWay >= shipments, let (id, outcome) = try await group.next() {
                    outcomes.append((id, outcome))
                    underWay -= 1
                }
                let shipper = Shipper(archive: archive, rule: rule, limits: limits, patience: patience)
                group.addTask { (generation.id, try await shipper.advance(generation.id)) }
                underWay += 1
            }
            while let (id, outcome) = try await group.next() { outcomes.append((id, outcome)) }
        }
        return outcomes
    }

    /// Whether there is anything to be done for it but to let it lie.
    private func isUnfinished(_ generation: Generation, _ rule: Rule?) -> Bool {
        guard let rule else { return false }
        if generation.isGone { return true }
        switch generation.stage {
        case .noted: return false
        case .sealed: return rule.settings.upload != nil
        case .ready: return rule.settings.needsSealing || rule.settings.upload != nil
        default: return true
        }
    }

    /// Deletes what need not be here, for all logs that are known.
    package func clean() {
        for rule in rules {
            BacklogDropper(archive: archive, rule: rule).run()
            let view = RetentionView(archive.journal.state)
            let logs = Set(view.logs.filter { view.generations($0).contains { $0.rule == rule.name } })
                .union(Rotator(archive: archive, rule: rule).logs())
            let retention = Retention(archive: archive, rule: rule, view: view)
            for log in logs.sorted() { retention.run(log: log) }
        }
    }

    /// Aborts uploads that were given up: ours only, as the journal names them.
    package func abortOrphans() async throws {
        for orphan in archive.journal.state.orphans {
            for rule in rules {
                guard let upload = rule.settings.upload, let store = try? archive.stores.store(upload),
                    store.name == orphan.store
                else { continue }
                do throws(ApusError) {
                    try await store.abortUpload(UploadID(key: orphan.key, id: orphan.upload))
                    try archive.journal.record([orphan.goneRecord])
                } catch {
                    archive.observer.tell(
                        ArchiveFailed(rule: rule.name, subject: orphan.key, step: .upload, failure: error))
                }
                break
            }
        }
    }
}

extension LogSync {
    /// Ships until nothing more goes on by itself, waiting at most so long for writers.
    ///
    /// - Returns: What still waits, in sentences, and whether something failed.
    package func finish(within limit: Duration) async throws -> (waiting: [String], failed: Bool) {
        let deadline = archive.time.now().advanced(by: limit)
        var failed: Set<String> = []
        while true {
            let before = failed
            let outcomes = try await ship(mayTry: { !before.contains($0) })
            var waiting: [String] = []
            for (id, outcome) in outcomes {
                switch outcome {
                case .finished: break
                case .failed: failed.insert(id)
                case .waiting(let reason):
                    guard let generation = archive.journal.generation(id) else { break }
                    // With delayCompress that is as it should be.
                    if generation.stage == .ready { break }
                    // What has cut its rotation off was told; waiting does not mend it.
                    if generation.stage < .rotated {
                        failed.insert(id)
                        break
                    }
                    waiting.append("\(generation.folder)/\(generation.name): \(reason)")
                }
            }
            if waiting.isEmpty || archive.time.now() >= deadline { return (waiting, !failed.isEmpty) }
            try await archive.time.sleep(for: .milliseconds(50))
        }
    }
}
