import Synchronization

/// A number that only grows: requests, bytes, failures. Updates are one atomic operation; no lock and no allocation.
///
/// Whole amounts and fractions are kept apart, so that the common case is one `fetch-and-add` and a count of up to
/// 2^64 stays exact; the value is their sum. An amount that is negative, infinite or no number is
/// ignored: a counter never falls.
package final class Counter: MetricInstrument {
    private let whole = Atomic<UInt64>(0)
    private let fraction = Atomic<UInt64>(0)
    private let exemplarSlot = Mutex<Exemplar?>(nil)
    package let activity = SeriesActivity()

    package init() {}

    package var value: Double {
        Double(whole.load(ordering: .relaxed)) + Double(bitPattern: fraction.load(ordering: .relaxed))
    }

    @inline(__always)
    package func increment() {
        whole.wrappingAdd(1, ordering: .relaxed)
        activity.touch()
    }

    package func increment(by amount: UInt64) {
        whole.wrappingAdd(amount, ordering: .relaxed)
        activity.touch()
    }

    package func increment(by amount: Double) {
        guard amount >= 0, amount.isFinite else { return }
        fraction.addDouble(amount)
        activity.touch()
    }

    /// Counts and remembers which trace it was; the last exemplar stays. Takes a lock.
    package func increment(by amount: Double = 1, exemplar: Exemplar) {
        guard amount >= 0, amount.isFinite else { return }
        increment(by: amount)
        exemplarSlot.withLock { $0 = exemplar.with(value: amount) }
    }

    var exemplar: Exemplar? { exemplarSlot.withLock { $0 } }

    /// The exact whole number when nothing fractional was ever added.
    func appendValue(to output: inout [UInt8]) {
        let fraction = Double(bitPattern: fraction.load(ordering: .relaxed))
        let whole = whole.load(ordering: .relaxed)
        if fraction == 0 { output.append(decimal: whole) } else { output.append(number: Double(whole) + fraction) }
    }

    /// Starts again at zero; for the `reset()` of swift-metrics only.
    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.store(0, ordering: .relaxed)
        exemplarSlot.withLock { $0 = nil }
    }
}
