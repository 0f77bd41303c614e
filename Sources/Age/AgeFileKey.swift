import Crypto

/// The random 16 bytes of a file from which its other keys are derived. swift-crypto overwrites them when they are let
/// go.
struct AgeFileKey {
    static let length = 16

    let key: SymmetricKey

    static func random() -> AgeFileKey { AgeFileKey(key: SymmetricKey(size: .bits128)) }

    /// Keys the HMAC of the header.
    var headerKey: SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("header".utf8), outputByteCount: 32)
    }

    /// Keys the chunks of the payload that starts with `nonce`.
    func payloadKey(nonce: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, salt: nonce, info: Array("payload".utf8), outputByteCount: 32)
    }

    /// The file key under a key that is used for this alone, which is why the nonce may be zero: 32 bytes.
    ///
    /// - Returns: nil only if the cipher itself fails.
    func wrapped(under wrapKey: SymmetricKey) -> [UInt8]? {
        let plain = key.withUnsafeBytes { Array($0) }
        guard let nonce = try? ChaChaPoly.Nonce(data: AgeFileKey.zeroNonce),
            let box = try? ChaChaPoly.seal(plain, using: wrapKey, nonce: nonce)
        else { return nil }
        return Array(box.ciphertext) + Array(box.tag)
    }

    /// The reverse of `wrapped(under:)`; nil where `wrapKey` is not the one, which is how a stanza for others shows
    /// itself.
    static func unwrap(_ body: [UInt8], under wrapKey: SymmetricKey) -> AgeFileKey? {
        guard body.count == wrappedLength, let box = try? ChaChaPoly.SealedBox(combined: zeroNonce + body),
            let plain = try? ChaChaPoly.open(box, using: wrapKey)
        else { return nil }
        return AgeFileKey(key: SymmetricKey(data: plain))
    }

    /// Of a wrapped key, with its tag. The length is checked before anything is decrypted, so that nobody makes one
    /// stanza that fits several keys.
    static let wrappedLength = length + 16
    private static let zeroNonce = [UInt8](repeating: 0, count: 12)
}

/// Bytes from the system's generator (getrandom(2)).
func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in generator.next() }
}
