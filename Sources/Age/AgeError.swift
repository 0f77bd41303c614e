package import Base

/// Why a file could not be encrypted or decrypted. No case carries a key, a passphrase or plaintext.
package enum AgeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It starts with neither an age header nor an age armor.
    case notAnAgeFile
    /// It says that it is of another version of the format than `v1`.
    case unsupportedVersion(String)
    /// A line of the header (counted from 1, in the binary file) is not as the format has it.
    case malformedHeader(line: Int, reason: String)
    /// More than 64 KiB of header.
    case headerTooLarge
    /// The file is sound so far, but for other keys.
    case noIdentityMatches
    /// The file is for a passphrase, and keys were given.
    case passphraseRequired
    /// The file is for keys, and a passphrase was given.
    case noPassphrase
    case wrongPassphrase
    /// The file asks for more scrypt work than `limit` (both powers of two).
    case workFactorTooLarge(Int, limit: Int)
    /// The header's HMAC does not fit: somebody changed the header who does not have the file key.
    case headerAltered
    /// A chunk of the payload does not fit its tag. Where bytes are cut from or added to the last, short chunk, it
    /// looks the same.
    case payloadAltered
    /// The file ends too early.
    case truncated
    /// Bytes follow the final chunk.
    case trailingData
    /// A line of the armor (counted from 1) is not as the format has it.
    case badArmor(line: Int, reason: String)
    /// A key does not parse. `line` is that of an identity file, counted from 1, where there is one.
    case badKey(line: Int?, reason: String)
    case noRecipients
    case tooManyRecipients(limit: Int)

    package var description: String {
        switch self {
        case .notAnAgeFile: "not an age file"
        case .unsupportedVersion(let version): "an age file of version \(version), and only v1 is understood"
        case .malformedHeader(let line, let reason): "the age header is malformed: line \(line): \(reason)"
        case .headerTooLarge: "the age header is larger than \(AgeHeader.maximumLength) bytes"
        case .noIdentityMatches: "no identity matches: the file is encrypted to other keys"
        case .passphraseRequired: "the file is encrypted with a passphrase, not to a key"
        case .noPassphrase: "the file is encrypted to keys, not with a passphrase"
        case .wrongPassphrase: "the passphrase is wrong"
        case .workFactorTooLarge(let factor, let limit):
            "the scrypt work factor is 2^\(factor), and at most 2^\(limit) is done"
        case .headerAltered: "the age header was altered"
        case .payloadAltered: "the encrypted content was altered"
        case .truncated: "the age file is cut short"
        case .trailingData: "there are bytes after the end of the age file"
        case .badArmor(let line, let reason): "the age armor is malformed: line \(line): \(reason)"
        case .badKey(let line, let reason): line.map { "line \($0): \(reason)" } ?? reason
        case .noRecipients: "there is no recipient to encrypt to"
        case .tooManyRecipients(let limit): "there are more than \(limit) recipients"
        }
    }

    /// One constant, searchable word.
    package var code: String {
        switch self {
        case .notAnAgeFile: "age-not-a-file"
        case .unsupportedVersion: "age-version"
        case .malformedHeader, .headerTooLarge: "age-header-malformed"
        case .noIdentityMatches: "age-no-identity"
        case .passphraseRequired: "age-passphrase-required"
        case .noPassphrase: "age-no-passphrase"
        case .wrongPassphrase: "age-wrong-passphrase"
        case .workFactorTooLarge: "age-work-factor"
        case .headerAltered: "age-header-altered"
        case .payloadAltered: "age-payload-altered"
        case .truncated: "age-truncated"
        case .trailingData: "age-trailing-data"
        case .badArmor: "age-armor"
        case .badKey: "age-key"
        case .noRecipients, .tooManyRecipients: "age-recipients"
        }
    }

    /// The error for an operator; `name` is the file that it is about.
    package func asApusError(_ name: String, kind: ApusError.Kind = .declaration) -> ApusError {
        ApusError(code: code, "\(name): \(self)", kind: kind)
    }
}
