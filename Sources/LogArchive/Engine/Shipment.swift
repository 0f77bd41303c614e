import Base
import Compression
import Crypto
import Envelope
import ObjectStore

/// Brings one generation into the store: seals it into parts and sends them, so that a crash anywhere costs no more than the
/// part that was on its way.
///
/// What always holds:
/// - The object's key follows from the generation alone, and the store refuses a second object under it.
/// - Before a part leaves, its SHA-256 is in the journal. After a restart the sealed bytes are made again from the plain file;
///   parts that the store has are not sent again if they come out the same; if one does not (another zstd, another content),
///   the upload is given up for a new one with a new key, so that no key and nonce ever go with two contents.
/// - Only what `head` says afterwards counts as stored.
struct Shipment {
    /// Tries of one generation with a new key each, before it waits for the next round.
    private static let mostAttempts = 3

    let archive: Archive
    let rule: Rule
    let store: any ObjectStore
    let limits: ShipLimits

    /// - Returns: What the store has.
    func ship(_ generation: Generation, _ file: any LogFile, survey: Survey) async throws -> Generation.StoredObject {
        for _ in 0..<Shipment.mostAttempts {
            let (attempt, key) = try await attempt(for: generation.id, file)
            if let found = try await finished(generation, attempt, survey) { return found }
            do {
                return try await send(generation, attempt, key, file, survey)
            } catch let error as ApusError where error.code == "part-differs" || error.code == "upload-missing" {
                try archive.endAttempt(generation.id)
            }
        }
        throw ApusError(
            code: "seal-unstable", "the sealed bytes came out differently \(Shipment.mostAttempts) times",
            canRetry: true)
    }

    /// The try that is under way, or a new one.
    private func attempt(
        for id: String, _ file: any LogFile
    ) async throws(ApusError) -> (attempt: SealAttempt, key: DataKey?) {
        guard let generation = archive.journal.generation(id) else { throw Shipment.gone(id) }
        let state = try file.state()
        if let attempt = generation.attempt {
            let isSame =
                attempt.store == store.name && attempt.recipe.engine == SealRecipe.engine
                && attempt.changedAt == state.modifiedAt
            if isSame { return (attempt, try await archive.key(of: attempt.recipe)) }
            try archive.endAttempt(id)
        }
        let (recipe, dataKey) = try await archive.recipe(rule, generation)
        let key = ArchiveKey(host: archive.host, generation: generation, recipe: recipe).text
        let attempt = SealAttempt(
            number: 1, store: store.name, key: key, recipe: recipe, changedAt: state.modifiedAt, upload: nil,
            partBytes: limits.partBytes(
                rule.settings.upload?.partSize ?? .mebibytes(5), plainBytes: generation.size, store.limits))
        try archive.journal.record(id, .attempted(attempt))
        return (attempt, dataKey)
    }

    static func gone(_ id: String) -> ApusError {
        ApusError(code: "generation-gone", "generation \(id) is not in the journal")
    }

    /// The object of an earlier try whose answer we did not see.
    private func finished(
        _ generation: Generation, _ attempt: SealAttempt, _ survey: Survey
    ) async throws(ApusError) -> Generation.StoredObject? {
        guard let info = try await store.head(attempt.key) else { return nil }
        guard info.metadata["apus-generation"] == generation.id, info.metadata["apus-sha256"] == survey.sha256 else {
            throw ApusError(
                code: "key-taken", "\(store.name)\(attempt.key) is there already, and is not this generation")
        }
        return stored(info, attempt, digest: "")
    }

    private func stored(_ info: ObjectInfo, _ attempt: SealAttempt, digest: String) -> Generation.StoredObject {
        Generation.StoredObject(
            store: store.name, key: attempt.key, size: info.size, eTag: info.eTag, digest: digest,
            keyText: attempt.recipe.keyText,
            at: archive.time.wallNow())
    }

    private func send(
        _ generation: Generation, _ attempt: SealAttempt, _ key: DataKey?, _ file: any LogFile, _ survey: Survey
    ) async throws -> Generation.StoredObject {
        let stream = archive.stream(rule, generation, attempt.recipe, key, file, limits)
        let sender = PartSender(
            archive: archive, store: store, id: generation.id, attempt: attempt, limits: limits,
            metadata: ObjectMetadata.pairs(archive.host, generation, survey, attempt.recipe, tags: rule.settings.tags))
        let progress = archive.observer
        let total = generation.size
        let size = try await sender.run { sink in
            try await stream.run(
                partBytes: attempt.partBytes, spares: sender.spares,
                progress: { progress.progress(generation, step: "store", done: $0, of: total) }, sink)
        }
        // What we just sent and what the store says of it must be one thing.
        guard let info = try await store.head(attempt.key), info.size == size,
            info.metadata["apus-generation"] == generation.id, info.eTag == sender.answeredTag ?? info.eTag
        else {
            throw ApusError(
                code: "store-differs", "\(store.name)\(attempt.key) is not what was sent", canRetry: true)
        }
        guard try file.state().modifiedAt == attempt.changedAt else {
            throw ApusError(code: "file-changed", "it was written to while it was sealed")
        }
        return stored(info, attempt, digest: sender.digest)
    }
}
