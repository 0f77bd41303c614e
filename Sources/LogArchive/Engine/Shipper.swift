package import Base
import ObjectStore

/// Brings generations on: from rotated to settled, surveyed, sealed, stored, noted and gone, one step after the other, each
/// written down before the next. Every step may be cut off anywhere and is begun again from what the journal says.
package struct Shipper: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// Nothing more is to be done with it now.
        case finished
        /// It has to wait: for its writer, for the next rotation (delayCompress).
        case waiting(String)
        case failed(ApusError.Kind, code: String, canRetry: Bool)
    }

    package let archive: Archive
    package let rule: Rule
    package let limits: ShipLimits
    /// Take a generation as it is after its writer has not written for so long, though it still has it open.
    package let patience: Duration?

    package init(archive: Archive, rule: Rule, limits: ShipLimits, patience: Duration? = nil) {
        self.archive = archive
        self.rule = rule
        self.limits = limits
        self.patience = patience
    }

    private var rotator: Rotator { Rotator(archive: archive, rule: rule) }

    /// As far as it goes now.
    ///
    /// - Throws: `CancellationError` only; what fails is told and is the outcome.
    package func advance(_ id: String) async throws -> Outcome {
        var step = ArchiveFailed.Step.seal
        do {
            while let generation = archive.journal.generation(id) {
                if generation.isGone {
                    try archive.journal.record(id, .ended)
                    return .finished
                }
                switch generation.stage {
                case .planned, .copied: return .waiting("its rotation is not finished")
                case .rotated:
                    // What failed is told already; as a failure it gets its pause before the next try.
                    guard tell(generation) else { return .failed(.operation, code: "hook-failed", canRetry: true) }
                    if let reason = try settle(generation) { return .waiting(reason) }
                case .ready:
                    if delays(generation) { return .waiting("the newest generation is left as it is") }
                    guard rule.settings.needsSealing || rule.settings.upload != nil else { return .finished }
                    if generation.survey == nil {
                        try await survey(generation)
                    } else if rule.settings.keepsHere, rule.settings.needsSealing {
                        step = .seal
                        try await HereSealer(archive: archive, rule: rule, limits: limits).seal(generation, rotator)
                    } else {
                        step = .upload
                        try await store(generation)
                    }
                case .sealed:
                    guard rule.settings.upload != nil else { return .finished }
                    step = .upload
                    try await store(generation)
                case .stored:
                    step = .manifest
                    try await note(generation)
                case .noted: return .finished
                }
            }
            return .finished
        } catch let error as ApusError {
            archive.observer.tell(
                ArchiveFailed(rule: rule.name, subject: subject(id), step: step, failure: error))
            return .failed(error.kind, code: error.code, canRetry: error.canRetry)
        }
    }

    private func subject(_ id: String) -> String {
        archive.journal.generation(id).map { "\($0.folder)/\($0.name)" } ?? id
    }

    /// Tells the writer of a renamed log, where that has not been done.
    ///
    /// - Returns: Whether it is told.
    private func tell(_ generation: Generation) -> Bool {
        let isMeant = rule.settings.hooks.postRotate != nil || rule.settings.rotate.reopen != nil
        guard generation.method == .rename, !generation.isTold, isMeant else { return true }
        rotator.tellWriter([generation])
        return archive.journal.generation(generation.id)?.isTold == true
    }

    /// Its writer must have let go before its content is final.
    ///
    /// - Returns: Why not yet; nil when it is written down as ready.
    private func settle(_ generation: Generation) throws(ApusError) -> String? {
        let file = try open(generation)
        let state = try file.state()
        if generation.method == .rename, file.hasWriters() != false {
            let quiet = state.modifiedAt.advanced(by: patience ?? .seconds(0))
            guard patience != nil, quiet < archive.time.wallNow() else {
                let writers = Writers.of(state.identity).prefix(3).map { "\($0.name) (process \($0.process))" }
                let who = writers.isEmpty ? "somebody" : writers.joined(separator: ", ")
                return "\(who) still has it open for writing"
            }
        }
        try archive.journal.record(generation.id, .ready(size: state.size))
        return nil
    }

    /// The newest of its log stays plain with `delayCompress`.
    private func delays(_ generation: Generation) -> Bool {
        guard rule.settings.rotate.delayCompress else { return false }
        return !archive.journal.state.all.contains { $0.log == generation.log && $0.id > generation.id }
    }

    private func open(_ generation: Generation) throws(ApusError) -> any LogFile {
        let folder = try rotator.folder(of: generation)
        let file = try folder.open(generation.name, .read, allowHardLinks: rule.settings.rotate.allowHardLinks)
        let expected = generation.sealed?.identity ?? generation.identity
        guard try file.state().identity == expected else {
            throw ApusError(
                code: "file-changed",
                "\(generation.folder)/\(generation.name) is another file than the one that was rotated")
        }
        return file
    }

    private func survey(_ generation: Generation) async throws {
        let file = try open(generation)
        let surveyor = Surveyor(time: LineTime(reference: generation.rotatedAt))
        let survey = try await surveyor.survey(file, size: generation.size, pace: limits.pace)
        try archive.journal.record(generation.id, .surveyed(survey))
    }

    private func store(_ generation: Generation) async throws {
        guard let upload = rule.settings.upload, let survey = generation.survey else { return }
        let store = try archive.stores.store(upload)
        let file = try open(generation)
        let start = archive.time.now()
        let object: Generation.StoredObject
        if let sealed = generation.sealed {
            object = try await FileShipment(archive: archive, rule: rule, store: store, limits: limits)
                .ship(generation, file, sealed, survey)
        } else {
            object = try await Shipment(archive: archive, rule: rule, store: store, limits: limits)
                .ship(generation, file, survey: survey)
        }
        try archive.journal.record(generation.id, .stored(object))
        archive.observer.tell(
            GenerationStored(
                rule: rule.name, log: generation.log, generation: generation.id, key: object.key, bytes: survey.bytes,
                storedBytes: object.size, duration: start.duration(to: archive.time.now())))
    }

    private func note(_ generation: Generation) async throws {
        guard let upload = rule.settings.upload, let object = generation.stored, let survey = generation.survey else {
            return
        }
        let store = try archive.stores.store(upload)
        let entry = ManifestEntry(
            host: archive.host, generation: generation, survey: survey, object: object, rule: rule.settings)
        try await archive.manifests.note(entry, Manifest(store: store))
        try archive.journal.record(generation.id, .noted)
    }
}

extension RuleSettings {
    var needsSealing: Bool { (compress.map { $0.algorithm != .none } ?? false) || encrypt != nil }
    /// Whether generations stay on this host for longer than their way to the store takes.
    var keepsHere: Bool { upload == nil || rotate.effectiveKeep(hasUpload: true) != 0 }
}

extension RotateSettings {
    /// How many generations stay here; nil for all.
    func effectiveKeep(hasUpload: Bool) -> Int? {
        keep ?? (hasUpload && keepAge == nil && keepBytes == nil ? 0 : nil)
    }
}
