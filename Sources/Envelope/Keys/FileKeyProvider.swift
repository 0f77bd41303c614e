package import Base

/// `file:/etc/apus/logs.keys`: a key ring in a file. It is read at each use, so a rotation holds from the next file on.
package struct FileKeyProvider: LocalKeyWrapper {
    package let name: String
    private let file: KeyRingFile

    package init(path: String) {
        name = "file:\(path)"
        file = KeyRingFile(path)
    }

    func wrap(_ key: DataKey, _ context: EnvelopeContext) async throws(ApusError) -> WrappedKey {
        try ring().wrap(key, provider: name, context)
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
