import Synchronization

/// What one series is updated through: `Counter`, `Gauge` or `Histogram`. A handle is kept by its user for as long as
/// wanted; it works also when no registry shows it (refused, removed or expired).
package protocol MetricInstrument: AnyObject, Sendable {
    var activity: SeriesActivity { borrowing get }
    /// Writes the lines of the series.
    func render(_ series: SeriesText, _ family: FamilyText, _ format: ExpositionFormat, to output: inout [UInt8])
}

/// Whether a series was updated since the last look. Updates read no clock: the registry looks at each scrape and takes
/// "touched" as "alive now", so that idleness is known to the precision of the scrape interval.
package struct SeriesActivity: ~Copyable, Sendable {
    private let touched = Atomic<Bool>(true)

    /// Reads before it writes, so that a busy series does not dirty the cache line again and again.
    @inline(__always)
    func touch() {
        if !touched.load(ordering: .relaxed) { touched.store(true, ordering: .relaxed) }
    }

    /// True when the series was updated since the last call.
    func takeTouched() -> Bool {
        if !touched.load(ordering: .relaxed) { return false }
        return touched.exchange(false, ordering: .relaxed)
    }

    /// Like `takeTouched`, but leaves the mark.
    var isTouched: Bool { touched.load(ordering: .relaxed) }
}
