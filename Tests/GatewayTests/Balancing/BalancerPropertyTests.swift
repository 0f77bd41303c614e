import Base
import TestKit
import Testing

@testable import Gateway

/// Random marks, refusals and tries, against the set of hosts that may be picked.
@Suite struct BalancerPropertyTests {
    @Test(arguments: BalancingPolicy.Algorithm.allCases)
    func picksExactlyWhatMayBePicked(algorithm: BalancingPolicy.Algorithm) {
        for seed in UInt64(0)..<(algorithm == .consistentHash ? 8 : 30) {
            var generator = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...16, using: &generator)
            let weights = (0..<count).map { _ in Int.random(in: 1...3, using: &generator) }
            let threshold = Double([0, 30, 50, 100].randomElement(using: &generator) ?? 50)
            let board = HostBoard(count: count)
            let policy = BalancingPolicy(
                algorithm, panicThresholdPercent: threshold, slowStart: SlowStart(window: .seconds(5)))
            var balancer = Balancer(group(weights), policy, board: board, seed: seed)
            var now = MonotonicInstant(nanoseconds: 0)
            for step in 0..<150 {
                now = now.advanced(by: .milliseconds(Int.random(in: 0...900, using: &generator)))
                change(board, now: now, &generator)
                let refused = subset(of: count, &generator)
                var tried = TriedHosts()
                for host in subset(of: count, &generator).prefix(TriedHosts.capacity) { tried.insert(host) }
                let pick = balancer.pick(
                    key: UInt64.random(in: 0...3, using: &generator), tried: tried, now: now,
                    allows: { !refused.contains($0) })
                let (allowed, isPanic) = expected(board, threshold: threshold, refused: refused)
                let fresh = allowed.filter { !tried.contains($0) }
                let place = "seed \(seed), step \(step)"
                verify((pick == nil) == allowed.isEmpty, "\(place)")
                guard let pick else { continue }
                verify(pick.isPanic == isPanic, "\(place)")
                verify(pick.isRepeat == fresh.isEmpty, "\(place)")
                verify((fresh.isEmpty ? allowed : fresh).contains(pick.host), "\(place): \(pick)")
            }
        }
    }

    private func expected(_ board: HostBoard, threshold: Double, refused: Set<Int>) -> (Set<Int>, Bool) {
        let present = (0..<board.count).filter { !board.marks($0).contains(.draining) }
        let usable = present.filter { board.isUsable($0) }
        let isPanic = Double(usable.count) * 100 < threshold * Double(present.count)
        return (Set(isPanic ? present : usable).subtracting(refused), isPanic)
    }

    private func change(_ board: HostBoard, now: MonotonicInstant, _ generator: inout SeededGenerator) {
        guard Int.random(in: 0..<3, using: &generator) == 0 else { return }
        let marks: [HostBoard.Marks] = [.unhealthy, .ejected, .draining]
        let host = Int.random(in: 0..<board.count, using: &generator)
        let mark = marks.randomElement(using: &generator) ?? .unhealthy
        board.set(mark, Int.random(in: 0..<5, using: &generator) < 2, host: host, now: now)
    }

    private func subset(of count: Int, _ generator: inout SeededGenerator) -> Set<Int> {
        let percent = [0, 10, 50, 95].randomElement(using: &generator) ?? 0
        return Set((0..<count).filter { _ in Int.random(in: 0..<100, using: &generator) < percent })
    }

    /// The heap against a list that is searched from end to end.
    @Test func theRotationIsEarliestDeadlineFirst() {
        for seed in UInt64(0)..<100 {
            var generator = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...12, using: &generator)
            let weights = (0..<count).map { _ in Int.random(in: 1...9, using: &generator) }
            var rotation = WeightedRotation(weights: weights, offset: seed)
            var model = RotationModel(weights: weights, offset: seed)
            var eligible = [Bool](repeating: true, count: count)
            rotation.rebuild(eligible: eligible) { Double(weights[$0]) }
            for step in 0..<300 {
                if Int.random(in: 0..<20, using: &generator) == 0 {
                    eligible = eligible.map { _ in Bool.random(using: &generator) }
                    rotation.rebuild(eligible: eligible) { Double(weights[$0]) }
                    model.rebuild(eligible: eligible)
                }
                let refused = subset(of: count, &generator)
                let host = rotation.take { !refused.contains($0) }
                verify(host == model.take(refused: refused), "seed \(seed), step \(step)")
                guard let host else { continue }
                let weight = Double(weights[host]) * Double.random(in: 0.1...1, using: &generator)
                rotation.put(host, weight: weight)
                model.put(host, weight: weight)
            }
        }
    }

    @Test func theSamplerAgreesWithItsWeights() {
        for seed in UInt64(0)..<20 {
            var generator = SeededGenerator(seed: seed)
            let weights = (0..<8).map { _ in Int.random(in: 1...20, using: &generator) }
            var eligible = weights.map { _ in Bool.random(using: &generator) }
            eligible[3] = true
            var sampler = WeightedSampler(capacity: 8)
            sampler.rebuild(eligible: eligible, hosts: group(weights))
            var random = FastRandom(seed: seed)
            var counts = [Int](repeating: 0, count: 8)
            for _ in 0..<20_000 { counts[sampler.draw(&random)] += 1 }
            let total = zip(weights, eligible).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
            for host in 0..<8 {
                let share = eligible[host] ? Double(weights[host]) / Double(total) : 0
                let tolerance = 5 * (20_000 * share * (1 - share)).squareRoot()
                #expect(abs(Double(counts[host]) - 20_000 * share) <= tolerance, "seed \(seed): \(counts)")
            }
        }
    }
}

private struct RotationModel {
    struct Entry {
        var deadline: Double
        var order: Int
        var isPresent = true
    }

    var entries: [Entry]
    let weights: [Int]
    var clock = 0.0
    var serial: Int

    init(weights: [Int], offset: UInt64) {
        self.weights = weights
        serial = weights.count
        entries = weights.enumerated().map { index, weight in
            let place = Int((UInt64(index) + offset) % UInt64(weights.count))
            return Entry(deadline: Double(place + 1) / Double(weights.count) / Double(weight), order: place)
        }
    }

    mutating func rebuild(eligible: [Bool]) {
        for host in entries.indices {
            if eligible[host], !entries[host].isPresent, clock != 0 {
                serial += 1
                let deadline = max(entries[host].deadline, clock + 1 / Double(weights[host]))
                entries[host] = Entry(deadline: deadline, order: serial)
            }
            entries[host].isPresent = eligible[host]
        }
    }

    mutating func take(refused: Set<Int>) -> Int? {
        let host = entries.indices.filter { entries[$0].isPresent && !refused.contains($0) }
            .min { (entries[$0].deadline, entries[$0].order) < (entries[$1].deadline, entries[$1].order) }
        if let host { clock = max(clock, entries[host].deadline) }
        return host
    }

    mutating func put(_ host: Int, weight: Double) {
        serial += 1
        let deadline = max(entries[host].deadline, clock - 1 / weight) + 1 / weight
        entries[host] = Entry(deadline: deadline, order: serial)
    }
}
