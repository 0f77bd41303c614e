package import Base
import Crypto

/// A signature as `ssh-keygen -Y sign` and git (with `gpg.format=ssh`) write it; OpenSSH's PROTOCOL.sshsig describes
/// the bytes:
///
///     "SSHSIG", version 1, public key, namespace, reserved, hash algorithm, signature    in base64 between two lines
///
/// What is signed is not the message but "SSHSIG", namespace, reserved, hash algorithm and the message's hash, so that
/// a signature for one purpose is none for another.
package struct SSHSignature {
    private static let begin = "-----BEGIN SSH SIGNATURE-----"
    private static let end = "-----END SSH SIGNATURE-----"
    private static let magic = Array("SSHSIG".utf8)
    /// Of the text. The largest key that OpenSSH makes needs less than a quarter of it.
    private static let maximumLength = 16 << 10

    private let publicKey: [UInt8]
    private let namespace: [UInt8]
    private let hash: String
    private let value: [UInt8]

    /// Verifies that one of `allowedSigners` has signed `message` for `namespace`.
    ///
    /// - Parameters:
    ///   - signature: The whole text of a `.sig` file, or of a commit's `gpgsig` header without its indentation.
    ///   - allowedSigners: The text of an allowed signers file (ssh-keygen(1)). Each of its lines must be understood.
    ///   - now: The time at which the signer must be valid.
    /// - Returns: The principals of the signer's line, as they stand there: one, or several with commas.
    package static func verify(
        message: [UInt8], signature: String, allowedSigners: String, namespace: String,
        now: WallInstant = SystemTime().wallNow()
    ) throws(SSHSignatureError) -> String {
        let signers = try AllowedSigner.parse(allowedSigners)
        let read = try SSHSignature(parsing: signature)
        guard !namespace.isEmpty, read.namespace.elementsEqual(namespace.utf8) else {
            throw .wrongNamespace(printable(read.namespace), expected: namespace)
        }
        let key = try SSHPublicKey(read.publicKey)
        let signer = try AllowedSigner.choose(signers, key: read.publicKey, namespace: namespace, now: now)
        guard try key.verifies(read.value, over: try read.signed(message)) else { throw .mismatch }
        return signer.principals
    }

    private init(parsing text: String) throws(SSHSignatureError) {
        var reader = SSHWireReader(try SSHSignature.unwrapped(text))
        guard reader.bytes(SSHSignature.magic.count) == SSHSignature.magic, let version = reader.number() else {
            throw .malformed("it does not start with SSHSIG")
        }
        guard version == 1 else { throw .unsupportedVersion(version) }
        guard let publicKey = reader.string(), let namespace = reader.string(), let reserved = reader.string(),
            let hash = reader.name(), let value = reader.string()
        else { throw .malformed("it is cut short, or its hash has no name") }
        guard reader.isAtEnd else { throw .malformed("bytes after the signature") }
        guard reserved.isEmpty else { throw .malformed("it has a field that is reserved") }
        self.publicKey = publicKey
        self.namespace = namespace
        self.hash = hash
        self.value = value
    }

    /// The bytes between the two lines that enclose a signature.
    private static func unwrapped(_ text: String) throws(SSHSignatureError) -> [UInt8] {
        guard text.utf8.count <= maximumLength else { throw .malformed("it is longer than \(maximumLength) bytes") }
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard let first = lines.first, first.elementsEqual(begin.utf8) else { throw .notASignature }
        guard lines.count > 1, lines[lines.count - 1].elementsEqual(end.utf8) else {
            throw .malformed("its last line is missing")
        }
        let encoded = lines[1..<(lines.count - 1)].flatMap { $0 }
        guard let bytes = AgeBase64.decode(encoded[...], padded: true) else {
            throw .malformed("it is not canonical base64")
        }
        return bytes
    }

    private func signed(_ message: [UInt8]) throws(SSHSignatureError) -> [UInt8] {
        let digest: [UInt8]
        switch hash {
        case "sha256": digest = Array(SHA256.hash(data: message))
        case "sha512": digest = Array(SHA512.hash(data: message))
        default: throw .unsupportedHash(hash)
        }
        return [namespace, [], Array(hash.utf8), digest].reduce(SSHSignature.magic) { $0 + SSHWire.string($1) }
    }

    /// For a message: what is not visible ASCII becomes `?`, and what is long is cut.
    private static func printable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(64).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
