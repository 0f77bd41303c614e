import Base
import Crypto

/// A data key under a wrapping key that we hold ourselves (key ring, environment): AES-256-GCM with a random nonce.
///
///     nonce (12) ‖ ciphertext (32) ‖ tag (16)
///
/// Associated data, in the header's own fields (u16 length, bytes), so that a wrapped key is of no use elsewhere:
///
///     "apus-log-key-wrap-1" ‖ key id ‖ key version ‖ u16 n ‖ n × (name ‖ value)
enum KeyWrap {
    static let wrappedBytes = 12 + 32 + 16
    private static let label = "apus-log-key-wrap-1"

    /// - Throws: Nothing in practice: `key-provider-failed` should the cipher itself fail.
    static func wrap(
        _ dataKey: DataKey, under key: SymmetricKey, provider: String, keyID: String, version: String,
        _ context: EnvelopeContext
    ) throws(ApusError) -> WrappedKey {
        try context.check()
        let associated = associatedData(keyID, version, context)
        guard let box = try? AES.GCM.seal(dataKey.reveal(), using: key, authenticating: associated),
            let combined = box.combined
        else { throw ApusError(code: "key-provider-failed", "AES-GCM cannot wrap a key") }
        return WrappedKey(provider: provider, keyID: keyID, version: version, ciphertext: Array(combined))
    }

    /// - Throws: `ApusError` `key-mismatch`.
    static func open(
        _ wrapped: WrappedKey, under key: SymmetricKey, _ context: EnvelopeContext
    ) throws(ApusError) -> DataKey {
        guard (try? context.check()) != nil, (try? wrapped.check()) != nil else { throw mismatch(wrapped) }
        let associated = associatedData(wrapped.keyID, wrapped.version, context)
        guard wrapped.ciphertext.count == wrappedBytes,
            let box = try? AES.GCM.SealedBox(combined: wrapped.ciphertext),
            let plain = try? AES.GCM.open(box, using: key, authenticating: associated)
        else { throw mismatch(wrapped) }
        return DataKey(Array(plain))
    }

    static func mismatch(_ wrapped: WrappedKey) -> ApusError {
        ApusError(
            code: "key-mismatch",
            "the wrapped key does not open with \(name(wrapped)): it belongs to another key, host or file, or was altered"
        )
    }

    static func unknown(_ wrapped: WrappedKey, _ provider: String) -> ApusError {
        ApusError(
            code: "key-unknown",
            "\(provider) has no key \(name(wrapped))")
    }

    private static func name(_ wrapped: WrappedKey) -> String {
        wrapped.version.isEmpty ? wrapped.keyID : "\(wrapped.keyID) version \(wrapped.version)"
    }

    private static func associatedData(_ keyID: String, _ version: String, _ context: EnvelopeContext) -> [UInt8] {
        var writer = FieldWriter()
        for text in [label, keyID, version] { writer.field(text) }
        writer.number16(context.pairs.count)
        for pair in context.pairs {
            writer.field(pair.name)
            writer.field(pair.value)
        }
        return writer.bytes
    }
}
