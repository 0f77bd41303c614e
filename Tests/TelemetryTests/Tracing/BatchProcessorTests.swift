import Base
import Telemetry
import TestKit
import Testing

@Suite struct BatchProcessorTests {
    private typealias Processor = BatchProcessor<Int>
    private let start = MonotonicInstant(nanoseconds: 0)

    private func processor(queue: Int = 8, batch: Int = 4) -> Processor {
        var limits = BatchLimits()
        (limits.queueLimit, limits.batchLimit) = (queue, batch)
        return Processor(limits)
    }

    private func at(_ seconds: Int) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }

    /// A mutating call cannot stand in `#expect`.
    private func expect(
        _ processor: inout Processor, _ event: Processor.Event, at now: MonotonicInstant, _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let action = processor.handle(event, at: now).text
        #expect(action == text, sourceLocation: sourceLocation)
    }

    @Test func exportsAFullBatchAtOnce() {
        var processor = processor()
        expect(&processor, .poll, at: at(0), "wait")
        let actions = (0..<4).map { processor.handle(.ended($0), at: at(0)).text }
        #expect(actions == ["wake", "none", "none", "wake"])
        expect(&processor, .poll, at: at(0), "export [0, 1, 2, 3] by 30")
    }

    @Test func exportsAPartOfABatchAfterTheDelay() {
        var processor = processor()
        _ = processor.handle(.ended(1), at: at(10))
        _ = processor.handle(.ended(2), at: at(14))
        expect(&processor, .poll, at: at(14), "wait 15")
        expect(&processor, .poll, at: at(15), "export [1, 2] by 45")
        expect(&processor, .poll, at: at(15), "wait")
        _ = processor.handle(.ended(3), at: at(16))
        expect(&processor, .exported, at: at(20), "none")
        expect(&processor, .poll, at: at(20), "wait 25")
        expect(&processor, .poll, at: at(25), "export [3] by 55")
    }

    @Test func dropsWhatTheQueueCannotHold() {
        var processor = processor()
        for number in 0..<4 { _ = processor.handle(.ended(number), at: at(0)) }
        _ = processor.handle(.poll, at: at(0))
        // The batch under way is out of the queue, which holds 8 more.
        let actions = (4..<14).map { processor.handle(.ended($0), at: at(0)).text }
        #expect(actions == Array(repeating: "none", count: 8) + ["drop queue_full", "drop queue_full"])
        #expect(processor.queuedCount == 8)
    }

    @Test func flushesAtShutdown() {
        var processor = processor()
        for number in 0..<6 { _ = processor.handle(.ended(number), at: at(0)) }
        expect(&processor, .shutdown(deadline: at(7)), at: at(2), "wake")
        expect(&processor, .ended(9), at: at(2), "drop shutdown")
        expect(&processor, .poll, at: at(2), "export [0, 1, 2, 3] by 7")
        _ = processor.handle(.exported, at: at(3))
        expect(&processor, .poll, at: at(3), "export [4, 5] by 7")
        _ = processor.handle(.exported, at: at(4))
        expect(&processor, .poll, at: at(4), "finished")
        expect(&processor, .abandon, at: at(4), "abandoned 0")
    }

    @Test func countsWhatItAbandons() {
        var processor = processor()
        for number in 0..<6 { _ = processor.handle(.ended(number), at: at(0)) }
        _ = processor.handle(.poll, at: at(0))
        _ = processor.handle(.shutdown(deadline: at(5)), at: at(0))
        expect(&processor, .abandon, at: at(5), "abandoned 6")
        expect(&processor, .poll, at: at(5), "finished")
    }

    /// Random events against the promises at the head of `BatchProcessor`.
    @Test(arguments: (0..<200).map { 0x5EED_1000 + UInt64($0) })
    func keepsItsPromises(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (queue, batch) = (Int.random(in: 1...20, using: &random), Int.random(in: 1...20, using: &random))
        var model = Model(queueLimit: queue, batchLimit: min(queue, batch))
        var processor = processor(queue: queue, batch: min(queue, batch))
        var now = start
        for _ in 0..<600 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...900, using: &random)))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: model.end(&processor, at: now, seed: seed)
            case 6..<9: model.poll(&processor, at: now, seed: seed)
            default: model.finishExport(&processor, at: now)
            }
        }
        _ = processor.handle(.shutdown(deadline: now.advanced(by: .seconds(5))), at: now)
        while model.poll(&processor, at: now, seed: seed) || model.isExporting {
            model.finishExport(&processor, at: now)
        }
        #expect(model.exported == model.accepted, "seed \(seed): lost, doubled or out of order")
        #expect(model.accepted.count + model.dropped == model.next, "seed \(seed): drops are miscounted")
        expect(&processor, .abandon, at: now, "abandoned 0")
    }

    private struct Model {
        let queueLimit: Int
        let batchLimit: Int
        var next = 0
        var accepted: [Int] = []
        var dropped = 0
        var exported: [Int] = []
        var isExporting = false
        /// When each item came, for the delay.
        var waiting: [MonotonicInstant] = []
        var lastExportEnd = MonotonicInstant(nanoseconds: .min)

        mutating func end(_ processor: inout Processor, at now: MonotonicInstant, seed: UInt64) {
            let isFull = waiting.count == queueLimit
            switch processor.handle(.ended(next), at: now) {
            case .drop(.queueFull):
                dropped += 1
                #expect(isFull, "seed \(seed): dropped below the bound")
            default:
                accepted.append(next)
                waiting.append(now)
                #expect(!isFull, "seed \(seed): took more than the bound")
            }
            next += 1
        }

        @discardableResult
        mutating func poll(_ processor: inout Processor, at now: MonotonicInstant, seed: UInt64) -> Bool {
            let oldest = waiting.first
            switch processor.handle(.poll, at: now) {
            case .export(let batch, _):
                #expect(!isExporting, "seed \(seed): two exports at once")
                #expect(!batch.isEmpty && batch.count <= batchLimit, "seed \(seed): size of a batch")
                isExporting = true
                exported += batch
                waiting.removeFirst(batch.count)
                return true
            case .wait(let until):
                if isExporting { return false }
                #expect(waiting.count < batchLimit, "seed \(seed): a full batch waits")
                if let oldest {
                    let latest = max(oldest, lastExportEnd).advanced(by: .seconds(5))
                    #expect(until.map { $0 <= latest && $0 > now } ?? false, "seed \(seed): waits too long")
                } else {
                    #expect(until == nil, "seed \(seed): a timer without work")
                }
                return false
            default: return false
            }
        }

        mutating func finishExport(_ processor: inout Processor, at now: MonotonicInstant) {
            guard isExporting else { return }
            isExporting = false
            lastExportEnd = now
            _ = processor.handle(.exported, at: now)
        }
    }
}

extension BatchProcessor.Action {
    /// The action in words, instants as seconds.
    fileprivate var text: String {
        switch self {
        case .none: "none"
        case .wake: "wake"
        case .drop(let reason): "drop \(reason.rawValue)"
        case .export(let items, let deadline): "export \(items) by \(deadline.nanoseconds / 1_000_000_000)"
        case .wait(nil): "wait"
        case .wait(let until?): "wait \(until.nanoseconds / 1_000_000_000)"
        case .finished: "finished"
        case .abandoned(let count): "abandoned \(count)"
        }
    }
}
