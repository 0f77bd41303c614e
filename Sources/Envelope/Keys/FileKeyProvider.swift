package import Base

/// `file:/etc/apus/logs.keys`: a key ring in a file. It is read at each use, so a rotation holds from the next file on.
package struct FileKeyProvider: KeyProvider {
    package let name: String
    private let file: KeyRingFile

    package init(path: String) {
        name = "file:\(path)"
        file = KeyRingFile(path)
    }

    package func makeDataKey(_ context: EnvelopeContext) async throws(ApusError) -> SealedDataKey {
        try ring().makeDataKey(provider: name, context)
    }

    package func open(_ wrapped: WrappedKey, _ context: EnvelopeContext) async throws(ApusError) -> DataKey {
        try ring().open(wrapped, provider: name, context)
    }

    private func ring() throws(ApusError) -> KeyRing {
        do throws(ApusError) {
            return try file.read()
        } catch {
            throw ApusError(
                code: "key-provider-failed", "the key ring cannot be used", kind: error.kind, canRetry: error.canRetry,
                cause: error)
        }
    }
}
