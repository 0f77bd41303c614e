import Crypto

/// A public key of OpenSSH that signatures are verified with.
///
/// RSA is left out on purpose: it is what old keys are, swift-crypto's `Crypto` has none, and an Ed25519 key is one
/// command away.
struct SSHPublicKey {
    static let ed25519 = "ssh-ed25519"
    static let p256 = "ecdsa-sha2-nistp256"
    static let supported = [ed25519, p256]
    /// Known kinds that are refused by name, where an unknown one is taken for an error of writing.
    static let refused = [
        "ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ]

    private enum Point {
        case ed25519(Curve25519.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
    }

    private let point: Point

    /// - Parameter blob: The key as it stands in base64 in a `.pub` file.
    /// - Throws: `unsupportedKey`, `malformed`.
    init(_ blob: [UInt8]) throws(SSHSignatureError) {
        var reader = SSHWireReader(blob)
        guard let type = reader.name() else { throw .malformed("the key has no type") }
        switch type {
        case SSHPublicKey.ed25519:
            guard let bytes = reader.string(), bytes.count == 32,
                let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
            else { throw .malformed("the Ed25519 key is not of 32 bytes") }
            point = .ed25519(key)
        case SSHPublicKey.p256:
            guard reader.name() == "nistp256", let bytes = reader.string(), bytes.count == 65,
                let key = try? P256.Signing.PublicKey(x963Representation: bytes)
            else { throw .malformed("the ECDSA key is no point of its curve") }
            point = .p256(key)
        default: throw .unsupportedKey(type)
        }
        guard reader.isAtEnd else { throw .malformed("bytes after the key") }
    }

    /// Whether `signature`, in the encoding of SSH, is this key's over `message`.
    ///
    /// - Throws: `malformed` for a signature of another algorithm or form.
    func verifies(_ signature: [UInt8], over message: [UInt8]) throws(SSHSignatureError) -> Bool {
        var reader = SSHWireReader(signature)
        guard reader.name() == type, let value = reader.string(), reader.isAtEnd else {
            throw .malformed("the signature is not of its key's type")
        }
        switch point {
        case .ed25519(let key):
            guard value.count == 64 else { throw .malformed("the Ed25519 signature is not of 64 bytes") }
            return key.isValidSignature(value, for: message)
        case .p256(let key):
            var numbers = SSHWireReader(value)
            guard let r = numbers.positiveNumber(length: 32), let s = numbers.positiveNumber(length: 32),
                numbers.isAtEnd, let pair = try? P256.Signing.ECDSASignature(rawRepresentation: r + s)
            else { throw .malformed("the ECDSA signature is not two numbers of 32 bytes") }
            return key.isValidSignature(pair, for: message)
        }
    }

    private var type: String {
        switch point {
        case .ed25519: SSHPublicKey.ed25519
        case .p256: SSHPublicKey.p256
        }
    }

    /// As `ssh-keygen -l` shows it.
    static func fingerprint(_ blob: [UInt8]) -> String {
        "SHA256:" + String(decoding: AgeBase64.encode(Array(SHA256.hash(data: blob)), padded: false), as: UTF8.self)
    }
}
