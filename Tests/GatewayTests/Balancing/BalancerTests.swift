import Base
import Gateway
import TestKit
import Testing

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

/// A group of hosts with these weights; host `i` has the key of `10.0.0.i`.
func group(_ weights: [Int]) -> [BalancedHost] {
    weights.enumerated().map { BalancedHost(key: StableHash.of("10.0.0.\($0.offset):80"), weight: $0.element) }
}

@Suite struct BalancerTests {
    @Test(arguments: BalancingPolicy.Algorithm.allCases, [[1], [1, 1, 1], [5, 1, 1], [3, 2, 1, 10], [1, 1000]])
    func sharesByWeight(algorithm: BalancingPolicy.Algorithm, weights: [Int]) {
        let board = HostBoard(count: weights.count)
        var balancer = Balancer(group(weights), BalancingPolicy(algorithm), board: board, seed: 11)
        let total = weights.reduce(0, +)
        let picks = 10_000 / total * total
        var counts = [Int](repeating: 0, count: weights.count)
        for _ in 0..<picks { counts[balancer.pick(now: start)?.host ?? 0] += 1 }
        for (host, weight) in weights.enumerated() {
            let share = Double(weight) / Double(total)
            let expected = Double(picks) * share
            let chance = (Double(picks) * share * (1 - share)).squareRoot()
            let tolerance: Double =
                switch algorithm {
                case .roundRobin: 1
                case .random, .leastRequests: 5 * chance
                // The ring's shares are random themselves: 1 / √256 for each unit of weight.
                case .consistentHash: 5 * chance + 0.3 * expected
                }
            #expect(abs(Double(counts[host]) - expected) <= tolerance, "\(algorithm) \(weights): \(counts)")
        }
    }

    @Test func equalHostsTakeTurns() {
        let board = HostBoard(count: 5)
        var balancer = Balancer(group([1, 1, 1, 1, 1]), BalancingPolicy(.roundRobin), board: board, seed: 3)
        for _ in 0..<20 {
            let round = (0..<5).compactMap { _ in balancer.pick(now: start)?.host }
            #expect(Set(round).count == 5, "\(round)")
        }
    }

    /// Not `aaaaabb`: within any stretch of a whole round each host comes as often as its weight says, give or take
    /// one.
    @Test(arguments: [[5, 1, 1], [2, 3, 7], [1, 9, 9, 1]])
    func aHeavyHostIsSpreadOut(weights: [Int]) {
        let board = HostBoard(count: weights.count)
        var balancer = Balancer(group(weights), BalancingPolicy(.roundRobin), board: board, seed: 3)
        let total = weights.reduce(0, +)
        let picks = (0..<(total * 20)).compactMap { _ in balancer.pick(now: start)?.host }
        for first in 0...(picks.count - total) {
            for (host, weight) in weights.enumerated() {
                let count = picks[first..<(first + total)].count { $0 == host }
                verify(abs(count - weight) <= 1, "\(weights) at \(first): \(picks[first..<(first + total)])")
            }
        }
    }

    @Test func workersBeginAtDifferentHosts() {
        let board = HostBoard(count: 8)
        let prototype = Balancer(
            group([Int](repeating: 1, count: 8)), BalancingPolicy(.roundRobin), board: board, seed: 0)
        let firsts = (1...40).compactMap { seed -> Int? in
            var worker = prototype.copy(seed: UInt64(seed))
            return worker.pick(now: start)?.host
        }
        #expect(Set(firsts).count >= 6, "\(firsts)")
    }

    /// (usable, of, threshold) → panic
    @Test(arguments: [
        (4, 4, 50.0, false), (2, 4, 50.0, false), (1, 4, 50.0, true), (0, 4, 50.0, true), (0, 4, 0.0, false),
        (1, 4, 0.0, false), (3, 4, 100.0, true), (4, 4, 100.0, false), (1, 3, 33.0, false), (1, 3, 34.0, true),
    ])
    func panics(usable: Int, count: Int, threshold: Double, isPanic: Bool) {
        for algorithm in BalancingPolicy.Algorithm.allCases {
            let board = HostBoard(count: count)
            for host in usable..<count {
                board.set(host.isMultiple(of: 2) ? .unhealthy : .ejected, true, host: host, now: start)
            }
            let policy = BalancingPolicy(algorithm, panicThresholdPercent: threshold)
            var balancer = Balancer(group([Int](repeating: 1, count: count)), policy, board: board, seed: 5)
            var seen: Set<Int> = []
            for _ in 0..<100 {
                if let pick = balancer.pick(now: start) {
                    seen.insert(pick.host)
                    verify(pick.isPanic == isPanic, "\(pick)")
                }
            }
            #expect(seen == Set(0..<(isPanic ? count : usable)), "\(algorithm)")
            #expect(balancer.usableCount == usable)
            #expect(balancer.isPanicking == isPanic)
        }
    }

    @Test(arguments: BalancingPolicy.Algorithm.allCases)
    func aDrainingHostIsNotUsedEvenInAPanic(algorithm: BalancingPolicy.Algorithm) {
        let board = HostBoard(count: 3)
        board.set(.draining, true, host: 0, now: start)
        board.set(.unhealthy, true, host: 1, now: start)
        board.set(.unhealthy, true, host: 2, now: start)
        var balancer = Balancer(group([1, 1, 1]), BalancingPolicy(algorithm), board: board, seed: 5)
        let hosts = Set((0..<100).compactMap { _ in balancer.pick(now: start)?.host })
        #expect(hosts == [1, 2])
    }

    /// Of two hosts always the less loaded; a host of weight 2 may carry twice as much.
    @Test(arguments: [([1, 1], [3, 2], 1), ([1, 1], [2, 3], 0), ([2, 1], [3, 2], 0), ([2, 1], [5, 2], 1)])
    func leastRequestsTakesTheLessLoaded(weights: [Int], active: [Int], expected: Int) {
        let board = HostBoard(count: 2)
        for (host, count) in active.enumerated() { for _ in 0..<count { board.began(host) } }
        var balancer = Balancer(group(weights), BalancingPolicy(.leastRequests), board: board, seed: 7)
        for _ in 0..<100 { #expect(balancer.pick(now: start)?.host == expected) }
    }

    /// Two distinct hosts of n are drawn: rank r (0 the least loaded) is picked with 2(n−1−r) / n(n−1).
    @Test func leastRequestsIsThePowerOfTwoChoices() {
        let count = 6
        let board = HostBoard(count: count)
        for host in 0..<count { for _ in 0..<host { board.began(host) } }
        var balancer = Balancer(
            group([Int](repeating: 1, count: count)), BalancingPolicy(.leastRequests), board: board, seed: 9)
        let picks = 30_000
        var counts = [Int](repeating: 0, count: count)
        for _ in 0..<picks { counts[balancer.pick(now: start)?.host ?? 0] += 1 }
        for rank in 0..<count {
            let share = 2 * Double(count - 1 - rank) / Double(count * (count - 1))
            let tolerance = 5 * (Double(picks) * share * (1 - share)).squareRoot()
            #expect(abs(Double(counts[rank]) - Double(picks) * share) <= tolerance, "\(counts)")
        }
    }

    /// A host that came back a tenth of the window ago has a tenth of a share; after the window a whole one.
    @Test(arguments: [BalancingPolicy.Algorithm.roundRobin, .random, .leastRequests])
    func aReturningHostStartsSlowly(algorithm: BalancingPolicy.Algorithm) {
        let board = HostBoard(count: 4)
        let policy = BalancingPolicy(algorithm, slowStart: SlowStart(window: .seconds(100)))
        var balancer = Balancer(group([1, 1, 1, 1]), policy, board: board, seed: 13)
        board.set(.unhealthy, true, host: 2, now: start)
        #expect(balancer.pick(now: start) != nil)
        board.set(.unhealthy, false, host: 2, now: start)
        for (seconds, share) in [(10, 0.1 / 3.1), (50, 0.5 / 3.5), (100, 0.25)] {
            let now = start.advanced(by: .seconds(seconds))
            let picks = 15_500
            var count = 0
            for _ in 0..<picks where balancer.pick(now: now)?.host == 2 { count += 1 }
            let tolerance = 5 * (Double(picks) * share * (1 - share)).squareRoot() + 1
            #expect(
                abs(Double(count) - Double(picks) * share) <= tolerance, "\(algorithm) after \(seconds) s: \(count)")
        }
    }

    @Test(arguments: BalancingPolicy.Algorithm.allCases)
    func anEmptyGroupHasNoHost(algorithm: BalancingPolicy.Algorithm) {
        var balancer = Balancer([], BalancingPolicy(algorithm), board: HostBoard(count: 0), seed: 1)
        #expect(balancer.pick(now: start) == nil)
    }
}
