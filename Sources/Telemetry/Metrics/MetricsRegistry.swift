import Base
import Logging
import Synchronization

/// What a scrape can render: a registered family, or what a collector gave for this scrape.
protocol ExposedFamily: Sendable {
    /// The family's name in OpenMetrics, by which a scrape is ordered.
    var base: String { get }
    var descriptor: FamilyDescriptor { get }
    func append(_ format: ExpositionFormat, now: MonotonicInstant, to output: inout [UInt8])
}

/// The process's metrics: families by name, collectors, and the exposition of both (`MetricsRegistry+Exposition.swift`).
///
/// What always holds: a name belongs to the first who registered it; nothing that a caller passes can stop the program;
/// what is refused still works for its caller, is counted in `apus_metrics_*_refused_total`, and is logged once a name.
/// Bounds: 4,096 families, `seriesLimit` series each, 256 collectors.
package final class MetricsRegistry: Sendable {
    static let familyLimit = 4096
    static let collectorLimit = 256

    struct State {
        var families: [String: any ExposedFamily] = [:]
        /// Every sample name in use, with the base name of its owner.
        var owners: [String: String] = [:]
        /// In order of base name; nil after a change.
        var sorted: [any ExposedFamily]?
        var collectors: [(token: CollectorToken, collect: @Sendable (inout CollectedMetrics) -> Void)] = []
        var nextToken = 0
        /// Names whose refusal has been logged; at most `familyLimit`.
        var complained: Set<String> = []
        /// Bytes of the last exposition, to reserve the next.
        var lastSize = 4096
    }

    let seriesLimit: Int
    let state = Mutex(State())
    private let refusedSeries: CounterFamily
    private let refusedRegistrations: CounterFamily

    /// - Parameter seriesLimit: the most series of one family.
    package init(seriesLimit: Int = 10_000) {
        self.seriesLimit = seriesLimit
        refusedSeries = CounterFamily(
            FamilyDescriptor(
                kind: .counter, name: "apus_metrics_series_refused_total",
                help: "Series refused because their family is at its limit or the labels do not fit it.",
                labelNames: ["family"]),
            seriesLimit: MetricsRegistry.familyLimit
        ) { Counter() }
        refusedRegistrations = CounterFamily(
            FamilyDescriptor(
                kind: .counter, name: "apus_metrics_registrations_refused_total",
                help: "Families and collectors refused, by reason.", labelNames: ["reason"]),
            seriesLimit: MetricsRegistry.familyLimit
        ) { Counter() }
        state.withLock { state in
            MetricsRegistry.insert(refusedSeries, &state)
            MetricsRegistry.insert(refusedRegistrations, &state)
        }
    }

    /// Registers a counter, or gives the one that was registered with the same words. `_total` is added where missing.
    package func counter(
        _ name: String, help: String, labels: [String] = [], unit: String? = nil, idleExpiry: Duration? = nil
    ) -> CounterFamily {
        family(
            FamilyDescriptor(
                kind: .counter, name: name, help: help, unit: unit, labelNames: labels, idleExpiry: idleExpiry)
        ) { Counter() }
    }

    package func gauge(
        _ name: String, help: String, labels: [String] = [], unit: String? = nil, idleExpiry: Duration? = nil
    ) -> GaugeFamily {
        family(
            FamilyDescriptor(
                kind: .gauge, name: name, help: help, unit: unit, labelNames: labels, idleExpiry: idleExpiry)
        ) { Gauge() }
    }

    /// - Parameter buckets: upper bounds without `+Inf`, which is added.
    package func histogram(
        _ name: String, help: String, labels: [String] = [], unit: String? = nil,
        buckets: [Double] = HistogramBuckets.seconds, idleExpiry: Duration? = nil
    ) -> HistogramFamily {
        let descriptor = FamilyDescriptor(
            kind: .histogram, name: name, help: help, unit: unit, labelNames: labels, bounds: buckets,
            idleExpiry: idleExpiry)
        return family(descriptor) { [bounds = descriptor.bounds] in Histogram(bounds: bounds) }
    }

    /// Facts that do not change (version, commit) as labels of a constant 1. `_info` is added where missing.
    package func info(_ name: String, help: String, _ labels: [(String, String)]) {
        let family = family(
            FamilyDescriptor(kind: .info, name: name, help: help, labelNames: labels.map(\.0))
        ) { Gauge() }
        family.with(values: labels.map(\.1)).set(1)
    }

    /// Finds or registers. A refusal gives a family of its own that no scrape shows.
    func family<Instrument>(
        _ descriptor: FamilyDescriptor, make: @escaping @Sendable () -> Instrument
    ) -> MetricFamily<Instrument> {
        let found = state.withLock { state -> Result<MetricFamily<Instrument>, RegistrationRefusal> in
            if let known = state.families[descriptor.base], known.descriptor.isSame(as: descriptor),
                let family = known as? MetricFamily<Instrument>
            {
                return .success(family)
            }
            if let refusal = MetricsRegistry.refusal(descriptor, state) { return .failure(refusal) }
            let family = MetricFamily(
                descriptor, seriesLimit: seriesLimit, onRefusal: countRefusedSeries(of: descriptor), make: make)
            MetricsRegistry.insert(family, &state)
            return .success(family)
        }
        switch found {
        case .success(let family): return family
        case .failure(let refusal):
            refuse(refusal, name: descriptor.sampleName)
            return MetricFamily(descriptor, seriesLimit: seriesLimit, make: make)
        }
    }

    func refuse(_ refusal: RegistrationRefusal, name: String) {
        refusedRegistrations.with(refusal.rawValue).increment()
        let isNew = state.withLock { state in
            state.complained.count < MetricsRegistry.familyLimit && state.complained.insert(name).inserted
        }
        guard isNew else { return }
        Logger(label: "apus.metrics").warning(
            "metric refused", metadata: ["metric": "\(name)", "reason": "\(refusal.rawValue)"])
    }

    private func countRefusedSeries(of descriptor: FamilyDescriptor) -> @Sendable () -> Void {
        { [refusedSeries, name = descriptor.sampleName] in refusedSeries.with(name).increment() }
    }

    private static func refusal(_ descriptor: FamilyDescriptor, _ state: State) -> RegistrationRefusal? {
        if !descriptor.labelsAreValid { return .labels }
        if descriptor.reservedNames.contains(where: { state.owners[$0] != nil }) { return .conflict }
        return state.families.count < familyLimit ? nil : .limit
    }

    private static func insert(_ family: some ExposedFamily, _ state: inout State) {
        state.families[family.base] = family
        for name in family.descriptor.reservedNames { state.owners[name] = family.base }
        state.sorted = nil
    }
}

/// Why a registration was refused: the label `reason`.
enum RegistrationRefusal: String, Error {
    /// The name, or one of the sample names, belongs to a family with another type, help, unit, labels or buckets.
    case conflict
    /// A label name comes twice, or is `le` on a histogram.
    case labels
    /// Too many families or collectors.
    case limit
}
