package import Base

/// A provider that wraps a data key that exists already: after a rotation, or when a file moves to another provider.
package protocol KeyRewrapper: KeyProvider {
    /// Wraps the data key of `wrapped` with this provider's newest key. The content is not touched.
    ///
    /// - Parameter source: Opens it; a KMS asks itself instead, so that the plain key never comes here.
    /// - Throws: As `KeyProvider.open`; `key-rewrap-unsupported` where a KMS should take what is not its own.
    func rewrap(
        _ wrapped: WrappedKey, openedBy source: any KeyProvider, _ context: EnvelopeContext
    ) async throws(ApusError) -> WrappedKey
}

/// A provider that has the plain data key in hand when it wraps.
protocol LocalKeyWrapper: KeyRewrapper {
    func wrap(_ key: DataKey, _ context: EnvelopeContext) async throws(ApusError) -> WrappedKey
}

extension LocalKeyWrapper {
    package func makeDataKey(_ context: EnvelopeContext) async throws(ApusError) -> SealedDataKey {
        let plain = DataKey(Random.bytes(32))
        return SealedDataKey(plain: plain, wrapped: try await wrap(plain, context))
    }

    package func rewrap(
        _ wrapped: WrappedKey, openedBy source: any KeyProvider, _ context: EnvelopeContext
    ) async throws(ApusError) -> WrappedKey {
        try await wrap(try await source.open(wrapped, context), context)
    }
}

/// What a KMS does for `rewrap`: ReEncrypt.
package protocol KeyReencryptionService: KeyManagementService {
    /// Wraps anew, with the present version of the key `keyID`, what any key of the service has wrapped in that
    /// context.
    func reEncrypt(
        _ wrapped: [UInt8], to keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (wrapped: [UInt8], keyID: String)
}

extension EnvelopeHeader {
    /// The header with its data key wrapped by the newest key of `target`. Where its `size` is that of the old one,
    /// write it over the file's beginning; otherwise the stream has to be copied behind it.
    ///
    /// - Throws: As `KeyRewrapper.rewrap`; `envelope-field`.
    package func rewrapped(
        by target: any KeyRewrapper, openedBy source: any KeyProvider
    ) async throws(ApusError) -> EnvelopeHeader {
        try rewrapped(try await target.rewrap(wrapped, openedBy: source, context))
    }
}
