import Synchronization
import Telemetry

/// A gauge of things that come and go: a series that was not set since the sweep before is taken out, so that nobody reads
/// the state of a host or breaker that is no more.
final class SweptGauge: Sendable {
    private struct Seen {
        var now: Set<[String]> = []
        var before: Set<[String]> = []
    }

    private let family: GaugeFamily
    private let seen = Mutex(Seen())

    init(_ family: GaugeFamily) {
        self.family = family
    }

    /// - Parameter labels: the values, in the family's order.
    func set(_ labels: [String], _ value: some BinaryInteger) { set(labels, Double(value)) }

    func set(_ labels: [String], _ value: Double) {
        seen.withLock { _ = $0.now.insert(labels) }
        family.with(values: labels).set(value)
    }

    func sweep() {
        let gone = seen.withLock { seen in
            let gone = seen.before.subtracting(seen.now)
            (seen.before, seen.now) = (seen.now, [])
            return gone
        }
        for labels in gone { family.remove(values: labels) }
    }
}
