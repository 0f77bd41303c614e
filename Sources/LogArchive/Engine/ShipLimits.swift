package import Base
import ObjectStore
import Synchronization

/// What all uploads and compressors of a process share.
package struct ShipLimits: Sendable {
    /// Parts of one generation on their way.
    package var partsAtOnce: Int
    package var pace: WorkPace
    package var gate: BandwidthGate

    package init(partsAtOnce: Int, pace: WorkPace, gate: BandwidthGate) {
        self.partsAtOnce = partsAtOnce
        self.pace = pace
        self.gate = gate
    }

    /// The wanted size, or more where the store would not take so many parts, or such small ones.
    func partBytes(_ size: ByteCount, plainBytes: Int64, _ store: ObjectStoreLimits) -> Int {
        let fewest = plainBytes / Int64(store.maximumParts - 1) + 1
        return Int(max(size.bytes, Int64(store.minimumPartBytes), fewest))
    }
}

/// Bytes a second for all uploads together: each waits until what was taken before it has had its time.
package final class BandwidthGate: Sendable {
    private let bytesPerSecond: Int64?
    private let time: any TimeSource
    private let free: Mutex<MonotonicInstant?>

    /// - Parameter limit: nil for none.
    package init(_ limit: ByteCount?, time: any TimeSource) {
        bytesPerSecond = limit.map { max(1, $0.bytes) }
        self.time = time
        free = Mutex(nil)
    }

    /// Returns when `count` bytes may go out; a cancelled task goes on at once, and fails where it sends.
    func take(_ count: Int) async {
        guard let bytesPerSecond else { return }
        let now = time.now()
        let duration = Duration.fromSeconds(Double(count) / Double(bytesPerSecond))
        let start = free.withLock { free in
            let start = max(free ?? now, now)
            free = start.advanced(by: duration)
            return start
        }
        try? await time.sleep(until: start)
    }
}
