/// Tells whether two decoded sections are the same, secrets included, without telling what they are.
///
/// It is 128 bits of SHA-256 over a key and the values in canonical form. The key is 32 random bytes of this process,
/// so that nobody who sees a fingerprint can try guesses of a password against it; fingerprints therefore compare only
/// within one process, which is all that a reload needs.
///
/// Canonical form: a tag byte for the kind, the length in eight bytes (big endian), then the UTF-8 text, or the members
/// one after the other, a mapping's as key and value.
package struct SettingsFingerprint: Hashable, Sendable, CustomStringConvertible {
    private static let processKey = (0..<32).map { _ in UInt8.random(in: .min ... .max) }

    private let high: UInt64
    private let low: UInt64

    init(of value: RenderedValue, key: [UInt8] = SettingsFingerprint.processKey) {
        var bytes = key
        SettingsFingerprint.append(value, to: &bytes)
        let digest = SHA256.digest(bytes)
        high = digest.words.0
        low = digest.words.1
    }

    package var description: String { "fingerprint" }

    private static func append(_ value: RenderedValue, to bytes: inout [UInt8]) {
        switch value {
        case .literal(let text): append(1, text, to: &bytes)
        case .text(let text): append(2, text, to: &bytes)
        case .written(let text): append(3, text, to: &bytes)
        case .redacted: bytes.append(4)
        case .list(let items):
            append(5, count: items.count, to: &bytes)
            for item in items { append(item, to: &bytes) }
        case .map(let pairs):
            append(6, count: pairs.count, to: &bytes)
            for (key, value) in pairs {
                append(2, key, to: &bytes)
                append(value, to: &bytes)
            }
        }
    }

    private static func append(_ tag: UInt8, _ text: String, to bytes: inout [UInt8]) {
        append(tag, count: text.utf8.count, to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    private static func append(_ tag: UInt8, count: Int, to bytes: inout [UInt8]) {
        bytes.append(tag)
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
    }
}
