import Base

/// One worker's sums for the console and for rollbacks. Only its thread touches them: a request costs four additions.
struct WorkerTotals: Sendable {
    var requests: UInt64 = 0
    var failures: UInt64 = 0
    var slow: UInt64 = 0
    /// Of the last second: two buckets to each power of two microseconds.
    var latencies = [UInt32](repeating: 0, count: WorkerTotals.bucketCount)

    private static let bucketCount = 64

    /// - Parameter slowThreshold: nanoseconds.
    mutating func count(isFailure: Bool, seconds: Double, slowThreshold: Int64) {
        requests &+= 1
        if isFailure { failures &+= 1 }
        if seconds * 1e9 > Double(slowThreshold) { slow &+= 1 }
        latencies[WorkerTotals.bucket(microseconds: UInt64(max(0, min(seconds, 1e9)) * 1e6))] &+= 1
    }

    /// The power of two below, and whether the half above it is reached.
    private static func bucket(microseconds: UInt64) -> Int {
        guard microseconds > 1 else { return Int(microseconds) }
        let power = 63 - microseconds.leadingZeroBitCount
        return min(2 * power + Int(microseconds >> UInt64(power - 1) & 1), bucketCount - 1)
    }

    /// Where a bucket ends, in seconds.
    private static func end(of bucket: Int) -> Double {
        guard bucket > 1 else { return Double(bucket + 1) / 1e6 }
        return Double(UInt64(2 + bucket % 2 + 1) << UInt64(bucket / 2)) / 2e6
    }

    static func + (left: WorkerTotals, right: WorkerTotals) -> WorkerTotals {
        var sum = left
        sum.requests &+= right.requests
        sum.failures &+= right.failures
        sum.slow &+= right.slow
        for index in sum.latencies.indices { sum.latencies[index] &+= right.latencies[index] }
        return sum
    }

    /// The end of the bucket in which this share of the latencies is reached, in seconds; nil: there were none.
    func quantile(_ share: Double) -> Double? {
        let total = latencies.reduce(0) { $0 + Int($1) }
        var seen = 0
        for (index, count) in latencies.enumerated() where count > 0 {
            seen += Int(count)
            if Double(seen) >= share * Double(total) { return WorkerTotals.end(of: index) }
        }
        return nil
    }

    mutating func takeLatencies() -> [UInt32] {
        defer { for index in latencies.indices { latencies[index] = 0 } }
        return latencies
    }
}
