package import Base

/// Who makes data keys and opens them again: a key ring in a file, an environment variable, a command, or a KMS.
///
/// What always holds: a data key is made for one file and never used for another; the plain key is in memory only, as a
/// `DataKey`; what is written is the wrapped one. A provider binds the wrapped key to `context`: with another context it does
/// not open.
package protocol KeyProvider: Sendable {
    /// `kms://prod/log-enc`, `file:/etc/apus/logs.keys`: as it stands in the rule, never with a secret.
    var name: String { get }

    /// A fresh data key for one file.
    func makeDataKey(_ context: EnvelopeContext) async throws(ApusError) -> SealedDataKey
    /// Opens a wrapped key that this provider (an older version of its key included) has made.
    ///
    /// - Throws: `key-unknown` (no such key or version), `key-mismatch` (the wrapped key does not open with it, or belongs to
    ///   another context), `key-provider-failed` (canRetry where the service did not answer).
    func open(_ wrapped: WrappedKey, _ context: EnvelopeContext) async throws(ApusError) -> DataKey
}

/// 32 bytes that must not be seen; it prints `redacted`.
package struct DataKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// - Precondition: 32 bytes.
    package init(_ bytes: [UInt8]) {
        precondition(bytes.count == 32, "a data key has 256 bits")
        self.bytes = bytes
    }

    package func reveal() -> [UInt8] { bytes }
    package var description: String { Secret.placeholder }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What may be written of a data key.
package struct WrappedKey: Sendable, Equatable {
    /// The provider's name.
    package var provider: String
    /// Which key has wrapped it: an ARN, a name.
    package var keyID: String
    /// Which version of that key; empty where the provider does not tell (a KMS keeps it in the ciphertext).
    package var version: String
    package var ciphertext: [UInt8]

    package init(provider: String, keyID: String, version: String, ciphertext: [UInt8]) {
        self.provider = provider
        self.keyID = keyID
        self.version = version
        self.ciphertext = ciphertext
    }
}

package struct SealedDataKey: Sendable {
    package let plain: DataKey
    package let wrapped: WrappedKey

    package init(plain: DataKey, wrapped: WrappedKey) {
        self.plain = plain
        self.wrapped = wrapped
    }
}

/// What a data key is bound to: few, short, printable pairs in order of their names (`file`, `generation`, `host`).
package struct EnvelopeContext: Sendable, Equatable {
    package let pairs: [(name: String, value: String)]

    /// - Parameter pairs: Names are unique; they are put in order here.
    package init(_ pairs: [String: String]) {
        self.pairs = pairs.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    package subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

    package static func == (left: EnvelopeContext, right: EnvelopeContext) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0 == $1 }
    }
}
