import Base
import Crypto

/// The stanza for a passphrase: the file key wrapped under what scrypt makes of it.
extension AgeStanza {
    static let scryptType = "scrypt"
    /// The largest power of two of work that is done, in either direction: 1 GiB of memory and some seconds.
    static let maximumWorkFactor = 20
    private static let saltLength = 16
    private static let saltLabel = Array("age-encryption.org/v1/scrypt".utf8)

    static func scrypt(
        wrapping fileKey: AgeFileKey, passphrase: Secret, workFactor: Int
    ) throws(AgeError) -> AgeStanza {
        guard !passphrase.isEmpty else { throw .badKey(line: nil, reason: "the passphrase is empty") }
        guard (1...maximumWorkFactor).contains(workFactor) else {
            throw .workFactorTooLarge(workFactor, limit: maximumWorkFactor)
        }
        let salt = randomBytes(saltLength)
        let wrapKey = scryptKey(passphrase, salt: salt, workFactor: workFactor)
        guard let body = fileKey.wrapped(under: wrapKey) else {
            throw .badKey(line: nil, reason: "the passphrase cannot be used")
        }
        let encodedSalt = String(decoding: AgeBase64.encode(salt, padded: false), as: UTF8.self)
        return AgeStanza(arguments: [scryptType, encodedSalt, "\(workFactor)"], body: body)
    }

    /// The file key of this scrypt stanza.
    ///
    /// - Throws: `malformedHeader`, `workFactorTooLarge` (before any work is done), `wrongPassphrase`.
    func fileKey(passphrase: Secret) throws(AgeError) -> AgeFileKey {
        guard arguments.count == 3 else { throw malformed("a scrypt stanza has three arguments") }
        guard let salt = AgeBase64.decode(Array(arguments[1].utf8)[...], padded: false),
            salt.count == AgeStanza.saltLength
        else { throw malformed("the salt is not 16 bytes of canonical base64") }
        // One form of each number: digits that do not start with zero. No sign, which Int(_:) would take.
        guard arguments[2].utf8.allSatisfy({ (0x30...0x39).contains($0) }), !arguments[2].hasPrefix("0"),
            let workFactor = Int(arguments[2])
        else { throw malformed("the work factor is not a decimal number") }
        guard workFactor <= AgeStanza.maximumWorkFactor else {
            throw .workFactorTooLarge(workFactor, limit: AgeStanza.maximumWorkFactor)
        }
        guard body.count == AgeFileKey.wrappedLength else { throw malformed("the body is not of 32 bytes") }
        let wrapKey = AgeStanza.scryptKey(passphrase, salt: salt, workFactor: workFactor)
        guard let key = AgeFileKey.unwrap(body, under: wrapKey) else { throw .wrongPassphrase }
        return key
    }

    private static func scryptKey(_ passphrase: Secret, salt: [UInt8], workFactor: Int) -> SymmetricKey {
        SymmetricKey(
            data: Scrypt.deriveKey(
                Array(passphrase.reveal().utf8), salt: saltLabel + salt, logarithmOfCost: workFactor, blockSize: 8,
                parallelism: 1, length: 32))
    }
}

extension AgeHeader {
    /// The one stanza of a file that is encrypted with a passphrase; nil for a file without any.
    ///
    /// - Throws: `malformedHeader` when there are others beside it: who knows the passphrase vouches for the file, and
    ///   another recipient would break that.
    func scryptStanza() throws(AgeError) -> AgeStanza? {
        guard let stanza = stanzas.first(where: { $0.type == AgeStanza.scryptType }) else { return nil }
        guard stanzas.count == 1 else { throw stanza.malformed("a scrypt stanza has no other beside it") }
        return stanza
    }

    /// - Throws: `noPassphrase` when the file is for keys, or what `AgeStanza.fileKey(passphrase:)` throws.
    func fileKey(for passphrase: Secret) throws(AgeError) -> AgeFileKey {
        guard let stanza = try scryptStanza() else { throw .noPassphrase }
        return try stanza.fileKey(passphrase: passphrase)
    }
}
