import Base
import Synchronization

package typealias CounterFamily = MetricFamily<Counter>
package typealias GaugeFamily = MetricFamily<Gauge>
package typealias HistogramFamily = MetricFamily<Histogram>

/// One metric name and the series under it, told apart by label values.
///
/// `with(…)` takes a lock and finds or makes the series; keep what it gives where updates are hot. A series that nobody
/// updates for the family's `idleExpiry` leaves the exposition; a handle that somebody still holds brings it back, with
/// its value, at the first scrape after its next update. Bound: `seriesLimit` series; past it, `with` gives a handle that
/// works and that no scrape shows, and the refusal is counted.
package final class MetricFamily<Instrument: MetricInstrument>: Sendable {
    struct Series: Sendable {
        let instrument: Instrument
        let text: SeriesText
        var lastTouched: MonotonicInstant?
    }

    /// An expired series of which somebody may still hold the handle. One whose handle is gone is dropped at a sweep.
    private struct Dormant: Sendable {
        weak var instrument: Instrument?
        let text: SeriesText
    }

    private struct State {
        var series: [[UInt8]: Series] = [:]
        var dormant: [[UInt8]: Dormant] = [:]
        /// By label text; nil after a change.
        var sorted: [Series]?
    }

    let descriptor: FamilyDescriptor
    let text: FamilyText
    private let seriesLimit: Int
    private let make: @Sendable () -> Instrument
    private let onRefusal: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        _ descriptor: FamilyDescriptor, seriesLimit: Int, onRefusal: @escaping @Sendable () -> Void = {},
        make: @escaping @Sendable () -> Instrument
    ) {
        self.descriptor = descriptor
        self.seriesLimit = seriesLimit
        self.make = make
        self.onRefusal = onRefusal
        text = FamilyText(descriptor)
        // A family without labels shows its zero from the start, so that a rate over the first event is right.
        if descriptor.labelNames == [] && descriptor.idleExpiry == nil { _ = with(values: []) }
    }

    /// The series with these label values, in the order of the family's labels.
    package func with(_ values: String...) -> Instrument { with(values: values) }

    /// The same. A wrong number of values gives a handle that no scrape shows, and is counted as refused.
    package func with(values: [String]) -> Instrument {
        guard let names = descriptor.labelNames, names.count == values.count else {
            onRefusal()
            return make()
        }
        return with(labelText: LabelText.render(names: names, values: values))
    }

    func with(labelText: [UInt8]) -> Instrument {
        let found = state.withLock { state -> Instrument? in
            if let series = state.series[labelText] { return series.instrument }
            guard state.series.count < seriesLimit else { return nil }
            let dormant = state.dormant.removeValue(forKey: labelText)
            let instrument = dormant?.instrument ?? make()
            // Asking for it is a sign of life: the first sweep starts the clock.
            instrument.activity.touch()
            let text = dormant?.text ?? SeriesText(family: text, labels: labelText)
            state.series[labelText] = Series(instrument: instrument, text: text)
            state.sorted = nil
            return instrument
        }
        if let found { return found }
        onRefusal()
        return make()
    }

    /// Takes the series out of the exposition for good. A handle that is still held works on, unseen.
    package func remove(_ values: String...) { remove(values: values) }

    package func remove(values: [String]) {
        remove(labelText: LabelText.render(names: descriptor.labelNames ?? [], values: values))
    }

    func remove(labelText: [UInt8]) {
        state.withLock { state in
            if state.series.removeValue(forKey: labelText) != nil { state.sorted = nil }
            state.dormant.removeValue(forKey: labelText)
        }
    }

    package func removeAll() {
        state.withLock { $0 = State() }
    }

    /// Series that the next scrape shows, unless they expire then.
    package var seriesCount: Int { state.withLock { $0.series.count } }
}

extension MetricFamily: ExposedFamily {
    var base: String { descriptor.base }

    func append(_ format: ExpositionFormat, now: MonotonicInstant, to output: inout [UInt8]) {
        let series = state.withLock { state in
            if let idleExpiry = descriptor.idleExpiry { sweep(&state, now: now, idleExpiry: idleExpiry) }
            return sorted(&state)
        }
        if series.isEmpty { return }
        output.append(contentsOf: text.header(format))
        for one in series { one.instrument.render(one.text, text, format, to: &output) }
    }

    private func sorted(_ state: inout State) -> [Series] {
        if let sorted = state.sorted { return sorted }
        let sorted = state.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
        state.sorted = sorted
        return sorted
    }

    /// Expires what is idle, wakes what was updated after it had expired, and forgets what nobody holds.
    private func sweep(_ state: inout State, now: MonotonicInstant, idleExpiry: Duration) {
        for (key, dormant) in state.dormant {
            guard let instrument = dormant.instrument else {
                state.dormant.removeValue(forKey: key)
                continue
            }
            guard instrument.activity.isTouched, state.series.count < seriesLimit else { continue }
            state.dormant.removeValue(forKey: key)
            state.series[key] = Series(instrument: instrument, text: dormant.text)
            state.sorted = nil
        }
        for (key, series) in state.series {
            if series.instrument.activity.takeTouched() {
                state.series[key]?.lastTouched = now
            } else if let last = series.lastTouched, last.duration(to: now) >= idleExpiry {
                state.series.removeValue(forKey: key)
                state.dormant[key] = Dormant(instrument: series.instrument, text: series.text)
                state.sorted = nil
            } else if series.lastTouched == nil {
                state.series[key]?.lastTouched = now
            }
        }
    }
}
