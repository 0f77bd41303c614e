/// How a call ended, as far as the breaker cares.
package enum CallOutcome: Hashable, Sendable {
    case success
    case failure
}

/// Counts of calls: of a window, of a bucket, of the trial calls.
package struct CallTally: Hashable, Sendable {
    package internal(set) var calls = 0
    package internal(set) var failed = 0
    package internal(set) var slow = 0
    /// Calls that were both.
    package internal(set) var slowFailed = 0

    package init() {}

    /// One call; `kind` has bit 0 for failed and bit 1 for slow.
    @inline(__always)
    mutating func add(_ kind: UInt8) {
        calls += 1
        failed += Int(kind & 1)
        slow += Int(kind >> 1 & 1)
        slowFailed += Int(kind & kind >> 1 & 1)
    }

    @inline(__always)
    mutating func remove(_ kind: UInt8) {
        calls -= 1
        failed -= Int(kind & 1)
        slow -= Int(kind >> 1 & 1)
        slowFailed -= Int(kind & kind >> 1 & 1)
    }

    /// −1 below `minimum` calls (resilience4j's convention), otherwise percent.
    func rate(of part: Int, minimum: Int) -> Double {
        calls == 0 || calls < minimum ? -1 : Double(part) * 100 / Double(calls)
    }

    /// Which thresholds are reached (equal counts), or nil; never below `minimum` calls.
    func breach(_ policy: CircuitBreakerPolicy, minimum: Int) -> CircuitBreakerTransition.Reason? {
        guard calls > 0, calls >= minimum else { return nil }
        let total = Double(calls)
        let failing = Double(failed) * 100 >= policy.failureRateThreshold * total
        let slowing = Double(slow) * 100 >= policy.slowCallRateThreshold * total
        switch (failing, slowing) {
        case (true, true): return .failureAndSlowCallRate
        case (true, false): return .failureRate
        case (false, true): return .slowCallRate
        case (false, false): return nil
        }
    }
}
