package import Base

/// A key management service: AWS KMS, Aliyun KMS (`CloudAPI` speaks to them). The context is the service's
/// EncryptionContext.
///
/// Both methods have been tried as often as the service's own policy says when they throw: `key-unknown` (no such key,
/// or not for us), `key-mismatch` (the wrapped key does not open: another key or context), any other code with
/// `canRetry`.
package protocol KeyManagementService: Sendable {
    /// - Returns: 32 fresh bytes, the same wrapped, and the exact id (ARN) of the key that wrapped them.
    func generateDataKey(
        keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (plain: [UInt8], wrapped: [UInt8], keyID: String)
    func decrypt(
        _ wrapped: [UInt8], keyID: String, context: [(String, String)]
    ) async throws(ApusError) -> (plain: [UInt8], keyID: String)
}

/// `kms://prod/log-enc`: the service makes data keys and opens them; its wrapping keys never leave it, and it rotates
/// them itself, so there are no versions here. The key that opens must be the one that the header names.
package struct KMSKeyProvider: KeyRewrapper {
    package let name: String
    private let keyID: String
    private let service: any KeyManagementService

    /// - Parameters:
    ///   - name: As the rule has it.
    ///   - keyID: What the service calls the key: `KeyProviderURI` makes it of the name.
    package init(name: String, keyID: String, service: any KeyManagementService) {
        self.name = name
        self.keyID = keyID
        self.service = service
    }

    package func makeDataKey(_ context: EnvelopeContext) async throws(ApusError) -> SealedDataKey {
        try context.check()
        do throws(ApusError) {
            let made = try await service.generateDataKey(keyID: keyID, context: KMSKeyProvider.pairs(context))
            guard made.plain.count == 32 else { throw KMSKeyProvider.wrongLength() }
            let wrapped = WrappedKey(provider: name, keyID: made.keyID, version: "", ciphertext: made.wrapped)
            return SealedDataKey(plain: DataKey(made.plain), wrapped: wrapped)
        } catch {
            throw failure(error)
        }
    }

    package func open(_ wrapped: WrappedKey, _ context: EnvelopeContext) async throws(ApusError) -> DataKey {
        do throws(ApusError) {
            let opened = try await service.decrypt(
                wrapped.ciphertext, keyID: wrapped.keyID, context: KMSKeyProvider.pairs(context))
            guard opened.keyID == wrapped.keyID else { throw KeyWrap.mismatch(wrapped) }
            guard opened.plain.count == 32 else { throw KMSKeyProvider.wrongLength() }
            return DataKey(opened.plain)
        } catch {
            throw failure(error)
        }
    }

    package func rewrap(
        _ wrapped: WrappedKey, openedBy source: any KeyProvider, _ context: EnvelopeContext
    ) async throws(ApusError) -> WrappedKey {
        guard source is KMSKeyProvider, let service = service as? any KeyReencryptionService else {
            throw ApusError(
                code: "key-rewrap-unsupported",
                "\(name) wraps anew only what a KMS has wrapped; \(source.name) is another")
        }
        do throws(ApusError) {
            let fresh = try await service.reEncrypt(
                wrapped.ciphertext, to: keyID, context: KMSKeyProvider.pairs(context))
            return WrappedKey(provider: name, keyID: fresh.keyID, version: "", ciphertext: fresh.wrapped)
        } catch {
            throw failure(error)
        }
    }

    private static func pairs(_ context: EnvelopeContext) -> [(String, String)] {
        context.pairs.map { ($0.name, $0.value) }
    }

    private static func wrongLength() -> ApusError {
        ApusError(code: "key-provider-failed", "the service gave a data key that has not 256 bits")
    }

    private func failure(_ error: ApusError) -> ApusError {
        if ["key-unknown", "key-mismatch", "key-provider-failed"].contains(error.code) { return error }
        return ApusError(
            code: "key-provider-failed", "\(name) gives no key", kind: error.kind, canRetry: error.canRetry,
            cause: error)
    }
}
