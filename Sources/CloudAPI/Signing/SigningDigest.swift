import Crypto

/// The hash functions of both signatures.
package enum SigningDigest {
    package static func sha256(_ bytes: [UInt8]) -> String { Hex.encode(SHA256.hash(data: bytes)) }

    static func mac(_ key: some Sequence<UInt8>, _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: Array(key))))
    }

    /// The key of a day, region and service, derived step by step.
    static func key(_ secret: String, _ steps: [String]) -> [UInt8] {
        steps.reduce(Array(secret.utf8)) { mac($0, $1) }
    }
}
