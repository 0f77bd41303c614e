import Base
import Crypto
import Envelope
import ObjectStore

/// Brings a sealed file into the store: its bytes are there already, so that a restart sends what is missing of them.
struct FileShipment {
    let archive: Archive
    let rule: Rule
    let store: any ObjectStore
    let limits: ShipLimits

    func ship(
        _ generation: Generation, _ file: any LogFile, _ sealed: Generation.SealedFile, _ survey: Survey
    ) async throws -> Generation.StoredObject {
        let attempt = try attempt(generation, file, sealed)
        let metadata = ObjectMetadata.pairs(
            archive.host, generation, survey, attempt.recipe, tags: rule.settings.tags)
        if let info = try await store.head(attempt.key) { return try stored(info, generation, attempt, sealed) }
        let sender = PartSender(
            archive: archive, store: store, id: generation.id, attempt: attempt, limits: limits, metadata: metadata)
        do {
            _ = try await sender.run { sink in
                var position: Int64 = 0
                repeat {
                    let count = Int(min(Int64(attempt.partBytes), sealed.size - position))
                    let part = try file.read(at: position, count: count)
                    guard part.count == count else {
                        throw ApusError(code: "file-changed", "the sealed file has become shorter")
                    }
                    position += Int64(count)
                    archive.observer.progress(generation, step: "store", done: position, of: sealed.size)
                    try await sink(part, position == sealed.size)
                } while position < sealed.size
            }
        } catch let error as ApusError where error.code == "part-differs" || error.code == "upload-missing" {
            try archive.endAttempt(generation.id)
            throw error
        }
        guard let info = try await store.head(attempt.key) else {
            throw ApusError(code: "store-differs", "\(store.name)\(attempt.key) is not there", canRetry: true)
        }
        return try stored(info, generation, attempt, sealed)
    }

    private func stored(
        _ info: ObjectInfo, _ generation: Generation, _ attempt: SealAttempt, _ sealed: Generation.SealedFile
    ) throws(ApusError) -> Generation.StoredObject {
        guard info.metadata["apus-generation"] == generation.id, info.size == sealed.size else {
            throw ApusError(
                code: "key-taken", "\(store.name)\(attempt.key) is there already, and is not this generation")
        }
        return Generation.StoredObject(
            store: store.name, key: attempt.key, size: info.size, eTag: info.eTag, digest: sealed.digest,
            keyText: attempt.recipe.keyText,
            at: archive.time.wallNow())
    }

    private func attempt(
        _ generation: Generation, _ file: any LogFile, _ sealed: Generation.SealedFile
    ) throws(ApusError) -> SealAttempt {
        let changed = try file.state().modifiedAt
        if let attempt = generation.attempt, attempt.store == store.name, attempt.changedAt == changed {
            return attempt
        }
        if generation.attempt != nil { try archive.endAttempt(generation.id) }
        // Of the recipe, only what names the object matters here: the bytes are on disk.
        let suffixes = GenerationSuffixes.strip(sealed.name).suffixes
        let compression: CompressSettings.Algorithm =
            suffixes.compression == ".zst" ? .zstd : suffixes.compression == ".gz" ? .gzip : .none
        let header = suffixes.isEncrypted ? try EnvelopeHeader(parsing: SealedHeader.read(file)) : nil
        let recipe = SealRecipe(
            compression: compression, level: 0, frameBytes: 0, long: nil, engine: "file",
            envelope: header.map { EnvelopeRecipe(header: $0, salt: [], noncePrefix: []) })
        let attempt = SealAttempt(
            number: 1, store: store.name,
            key: ArchiveKey(host: archive.host, generation: generation, recipe: recipe).text, recipe: recipe,
            changedAt: changed, upload: nil,
            partBytes: limits.partBytes(
                rule.settings.upload?.partSize ?? .mebibytes(5), plainBytes: sealed.size, store.limits))
        try archive.journal.record(generation.id, .attempted(attempt))
        return attempt
    }
}
