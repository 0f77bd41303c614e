import Base
import Synchronization

/// How many answers one host gives now, and how long they take, for the console. A try costs two relaxed additions.
final class HostPace: Sendable {
    /// Of about a second.
    struct Reading: Sendable {
        var perSecond = 0.0
        /// From a try's start to the last byte of its answer; nil: there was none.
        var meanSeconds: Double?
    }

    private struct Sample {
        var at: MonotonicInstant?
        var count: UInt64 = 0
        var nanoseconds: UInt64 = 0
        var reading = Reading()
    }

    private let count = Atomic<UInt64>(0)
    private let nanoseconds = Atomic<UInt64>(0)
    private let sample = Mutex(Sample())

    func answered(after span: Int64) {
        count.add(1, ordering: .relaxed)
        nanoseconds.add(UInt64(clamping: span), ordering: .relaxed)
    }

    /// Reads off what has come since the call before.
    func take(now: MonotonicInstant) {
        let (count, total) = (count.load(ordering: .relaxed), nanoseconds.load(ordering: .relaxed))
        sample.withLock { sample in
            let (answers, spent) = (Double(count &- sample.count), Double(total &- sample.nanoseconds))
            let seconds = sample.at.map { max(0.001, $0.seconds(to: now)) } ?? 1
            sample.reading = Reading(
                perSecond: answers / seconds, meanSeconds: answers > 0 ? spent / answers / 1e9 : nil)
            (sample.at, sample.count, sample.nanoseconds) = (now, count, total)
        }
    }

    var reading: Reading { sample.withLock { $0.reading } }
}
