/// Why a signature of OpenSSH was not accepted. Text out of a signature is shown only as far as it is printable ASCII.
package enum SSHSignatureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no `-----BEGIN SSH SIGNATURE-----`.
    case notASignature
    case malformed(String)
    case unsupportedVersion(UInt32)
    /// A kind of key that is not verified here, such as `ssh-rsa`.
    case unsupportedKey(String)
    case unsupportedHash(String)
    /// It was made for another purpose.
    case wrongNamespace(String, expected: String)
    /// A line of the allowed signers (counted from 1) is not understood. One such line refuses every signature.
    case badAllowedSigners(line: Int, reason: String)
    /// Nobody of the allowed signers has the key with this fingerprint.
    case unknownSigner(fingerprint: String)
    /// The signer of that line may not sign for this namespace.
    case namespaceNotAllowed(String, line: Int)
    /// The time of `valid-after` of that line has not come.
    case notYetValid(line: Int)
    /// The time of `valid-before` of that line has passed.
    case expired(line: Int)
    /// It is a signature, but over another message.
    case mismatch

    package var description: String {
        switch self {
        case .notASignature: "not an SSH signature"
        case .malformed(let reason): "the SSH signature is malformed: \(reason)"
        case .unsupportedVersion(let version): "an SSH signature of version \(version), and only 1 is understood"
        case .unsupportedKey(let type):
            "signed with a key of type \(type); only \(SSHPublicKey.supported.joined(separator: " and ")) are accepted"
        case .unsupportedHash(let name): "the hash \(name) is not accepted, only sha256 and sha512"
        case .wrongNamespace(let found, let expected): "signed for the namespace \(found), not for \(expected)"
        case .badAllowedSigners(let line, let reason): "the allowed signers: line \(line): \(reason)"
        case .unknownSigner(let fingerprint): "the signing key \(fingerprint) is none of the allowed signers"
        case .namespaceNotAllowed(let namespace, let line):
            "the allowed signer of line \(line) may not sign for the namespace \(namespace)"
        case .notYetValid(let line): "the allowed signer of line \(line) is not valid yet"
        case .expired(let line): "the allowed signer of line \(line) is not valid any more"
        case .mismatch: "the signature does not fit the message"
        }
    }

    /// One constant, searchable word.
    package var code: String {
        switch self {
        case .notASignature, .malformed: "ssh-signature-malformed"
        case .unsupportedVersion, .unsupportedKey, .unsupportedHash: "ssh-signature-unsupported"
        case .wrongNamespace, .namespaceNotAllowed: "ssh-signature-namespace"
        case .badAllowedSigners: "ssh-allowed-signers"
        case .unknownSigner: "ssh-signer-unknown"
        case .notYetValid, .expired: "ssh-signer-not-valid"
        case .mismatch: "ssh-signature-mismatch"
        }
    }
}
