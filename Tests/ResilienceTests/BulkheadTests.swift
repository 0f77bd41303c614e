import Base
import Resilience
import TestKit
import Testing

@Suite struct BulkheadTests {
    private let start = MonotonicInstant(nanoseconds: 7_000_000_000)

    @Test func admitsThenQueuesThenRejects() {
        var bulkhead = Bulkhead(maxConcurrent: 1, maxWaiting: 1, maxWait: .seconds(1))
        #expect(bulkhead.acquire(now: start) == .admitted)
        guard case .queued(let ticket) = bulkhead.acquire(now: start) else {
            Issue.record("not queued")
            return
        }
        #expect(bulkhead.acquire(now: start) == .rejected)
        #expect(bulkhead.nextExpiry == start.advanced(by: .seconds(1)))
        #expect(bulkhead.release() == ticket)
        #expect(bulkhead.active == 1 && bulkhead.waiting == 0)
        #expect(bulkhead.cancel(ticket) == false)
        #expect(bulkhead.release() == nil)
        #expect(bulkhead.active == 0)
    }

    @Test func withoutAWaitNobodyQueues() {
        var bulkhead = Bulkhead(maxConcurrent: 1, maxWaiting: 5, maxWait: .zero)
        #expect(bulkhead.acquire(now: start) == .admitted)
        #expect(bulkhead.acquire(now: start) == .rejected)
    }

    /// Against a plain array of waiters, with the three laws checked at each step.
    @Test(arguments: 0..<200)
    func agreesWithAPlainQueue(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let limit = Int.random(in: 1...4, using: &generator)
        let room = Int.random(in: 0...6, using: &generator)
        let maxWait = Duration.milliseconds(Int.random(in: 0...200, using: &generator))
        var bulkhead = Bulkhead(maxConcurrent: limit, maxWaiting: room, maxWait: maxWait)
        var active = 0
        var waiters: [(ticket: Bulkhead.Ticket, since: MonotonicInstant)] = []
        var spent: [Bulkhead.Ticket] = []
        var now = start
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                switch bulkhead.acquire(now: now) {
                case .admitted:
                    #expect(active < limit && waiters.isEmpty, "seed \(seed)")
                    active += 1
                case .queued(let ticket):
                    #expect(active == limit && waiters.count < room && maxWait > .zero, "seed \(seed)")
                    waiters.append((ticket, now))
                case .rejected:
                    #expect(active == limit && (waiters.count == room || maxWait == .zero), "seed \(seed)")
                }
            case 4..<7 where active > 0:
                let admitted = bulkhead.release()
                #expect(admitted == waiters.first?.ticket, "seed \(seed)")
                if waiters.isEmpty { active -= 1 } else { spent.append(waiters.removeFirst().ticket) }
            case 7:
                if let index = waiters.indices.randomElement(using: &generator) {
                    let gone = waiters.remove(at: index).ticket
                    #expect(bulkhead.cancel(gone) == true, "seed \(seed)")
                    spent.append(gone)
                }
                if let old = spent.randomElement(using: &generator) {
                    #expect(bulkhead.cancel(old) == false, "seed \(seed)")
                }
            default:
                now = now.advanced(by: .milliseconds(Int.random(in: 0...80, using: &generator)))
                while let ticket = bulkhead.expire(now: now) {
                    #expect(ticket == waiters.first?.ticket, "seed \(seed)")
                    spent.append(waiters.removeFirst().ticket)
                }
                #expect(waiters.allSatisfy { $0.since.duration(to: now) < maxWait }, "seed \(seed)")
            }
            let lawful = bulkhead.active <= limit && (waiters.isEmpty || bulkhead.active == limit)
            #expect(bulkhead.active == active && bulkhead.waiting == waiters.count && lawful, "seed \(seed)")
        }
    }
}

@Suite struct BoundedQueueTests {
    @Test func dropsTheOldestAndCountsIt() {
        var queue = BoundedQueue<Int>(maxCount: 3)
        let dropped = (1...5).map { queue.append($0, bytes: 10) }
        #expect(dropped == [0, 0, 0, 1, 1])
        #expect(queue.droppedCount == 2 && queue.droppedBytes == 20 && queue.bytes == 30)
        #expect(queue.first == 3)
    }

    @Test func oneLargeElementDropsSeveralAndATooLargeOneItself() {
        var queue = BoundedQueue<String>(maxCount: 10, maxBytes: 100)
        for name in ["a", "b", "c"] { queue.append(name, bytes: 30) }
        #expect(queue.append("whole", bytes: 101) == 1)
        #expect(queue.count == 3 && queue.first == "a" && queue.droppedBytes == 101)
        #expect(queue.append("d", bytes: 70) == 2)
        #expect(queue.popFirst() == "c")
        #expect(queue.popFirst() == "d")
        #expect(queue.popFirst() == nil)
    }

    @Test func whatIsPutBackIsFirstAgainOrDropped() {
        var queue = BoundedQueue<Int>(maxCount: 2)
        queue.append(1)
        queue.append(2)
        _ = queue.popFirst()
        #expect(queue.putBack(1) == true)
        #expect(queue.first == 1)
        _ = queue.popFirst()
        queue.append(3)
        #expect(queue.putBack(1) == false)
        #expect(queue.first == 2 && queue.droppedCount == 1)
    }

    @Test(arguments: 0..<200)
    func agreesWithAPlainArray(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let maxCount = Int.random(in: 1...8, using: &generator)
        let maxBytes = Int.random(in: 1...60, using: &generator)
        var queue = BoundedQueue<Int>(maxCount: maxCount, maxBytes: maxBytes)
        var plain: [(value: Int, bytes: Int)] = []
        var dropped = 0
        for value in 0..<300 {
            let size = Int.random(in: 0...20, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0..<3:
                queue.append(value, bytes: size)
                if size > maxBytes {
                    dropped += 1
                    continue
                }
                plain.append((value, size))
                while plain.count > maxCount || plain.reduce(0, { $0 + $1.bytes }) > maxBytes {
                    plain.removeFirst()
                    dropped += 1
                }
            case 3:
                let popped = queue.popFirst()
                #expect(popped == plain.first?.value, "seed \(seed)")
                if !plain.isEmpty { plain.removeFirst() }
            default:
                let fits = plain.count < maxCount && plain.reduce(size, { $0 + $1.bytes }) <= maxBytes
                #expect(queue.putBack(value, bytes: size) == fits, "seed \(seed)")
                if fits { plain.insert((value, size), at: 0) } else { dropped += 1 }
            }
            let bytes = plain.reduce(0) { $0 + $1.bytes }
            #expect(queue.count == plain.count && queue.bytes == bytes, "seed \(seed)")
            #expect(queue.droppedCount == UInt64(dropped) && queue.first == plain.first?.value, "seed \(seed)")
        }
    }
}
