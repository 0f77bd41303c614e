/// A hash that is the same in every process and release, for the ring of hosts and the keys of consistent hashing
/// (a header, a cookie, the client's address). Not against an adversary: who may choose the key may choose the host.
///
/// FNV-1a over the bytes, then the finaliser of SplitMix64, because FNV alone leaves the high bits of short keys alike
/// and the ring compares whole words. One multiplication a byte, no allocation.
package enum StableHash {
    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return mix(hash)
    }

    /// For configuration time: the host's `address:port`.
    package static func of(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { of(UnsafeRawBufferPointer($0)) }
    }

    /// Spreads every bit of `word` over all bits; a bijection.
    static func mix(_ word: UInt64) -> UInt64 {
        var word = word &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
