import Synchronization

/// A number that goes up and down: bytes free, queue length, state. Any double is allowed, NaN and infinities too.
package final class Gauge: MetricInstrument {
    private let bits = Atomic<UInt64>(0)
    package let activity = SeriesActivity()

    package init() {}

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    @inline(__always)
    package func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
        activity.touch()
    }

    package func set(_ value: some BinaryInteger) { set(Double(value)) }

    /// Adds by compare-and-swap: exact sums of updates from many threads, up to rounding.
    package func add(_ amount: Double) {
        bits.addDouble(amount)
        activity.touch()
    }

    package func subtract(_ amount: Double) { add(-amount) }
}

extension Atomic<UInt64> {
    /// Adds to the double whose bit pattern this is. Without contention: one load, one compare-and-swap.
    @inline(__always)
    func addDouble(_ amount: Double) {
        var seen = load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: seen) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(
                expected: seen, desired: sum, successOrdering: .relaxed, failureOrdering: .relaxed)
            if exchanged { return }
            seen = original
        }
    }
}
