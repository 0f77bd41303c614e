import Crypto

/// The stanza for a key: the file key wrapped under what an ephemeral key and the recipient's agree on.
extension AgeStanza {
    private static let x25519Type = "X25519"
    private static let info = Array("age-encryption.org/v1/X25519".utf8)
    static let shareLength = 32

    /// - Throws: `badKey` when the recipient is a point of low order, with which everybody agrees on zero.
    static func x25519(wrapping fileKey: AgeFileKey, for recipient: AgeRecipient) throws(AgeError) -> AgeStanza {
        let ephemeral = Curve25519.KeyAgreement.PrivateKey()
        let share = Array(ephemeral.publicKey.rawRepresentation)
        guard let point = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: recipient.bytes),
            let secret = agreed(ephemeral, point),
            let body = fileKey.wrapped(under: wrapKey(secret, share: share, recipient: recipient.bytes))
        else { throw .badKey(line: nil, reason: "the recipient \(recipient) is no usable key") }
        return AgeStanza(
            arguments: [x25519Type, String(decoding: AgeBase64.encode(share, padded: false), as: UTF8.self)],
            body: body)
    }

    /// The ephemeral share of an X25519 stanza; nil for a stanza of another type.
    ///
    /// - Throws: `malformedHeader` for a stanza that says X25519 and is not as the specification has it.
    func x25519Share() throws(AgeError) -> Curve25519.KeyAgreement.PublicKey? {
        guard type == AgeStanza.x25519Type else { return nil }
        guard arguments.count == 2 else { throw malformed("an X25519 stanza has two arguments") }
        guard let share = AgeBase64.decode(Array(arguments[1].utf8)[...], padded: false),
            share.count == AgeStanza.shareLength,
            let point = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: share)
        else { throw malformed("the share is not 32 bytes of canonical base64") }
        guard body.count == AgeFileKey.wrappedLength else { throw malformed("the body is not of 32 bytes") }
        return point
    }

    /// The file key, if this stanza, whose share is `share`, is for `identity`.
    func fileKey(
        share: Curve25519.KeyAgreement.PublicKey, for identity: AgeIdentity
    ) throws(AgeError) -> AgeFileKey? {
        guard let secret = AgeStanza.agreed(identity.key, share) else {
            throw malformed("the share is a point of low order")
        }
        let wrapKey = AgeStanza.wrapKey(
            secret, share: Array(share.rawRepresentation), recipient: identity.recipient.bytes)
        return AgeFileKey.unwrap(body, under: wrapKey)
    }

    /// What both keys agree on; nil when it is zero, because `point` is of low order and everybody agrees on that with
    /// it. The specification demands the check, and swift-crypto leaves it to its caller.
    private static func agreed(
        _ key: Curve25519.KeyAgreement.PrivateKey, _ point: Curve25519.KeyAgreement.PublicKey
    ) -> SharedSecret? {
        guard let secret = try? key.sharedSecretFromKeyAgreement(with: point) else { return nil }
        return secret.withUnsafeBytes { bytes in bytes.reduce(0, |) } == 0 ? nil : secret
    }

    private static func wrapKey(_ secret: SharedSecret, share: [UInt8], recipient: [UInt8]) -> SymmetricKey {
        secret.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: share + recipient, sharedInfo: info, outputByteCount: 32)
    }
}

extension AgeHeader {
    /// The file key, out of the first stanza that is for one of `identities`.
    ///
    /// - Throws: `noIdentityMatches`, `passphraseRequired`, `malformedHeader`.
    func fileKey(for identities: [AgeIdentity]) throws(AgeError) -> AgeFileKey {
        if try scryptStanza() != nil { throw .passphraseRequired }
        // All of them are read before any is tried: a malformed one makes the file malformed, whomever it is for.
        var candidates = [(stanza: AgeStanza, share: Curve25519.KeyAgreement.PublicKey)]()
        for stanza in stanzas {
            if let share = try stanza.x25519Share() { candidates.append((stanza, share)) }
        }
        for candidate in candidates {
            for identity in identities {
                if let key = try candidate.stanza.fileKey(share: candidate.share, for: identity) { return key }
            }
        }
        throw .noIdentityMatches
    }
}
