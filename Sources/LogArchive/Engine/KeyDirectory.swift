package import Base
package import Envelope

/// The key providers of the rules.
package protocol KeyDirectory: Sendable {
    /// The one that a rule names, for new files.
    func provider(_ settings: EncryptSettings, region: String?) throws(ApusError) -> any KeyProvider
    /// The one that has wrapped the key of a file.
    func provider(for wrapped: WrappedKey) throws(ApusError) -> any KeyProvider
}
