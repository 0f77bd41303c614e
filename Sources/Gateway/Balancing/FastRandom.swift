/// SplitMix64 as a worker's own source of chance: a few nanoseconds and no system call, where the system's generator
/// costs a hundred. For spreading load, never for secrets.
package struct FastRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        let word = StableHash.mix(state)
        state &+= 0x9E37_79B9_7F4A_7C15
        return word
    }

    /// Uniform in 0 ..< bound; the bias of one multiplication is below bound / 2^64. `bound` is at least 1.
    mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// Uniform in [0, 1), 53 bits.
    mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}
