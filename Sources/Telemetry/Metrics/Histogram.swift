import Base
import Synchronization

/// Buckets that people know.
package enum HistogramBuckets {
    /// Seconds of a request or a step, 1 ms to 10 s.
    package static let seconds: [Double] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Bytes of a body, 256 B to 64 MiB, by factors of four.
    package static let bytes: [Double] = (4...13).map { Double(UInt64(1) << (2 * UInt64($0))) }
    /// Values of an unknown unit, one to ten million.
    package static let powersOfTen: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7]
}

/// Counts observations into buckets that are fixed per family.
///
/// An `observe` is a binary search over the bounds (4 steps for 12 buckets), one atomic add on the bucket and one
/// compare-and-swap on the sum; no lock, no allocation. Buckets are kept apart and added up at the scrape, and the count
/// is that sum, so that `_count` always equals the `+Inf` bucket; `_sum` may be one observation ahead or behind.
package final class Histogram: MetricInstrument {
    /// Upper bounds, ascending, without `+Inf`.
    let bounds: [Double]
    package let activity = SeriesActivity()
    // Set once here, freed in deinit, and never shared further. What it points to is changed by atomic operations only,
    // which is what makes handing the pointer between threads safe.
    nonisolated(unsafe) private let buckets: UnsafeMutablePointer<Atomic<UInt64>>
    private let sumBits = Atomic<UInt64>(0)
    private let exemplars = Mutex<[Int: Exemplar]>([:])
    private let hasExemplars = Atomic<Bool>(false)

    /// - Parameter bounds: any order; those that are not finite and repeats are left out.
    package init(bounds: [Double]) {
        self.bounds = Histogram.normalised(bounds)
        buckets = .allocate(capacity: self.bounds.count + 1)
        for index in 0...self.bounds.count { (buckets + index).initialize(to: Atomic(0)) }
    }

    deinit {
        buckets.deinitialize(count: bounds.count + 1)
        buckets.deallocate()
    }

    static func normalised(_ bounds: [Double]) -> [Double] {
        var result = [Double]()
        for bound in bounds.sorted() where bound.isFinite && bound != result.last { result.append(bound) }
        return result
    }

    package var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }
    package var count: UInt64 { (0...bounds.count).reduce(0) { $0 &+ bucketCount($1) } }

    /// A NaN is counted in `+Inf` and left out of the sum, which it would spoil for ever.
    package func observe(_ value: Double) {
        buckets[bucketIndex(value)].wrappingAdd(1, ordering: .relaxed)
        if !value.isNaN { sumBits.addDouble(value) }
        activity.touch()
    }

    /// In seconds.
    package func observe(_ duration: Duration) { observe(duration.inSeconds) }

    /// Counts and remembers which trace it was; the last exemplar of each bucket stays. Takes a lock.
    package func observe(_ value: Double, exemplar: Exemplar) {
        observe(value)
        let index = bucketIndex(value)
        exemplars.withLock { $0[index] = exemplar.with(value: value) }
        hasExemplars.store(true, ordering: .releasing)
    }

    /// Observations of one bucket alone, not of those below it. The last index is `+Inf`.
    func bucketCount(_ index: Int) -> UInt64 { buckets[index].load(ordering: .relaxed) }

    /// By index of the bucket; empty, and without a lock, where exemplars are not used.
    var currentExemplars: [Int: Exemplar] {
        hasExemplars.load(ordering: .acquiring) ? exemplars.withLock { $0 } : [:]
    }

    /// The first bucket whose bound is not below `value`.
    private func bucketIndex(_ value: Double) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) >> 1
            // Written so that a NaN goes right, to `+Inf`.
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
