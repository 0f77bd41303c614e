package import Base

/// Files encrypted in the format age v1, and signatures made by `ssh-keygen -Y sign`: how secrets and signed
/// declarations reach this program without a key server.
///
/// The bytes are described one by one in the specification, https://c2sp.org/age (the header, the X25519 and scrypt
/// stanzas, the payload, the armor) and, for signatures, in OpenSSH's PROTOCOL.sshsig. Nothing here adds to them. In
/// short:
///
///     age-encryption.org/v1                  the header is text; each stanza wraps the same random file key of 16 bytes
///     -> X25519 <ephemeral share>            for one recipient (`AgeHeader+X25519`), or for a passphrase
///     <wrapped file key>                     (`AgeHeader+Scrypt`); stanzas of other types are left alone
///     --- <HMAC>                             over everything before it, keyed from the file key
///     <nonce, 16 bytes> <chunk> <chunk> …    the payload (`AgePayload`): 64 KiB of plaintext a chunk, ChaCha20-Poly1305
///
/// What always holds:
/// - Plaintext is returned whole or not at all: a caller never sees the start of a file whose end was altered or cut.
/// - There is one encoding of everything. Base64 that is not canonical, a line of another length, a stray carriage
///   return or a byte after the end is an error, so a file cannot be changed unnoticed by who cannot decrypt it. The
///   armor alone may end its lines with CRLF and stand between blank lines, as the specification allows.
/// - No key, passphrase or plaintext is in any error, description or mirror.
///
/// Bounds: a header of 64 KiB and 128 stanzas, 128 identities a file, a scrypt work factor of 2^20 (1 GiB of memory). A
/// file is held in memory as a whole, and decrypting takes twice its size.
///
/// Arithmetic: the payload is copied once into or out of each chunk's buffer. Armor adds one byte in three.
package enum Age {
    /// The work factor of `encrypt(_:passphrase:)` as a power of two, which is what `age` takes: 256 MiB, about a
    /// second.
    package static let usualWorkFactor = 18

    /// Encrypts to every one of `recipients`; any one of them can decrypt.
    ///
    /// - Parameter armored: Whether the result is text (PEM) and not bytes.
    /// - Throws: `noRecipients`, `tooManyRecipients`, or `badKey` for a recipient that is no usable point of the curve.
    package static func encrypt(
        _ plaintext: [UInt8], to recipients: [AgeRecipient], armored: Bool = false
    ) throws(AgeError) -> [UInt8] {
        guard !recipients.isEmpty else { throw .noRecipients }
        guard recipients.count <= AgeHeader.maximumStanzas else {
            throw .tooManyRecipients(limit: AgeHeader.maximumStanzas)
        }
        let fileKey = AgeFileKey.random()
        var stanzas = [AgeStanza]()
        for recipient in recipients { stanzas.append(try .x25519(wrapping: fileKey, for: recipient)) }
        return try assemble(plaintext, fileKey: fileKey, stanzas: stanzas, armored: armored)
    }

    /// Encrypts with a passphrase, which is then the only way in: the format allows no other recipient beside it.
    ///
    /// - Parameter workFactor: The power of two of scrypt's cost, 1 to 20; memory is 2^workFactor KiB.
    /// - Throws: `badKey` for an empty passphrase, `workFactorTooLarge`.
    package static func encrypt(
        _ plaintext: [UInt8], passphrase: Secret, workFactor: Int = usualWorkFactor, armored: Bool = false
    ) throws(AgeError) -> [UInt8] {
        let fileKey = AgeFileKey.random()
        let stanza = try AgeStanza.scrypt(wrapping: fileKey, passphrase: passphrase, workFactor: workFactor)
        return try assemble(plaintext, fileKey: fileKey, stanzas: [stanza], armored: armored)
    }

    /// Decrypts `file`, armored or not, with whichever of `identities` it was encrypted to.
    ///
    /// - Throws: Any `AgeError` of reading; `noIdentityMatches` when the file is sound but for others,
    ///   `passphraseRequired` when it is for a passphrase.
    package static func decrypt(_ file: [UInt8], with identities: [AgeIdentity]) throws(AgeError) -> [UInt8] {
        let binary = try AgeArmor.removed(from: file)
        let header = try AgeHeader(parsing: binary)
        return try open(binary, header, with: try header.fileKey(for: identities))
    }

    /// Decrypts `file`, armored or not, with the passphrase it was encrypted with. It takes the time and memory that
    /// the file's work factor asks for, at most 1 GiB.
    ///
    /// - Throws: Any `AgeError` of reading; `wrongPassphrase`, or `noPassphrase` when the file is for keys.
    package static func decrypt(_ file: [UInt8], passphrase: Secret) throws(AgeError) -> [UInt8] {
        let binary = try AgeArmor.removed(from: file)
        let header = try AgeHeader(parsing: binary)
        return try open(binary, header, with: try header.fileKey(for: passphrase))
    }

    /// Whether `file` starts as an age file does, armored or not. It says nothing of the rest.
    package static func isEncrypted(_ file: [UInt8]) -> Bool {
        AgeHeader.isStart(file[...]) || AgeArmor.isStart(file)
    }

    private static func assemble(
        _ plaintext: [UInt8], fileKey: AgeFileKey, stanzas: [AgeStanza], armored: Bool
    ) throws(AgeError) -> [UInt8] {
        var file = AgeHeader.encoded(stanzas, fileKey: fileKey)
        try AgePayload.seal(plaintext, fileKey: fileKey, into: &file)
        return armored ? AgeArmor.added(to: file) : file
    }

    private static func open(
        _ binary: [UInt8], _ header: AgeHeader, with fileKey: AgeFileKey
    ) throws(AgeError) -> [UInt8] {
        guard header.isAuthentic(under: fileKey) else { throw .headerAltered }
        return try AgePayload.open(binary[header.length...], fileKey: fileKey)
    }
}
