import Base
import Crypto

/// A secret key that decrypts what was encrypted to its recipient; `age-keygen` makes the same.
///
/// It shows itself to nobody but the caller of `reveal()`: descriptions, dumps and errors say `redacted`, or nothing.
package struct AgeIdentity: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Of one identity file.
    package static let maximumCount = 128
    private static let prefix = "age-secret-key-"

    let key: Curve25519.KeyAgreement.PrivateKey
    /// Derived once, because each attempt at a stanza needs it.
    package let recipient: AgeRecipient

    private init(_ key: Curve25519.KeyAgreement.PrivateKey) {
        self.key = key
        recipient = AgeRecipient(bytes: Array(key.publicKey.rawRepresentation))
    }

    /// A new one, from the system's generator.
    package static func generate() -> AgeIdentity { AgeIdentity(Curve25519.KeyAgreement.PrivateKey()) }

    /// Reads one `AGE-SECRET-KEY-1…`, in upper case as age writes it.
    ///
    /// - Throws: `badKey`, which says what is wrong and nothing of the text.
    package init(_ text: String) throws(AgeError) {
        try self.init(text, line: nil)
    }

    private init(_ text: String, line: Int?) throws(AgeError) {
        if let reason = AgeIdentity.mistake(text) { throw .badKey(line: line, reason: reason) }
        let decoded: (prefix: String, bytes: [UInt8])
        do throws(Bech32.Failure) {
            decoded = try Bech32.decode(text)
        } catch {
            throw .badKey(line: line, reason: "the secret key does not read: \(error)")
        }
        guard decoded.prefix == AgeIdentity.prefix else {
            throw .badKey(line: line, reason: "secret keys of this kind are not supported, only X25519 ones")
        }
        guard let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: decoded.bytes) else {
            throw .badKey(line: line, reason: "the secret key is not of 32 bytes")
        }
        self.init(key)
    }

    /// What `text` is, where it is plainly something else than a secret key.
    private static func mistake(_ text: String) -> String? {
        if text.hasPrefix("age1") { return "a recipient stands where the secret key belongs" }
        if text.hasPrefix("AGE-PLUGIN-") { return "plugins are not supported" }
        if text.hasPrefix("-----BEGIN") { return "an age identity starts with AGE-SECRET-KEY-1; PEM is not one" }
        return text.hasPrefix("AGE-SECRET-KEY-") ? nil : "an age identity starts with AGE-SECRET-KEY-1"
    }

    /// Reads an identity file: one secret key a line, empty lines, and comments from `#` at the start of a line.
    ///
    /// - Returns: At least one, in the order of the file.
    /// - Throws: `badKey` with the line.
    package static func parse(identityFile: String) throws(AgeError) -> [AgeIdentity] {
        var identities = [AgeIdentity]()
        let lines = identityFile.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            let line = String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard identities.count < maximumCount else {
                throw .badKey(line: index + 1, reason: "more than \(maximumCount) identities")
            }
            identities.append(try AgeIdentity(line, line: index + 1))
        }
        guard !identities.isEmpty else { throw .badKey(line: nil, reason: "there is no identity") }
        return identities
    }

    /// Whether `text` looks like a secret key, whole or not.
    static func isSecret(_ text: String) -> Bool { text.lowercased().hasPrefix(prefix) }

    /// The secret key itself, `AGE-SECRET-KEY-1…`. Call it only where it is written to its file.
    package func reveal() -> String {
        Bech32.encode(prefix: AgeIdentity.prefix, key.rawRepresentation.map { $0 }).uppercased()
    }

    package var description: String { Secret.placeholder }
    package var debugDescription: String { Secret.placeholder }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
