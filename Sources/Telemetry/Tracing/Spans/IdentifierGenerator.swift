import Synchronization

/// Makes trace and span identifiers: xoshiro256++ (Blackman and Vigna, 2019), seeded once by the kernel's generator, so that
/// a span costs no system call. Identifiers must be spread evenly; they are no secrets.
package final class IdentifierGenerator: Sendable {
    private let state: Mutex<Xoshiro256>

    package convenience init() {
        var system = SystemRandomNumberGenerator()
        self.init(seededBy: &system)
    }

    /// Reproducible for tests: the same generator gives the same identifiers.
    package init(seededBy generator: inout some RandomNumberGenerator) {
        state = Mutex(Xoshiro256(seededBy: &generator))
    }

    /// The first span of a new trace, not sampled yet.
    func root() -> TraceContext {
        state.withLock { random in
            TraceContext(traceID: .random(using: &random), spanID: .random(using: &random), flags: .random)
        }
    }

    func child(of parent: TraceContext) -> TraceContext {
        state.withLock { parent.child(using: &$0) }
    }
}

private struct Xoshiro256: RandomNumberGenerator {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    init(seededBy generator: inout some RandomNumberGenerator) {
        (s0, s1, s2) = (generator.next(), generator.next(), generator.next())
        s3 = generator.next() | 1  // never all zero, the one state that it cannot leave
    }

    mutating func next() -> UInt64 {
        let result = rotated(s0 &+ s3, by: 23) &+ s0
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = rotated(s3, by: 45)
        return result
    }

    private func rotated(_ word: UInt64, by count: UInt64) -> UInt64 {
        word << count | word >> (64 - count)
    }
}
