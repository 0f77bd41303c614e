import Base
import Gateway
import TestKit
import Testing

private let now = MonotonicInstant(nanoseconds: 5_000_000_000)

@Suite struct HostBoardTests {
    @Test func aHostIsUsableWhenNoMarkIsLeft() {
        let board = HostBoard(count: 2)
        #expect(board.set(.unhealthy, true, host: 1, now: now))
        #expect(!board.set(.ejected, true, host: 1, now: now), "it was not usable before")
        #expect(!board.set(.unhealthy, false, host: 1, now: now), "it is still ejected")
        #expect(board.marks(1) == .ejected)
        let later = now.advanced(by: .seconds(9))
        #expect(board.set(.ejected, false, host: 1, now: later))
        #expect(board.isUsable(1))
        #expect(board.usableSince(1) == later)
        #expect(board.isUsable(0))
    }

    @Test func theVersionMovesWithEachChangeOnly() {
        let board = HostBoard(count: 1)
        let first = board.version
        board.set(.unhealthy, false, host: 0, now: now)
        #expect(board.version == first)
        board.set(.unhealthy, true, host: 0, now: now)
        #expect(board.version == first + 1)
        board.set(.unhealthy, true, host: 0, now: now)
        #expect(board.version == first + 1)
        board.joined(0, now: now)
        #expect(board.version == first + 2)
    }

    @Test func marksAreCarriedToAnotherBoard() {
        let old = HostBoard(count: 3)
        old.set(.ejected, true, host: 2, now: now)
        old.joined(1, now: now)
        let new = HostBoard(count: 2)
        new.carry(0, from: old, 2)
        new.carry(1, from: old, 1)
        #expect(new.marks(0) == .ejected)
        #expect(new.usableSince(1) == now)
    }

    @Test(.timeLimit(.minutes(1))) func countsFromManyThreadsAddUp() async {
        let board = HostBoard(count: 3)
        await withTaskGroup(of: Void.self) { tasks in
            for task in 0..<8 {
                tasks.addTask {
                    for step in 0..<20_000 {
                        board.began((task + step) % 3)
                        if step.isMultiple(of: 1000) {
                            board.set(.ejected, step.isMultiple(of: 2000), host: step % 3, now: now)
                        }
                        board.ended((task + step) % 3)
                    }
                    board.began(task % 3)
                }
            }
        }
        #expect((0..<3).map { board.active($0) } == [3, 3, 2])
    }
}

@Suite struct TriedHostsTests {
    @Test func remembersTheLastSixteen() {
        var tried = TriedHosts()
        #expect(tried.isEmpty)
        for host in 0..<20 {
            #expect(!tried.contains(host))
            tried.insert(host)
            tried.insert(host)
            #expect(tried.contains(host))
        }
        #expect(!tried.isEmpty)
        #expect((0..<20).filter { tried.contains($0) } == Array(4..<20))
    }

    /// Against a list of the last sixteen, with numbers that differ in one bit or lie at the ends.
    @Test func agreesWithAList() {
        for seed in UInt64(0)..<100 {
            var generator = SeededGenerator(seed: seed)
            let numbers = [0, 1, 255, 256, 257, 0x7FFF, 0x8000, 0x8001, BalancedHost.maximumCount - 1]
            let pool = numbers + (0..<20).map { _ in Int.random(in: 0..<BalancedHost.maximumCount, using: &generator) }
            var tried = TriedHosts()
            var list: [Int] = []
            for step in 0..<60 {
                let host = pool.randomElement(using: &generator) ?? 0
                tried.insert(host)
                if !list.contains(host) { list = (list + [host]).suffix(TriedHosts.capacity) }
                verify(
                    pool.allSatisfy { tried.contains($0) == list.contains($0) }, "seed \(seed), step \(step): \(list)")
            }
        }
    }
}

@Suite struct SlowStartTests {
    /// (seconds of 100, aggression, minimum percent) → factor
    @Test(arguments: [
        (0, 1.0, 10.0, 0.1), (5, 1, 10, 0.1), (50, 1, 10, 0.5), (99, 1, 10, 0.99), (100, 1, 10, 1), (1000, 1, 10, 1),
        (25, 2, 10, 0.5), (50, 0.5, 10, 0.25), (0, 1, 0, 0.001), (10, 1, 100, 1), (-5, 1, 20, 0.2),
        (50, .nan, .nan, 0.5), (50, -1, 500, 1),
    ])
    func theCurve(seconds: Int, aggression: Double, minimum: Double, factor: Double) {
        let slow = SlowStart(window: .seconds(100), aggression: aggression, minimumWeightPercent: minimum)
        #expect(abs(slow.factor(after: .seconds(seconds)) - factor) < 1e-9)
    }

    @Test func offIsOff() {
        #expect(SlowStart.off.factor(after: .zero) == 1)
    }
}
