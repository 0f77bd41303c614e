import Base
import Compression
import Envelope
import ObjectStore

extension SealRecipe {
    /// The version of what makes frames: part of every recipe.
    static let engine = Compressors.version
}

extension Archive {
    /// A new recipe for a generation by its rule, with a data key of its own where it is encrypted.
    func recipe(_ rule: Rule, _ generation: Generation) async throws(ApusError) -> (SealRecipe, DataKey?) {
        let compress = rule.settings.compress
        let algorithm = compress?.algorithm ?? .none
        var recipe = SealRecipe(
            compression: algorithm, level: compress?.effectiveLevel ?? 0,
            frameBytes: compress?.effectiveFrameBytes ?? 1 << 20, long: compress?.long, engine: SealRecipe.engine,
            envelope: nil)
        guard let encrypt = rule.settings.encrypt else { return (recipe, nil) }
        let context = EnvelopeContext(["file": generation.log, "generation": generation.id, "host": host])
        let sealed = try await keys.provider(encrypt, region: rule.settings.upload?.region).makeDataKey(context)
        let header = try EnvelopeHeader(compression: algorithm.rawValue, context: context, wrapped: sealed.wrapped)
        recipe.envelope = EnvelopeRecipe(
            header: header, salt: randomBytes(SegmentLayout.saltBytes),
            noncePrefix: randomBytes(SegmentLayout.prefixBytes))
        return (recipe, sealed.plain)
    }

    /// Ends the try of a generation; its upload, if it has one, is aborted when the store is next asked for orphans.
    func endAttempt(_ id: String) throws(ApusError) {
        guard let attempt = journal.generation(id)?.attempt else { return }
        let ended = GenerationEvent.attemptEnded.record(id)
        guard let upload = attempt.upload else { return try journal.record([ended]) }
        let orphan = ArchiveState.Orphan(store: attempt.store, key: upload.key, upload: upload.id)
        try journal.record([orphan.record, ended])
    }

    /// The data key of a recipe that was written down; nil where nothing is encrypted.
    func key(of recipe: SealRecipe) async throws(ApusError) -> DataKey? {
        guard let envelope = recipe.envelope else { return nil }
        let wrapped = envelope.header.wrapped
        return try await keys.provider(for: wrapped).open(wrapped, envelope.header.context)
    }

    func stream(
        _ rule: Rule, _ generation: Generation, _ recipe: SealRecipe, _ key: DataKey?, _ file: any LogFile,
        _ limits: ShipLimits
    ) -> SealedStream {
        SealedStream(
            recipe: recipe, key: key, file: file, size: generation.size,
            surveyor: Surveyor(time: LineTime(reference: generation.rotatedAt)),
            threads: rule.settings.compress?.threads ?? 1, pace: limits.pace)
    }
}

extension SealRecipe {
    /// Provider and key, for people; never a secret.
    var keyText: String? {
        guard let wrapped = envelope?.header.wrapped else { return nil }
        return [wrapped.provider, wrapped.keyID, wrapped.version].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension CompressSettings {
    /// Long mode finds nothing far back in frames that are short.
    var effectiveFrameBytes: Int { max(Int(frameSize.bytes), long.map { 1 << $0 } ?? 0) }
}
