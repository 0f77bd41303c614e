package import Base
import Crypto

/// Wrapping keys in versions: the newest wraps, every one opens. As text (a file of mode 0600, see `KeyRingFile`):
///
///     # comments and empty lines mean nothing
///     ring 5b0c1e9a7f3d2468                      the ring's id: 16 hexadecimal digits, made with it
///     key 2 2026-11-28T13:00:00.000Z q83v…=      version, when it was made, 32 bytes in Base64; the newest first
///     key 1 2026-01-01T00:00:00.000Z AAEC…=
///
/// A version's number is never used again. Bound: 1,000 versions.
package struct KeyRing: Sendable, CustomStringConvertible, CustomReflectable {
    static let maximumVersions = 1000

    struct Entry: Sendable {
        let version: Int
        let created: String
        let key: SymmetricKey
    }

    /// What tells this ring from others: the key id of what it wraps.
    package let id: String
    /// The newest first.
    private(set) var entries: [Entry]

    /// A new ring with version 1.
    package init(now: WallInstant) {
        id = KeyText.hexadecimal(Random.bytes(8))
        entries = [Entry(version: 1, created: now.rfc3339, key: SymmetricKey(size: .bits256))]
    }

    /// - Precondition: At least one entry, the newest first.
    init(id: String, entries: [Entry]) {
        self.id = id
        self.entries = entries
    }

    /// Versions, the newest first.
    package var versions: [Int] { entries.map(\.version) }

    /// Versions with when each was made, the newest first.
    package var history: [(version: Int, created: String)] { entries.map { ($0.version, $0.created) } }

    /// Adds a version, which becomes the newest.
    ///
    /// - Throws: `ApusError` `key-ring-full`.
    package mutating func rotate(now: WallInstant) throws(ApusError) {
        guard entries.count < KeyRing.maximumVersions, let newest = entries.first, newest.version < 999_999 else {
            throw ApusError(code: "key-ring-full", "a key ring has at most \(KeyRing.maximumVersions) versions")
        }
        let entry = Entry(version: newest.version + 1, created: now.rfc3339, key: SymmetricKey(size: .bits256))
        entries.insert(entry, at: 0)
    }

    /// Wraps by the newest version.
    func wrap(
        _ key: DataKey, provider: String, _ context: EnvelopeContext
    ) throws(ApusError) -> WrappedKey {
        let newest = entries[0]
        return try KeyWrap.wrap(
            key, under: newest.key, provider: provider, keyID: id, version: String(newest.version), context)
    }

    /// - Throws: `ApusError` `key-unknown` or `key-mismatch`.
    func open(
        _ wrapped: WrappedKey, provider: String, _ context: EnvelopeContext
    ) throws(ApusError) -> DataKey {
        guard wrapped.keyID == id, let entry = entries.first(where: { String($0.version) == wrapped.version }) else {
            throw KeyWrap.unknown(wrapped, provider)
        }
        return try KeyWrap.open(wrapped, under: entry.key, context)
    }

    /// The secret text itself. Call it only where it is written to its file.
    package func reveal() -> String {
        var text = "# Keys of sealed logs (docs/log-format.md). Keep it secret and keep a copy elsewhere:\n"
        text += "# what it has sealed opens with nothing else.\nring \(id)\n"
        for entry in entries {
            let key = entry.key.withUnsafeBytes { Array($0) }
            text += "key \(entry.version) \(entry.created) \(KeyText.base64(key))\n"
        }
        return text
    }

    package var description: String { "key ring \(id) (\(Secret.placeholder))" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
