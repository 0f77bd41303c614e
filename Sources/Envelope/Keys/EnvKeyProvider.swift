package import Base
import Crypto

/// `env:APUS_LOG_KEY`: wrapping keys in an environment variable, for containers that are given their secrets so.
///
/// The value is one key, 32 bytes in Base64 or 64 hexadecimal digits, whose version is empty; or several as
/// `version=key`, separated by commas, the newest first: `2=q83v…=,1=AAEC…=`. A version has 1 to 32 characters of `a-z
/// 0-9 . _ -`.
package struct EnvKeyProvider: LocalKeyWrapper {
    private static let maximumKeys = 100
    private static let versionBytes = 32

    package let name: String
    private let variable: String
    private let keys: [(version: String, key: SymmetricKey)]

    /// - Throws: `ApusError` `key-provider-bad`, which says what is wrong and nothing of the value.
    package init(variable: String, environment: [String: String]) throws(ApusError) {
        guard let value = environment[variable], !value.isEmpty else {
            throw EnvKeyProvider.bad(variable, "it is not set")
        }
        name = "env:\(variable)"
        self.variable = variable
        keys = try EnvKeyProvider.parse(value, variable)
    }

    func wrap(_ key: DataKey, _ context: EnvelopeContext) async throws(ApusError) -> WrappedKey {
        let newest = keys[0]
        return try KeyWrap.wrap(
            key, under: newest.key, provider: name, keyID: variable, version: newest.version, context)
    }

    package func open(_ wrapped: WrappedKey, _ context: EnvelopeContext) async throws(ApusError) -> DataKey {
        guard wrapped.keyID == variable, let entry = keys.first(where: { $0.version == wrapped.version }) else {
            throw KeyWrap.unknown(wrapped, name)
        }
        return try KeyWrap.open(wrapped, under: entry.key, context)
    }

    private static func parse(
        _ value: String, _ variable: String
    ) throws(ApusError) -> [(version: String, key: SymmetricKey)] {
        // A key in Base64 ends in `=`, too: one alone is tried first.
        if let bytes = KeyText.key(value) { return [("", SymmetricKey(data: bytes))] }
        var keys: [(version: String, key: SymmetricKey)] = []
        for (index, part) in value.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            guard index < maximumKeys else { throw bad(variable, "it holds more than \(maximumKeys) keys") }
            guard let equals = part.firstIndex(of: "="),
                FieldBounds.isName(String(part[..<equals]), limit: versionBytes),
                let bytes = KeyText.key(String(part[part.index(after: equals)...]))
            else {
                throw bad(
                    variable,
                    "its key \(index + 1) is neither 32 bytes in Base64 or hexadecimal, nor `version=` and those")
            }
            let version = String(part[..<equals])
            guard !keys.contains(where: { $0.version == version }) else {
                throw bad(variable, "its key \(index + 1) has the version of another one")
            }
            keys.append((version, SymmetricKey(data: bytes)))
        }
        return keys
    }

    private static func bad(_ variable: String, _ reason: String) -> ApusError {
        ApusError(
            code: "key-provider-bad", "the environment variable \(variable) holds no keys: \(reason)",
            kind: .declaration)
    }
}
