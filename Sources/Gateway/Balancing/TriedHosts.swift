/// The hosts that a request has tried already, so that a retry goes elsewhere. 32 bytes inline; sixteen lanes of 16
/// bits in four words, of which each is searched with five operations.
package struct TriedHosts: Hashable, Sendable {
    /// The last sixteen are remembered.
    package static let capacity = 16

    /// The newest is in the lowest lane of `first`; an insertion shifts all lanes by one. Empty lanes are 0xFFFF, which
    /// no host has (`BalancedHost.maximumCount`).
    private var first = UInt64.max
    private var second = UInt64.max
    private var third = UInt64.max
    private var fourth = UInt64.max

    package init() {}

    package var isEmpty: Bool { first == .max }

    /// `host` is below `BalancedHost.maximumCount`.
    package mutating func insert(_ host: Int) {
        guard !contains(host) else { return }
        fourth = fourth << 16 | third >> 48
        third = third << 16 | second >> 48
        second = second << 16 | first >> 48
        first = first << 16 | UInt64(UInt16(truncatingIfNeeded: host))
    }

    @inline(__always)
    package func contains(_ host: Int) -> Bool {
        let lanes = UInt64(UInt16(truncatingIfNeeded: host)) &* 0x0001_0001_0001_0001
        let found =
            TriedHosts.zeroLanes(first ^ lanes) | TriedHosts.zeroLanes(second ^ lanes)
            | TriedHosts.zeroLanes(third ^ lanes) | TriedHosts.zeroLanes(fourth ^ lanes)
        return found != 0
    }

    /// Not zero exactly when one of the four lanes is zero (Warren, Hacker's Delight, section 6-1).
    @inline(__always)
    private static func zeroLanes(_ word: UInt64) -> UInt64 {
        (word &- 0x0001_0001_0001_0001) & ~word & 0x8000_8000_8000_8000
    }
}
