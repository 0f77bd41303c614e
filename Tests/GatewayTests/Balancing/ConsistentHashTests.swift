import Base
import TestKit
import Testing

@testable import Gateway

private let now = MonotonicInstant(nanoseconds: 1_000_000_000)

@Suite struct ConsistentHashTests {
    private let keys = (0..<2000).map { StableHash.of("user-\($0)") }

    private func balancer(_ hosts: [BalancedHost], board: HostBoard? = nil, panic: Double = 0) -> Balancer {
        Balancer(
            hosts, BalancingPolicy(.consistentHash, panicThresholdPercent: panic),
            board: board ?? HostBoard(count: hosts.count), seed: 1)
    }

    /// Each key's host, by the host's own key, so that lists in another order compare.
    private func owners(_ hosts: [BalancedHost], unusable: Set<Int> = []) -> [UInt64] {
        let board = HostBoard(count: hosts.count)
        for host in unusable { board.set(.unhealthy, true, host: host, now: now) }
        var balancer = balancer(hosts, board: board)
        return keys.map { hosts[balancer.pick(key: $0, now: now)?.host ?? 0].key }
    }

    @Test(arguments: [[1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 2, 1, 7]])
    func aHostThatGoesMovesOnlyItsOwnKeys(weights: [Int]) {
        let hosts = group(weights)
        let before = owners(hosts)
        for gone in hosts.indices {
            let after = owners(hosts.enumerated().filter { $0.offset != gone }.map(\.element).reversed())
            for (old, new) in zip(before, after) where old != hosts[gone].key {
                verify(old == new, "a key of another host moved when \(gone) went")
            }
            #expect(!after.contains(hosts[gone].key))
        }
    }

    /// Stepping over an unusable host gives the ring without it.
    @Test func anUnusableHostIsAsGoodAsGone() {
        for seed in UInt64(0)..<10 {
            var generator = SeededGenerator(seed: seed)
            let hosts = group((0..<9).map { _ in Int.random(in: 1...3, using: &generator) })
            var unusable = Set(hosts.indices.filter { _ in Bool.random(using: &generator) })
            unusable.remove(4)
            let rest = hosts.indices.filter { !unusable.contains($0) }.map { hosts[$0] }
            #expect(owners(hosts, unusable: unusable) == owners(rest), "seed \(seed)")
        }
    }

    /// One key in ten, give or take the spread of the ring.
    @Test func aHostThatComesTakesOnlyItsShare() {
        let hosts = group([Int](repeating: 1, count: 10))
        let before = owners(Array(hosts.dropLast()))
        let after = owners(hosts)
        let moved = zip(before, after).count { $0 != $1 }
        #expect(zip(before, after).allSatisfy { $0 == $1 || $1 == hosts[9].key })
        #expect(moved > 0 && moved < keys.count * 15 / 100, "\(moved) of \(keys.count) keys moved")
    }

    /// Points are halved until they fit: the shares are rougher, the rule is the same.
    @Test func aHeavyGroupFitsIntoTheRing() {
        let hosts = group([500, 500, 1000])
        let ring = HashRing(hosts, maximumPoints: 600)
        let before = keys.compactMap { ring.host(of: $0) { _ in true } }
        let counts = (0..<3).map { host in before.count { $0 == host } }
        #expect(counts[2] > counts[0] && counts[2] > counts[1], "\(counts)")
        #expect(counts.allSatisfy { $0 > keys.count / 8 }, "\(counts)")
        for (key, owner) in zip(keys, before) where owner != 0 {
            verify(ring.host(of: key) { $0 != 0 } == owner, "a key of another host moved")
        }
    }

    @Test func withoutAKeyAnyHostServes() {
        var balancer = balancer(group([1, 1, 1, 1]))
        let used = Set((0..<200).compactMap { _ in balancer.pick(now: now)?.host })
        #expect(used.count == 4)
    }

    @Test func aRetryGoesToTheNextHostOfTheKeyEachTime() {
        var balancer = balancer(group([1, 1, 1, 1]))
        for key in keys.prefix(200) {
            let first = balancer.pick(key: key, now: now)?.host ?? 0
            var tried = TriedHosts()
            tried.insert(first)
            let second = balancer.pick(key: key, tried: tried, now: now)
            #expect(second?.host != first)
            #expect(balancer.pick(key: key, tried: tried, now: now) == second)
        }
    }

    /// Written down once: these must not change from release to release, or all caches behind a ring turn cold.
    @Test(
        arguments: [
            ("", 0xC381_7C01_6BA4_FF30), ("a", 0x5F29_C2AA_DD9B_8527), ("10.0.0.1:80", 0xDF1D_561F_BD00_135A),
        ] as [(String, UInt64)])
    func hashesAreStable(text: String, hash: UInt64) {
        #expect(StableHash.of(text) == hash)
    }
}
