/// To whom a file is encrypted: the public half of an `AgeIdentity`, written as `age1…`.
package struct AgeRecipient: Hashable, Sendable, CustomStringConvertible {
    private static let prefix = "age"
    static let length = 32

    /// The point of Curve25519 as RFC 7748 writes it: 32 bytes.
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: `badKey`. It never repeats the text, which may be a secret key that was given by mistake.
    package init(_ text: String) throws(AgeError) {
        guard !AgeIdentity.isSecret(text) else {
            throw .badKey(line: nil, reason: "a secret key stands where its recipient (age1…) belongs")
        }
        guard text.hasPrefix("age1") else { throw .badKey(line: nil, reason: "a recipient starts with age1") }
        let decoded: (prefix: String, bytes: [UInt8])
        do throws(Bech32.Failure) {
            decoded = try Bech32.decode(text)
        } catch {
            throw .badKey(line: nil, reason: "the recipient does not read: \(error)")
        }
        guard decoded.prefix == AgeRecipient.prefix else {
            throw .badKey(line: nil, reason: "recipients of this kind are not supported, only X25519 ones")
        }
        guard decoded.bytes.count == AgeRecipient.length else {
            throw .badKey(line: nil, reason: "the recipient is not of \(AgeRecipient.length) bytes")
        }
        bytes = decoded.bytes
    }

    package var description: String { Bech32.encode(prefix: AgeRecipient.prefix, bytes) }
}
