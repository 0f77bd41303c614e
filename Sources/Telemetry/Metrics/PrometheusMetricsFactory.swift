package import CoreMetrics
import Synchronization

/// The back end of swift-metrics: what libraries record (Hummingbird, gRPC, NIO) lands in the registry.
///
/// | swift-metrics | here |
/// | --- | --- |
/// | Counter, FloatingPointCounter | counter, `_total` |
/// | Meter, Recorder without aggregation (Gauge) | gauge |
/// | Recorder with aggregation | histogram, powers of ten |
/// | Timer | histogram in seconds, `_seconds` |
///
/// Labels that Prometheus does not take are sanitised (`http.requests` is `http_requests_total`). The HELP line names the
/// original, so two labels that become one name do not mix: the first wins, the other is refused, counted and logged.
/// Two handlers with the same label and dimensions share a series, which goes when the last of them is destroyed.
package final class PrometheusMetricsFactory: MetricsFactory {
    /// A series that handlers share, and the way to take it out.
    private struct Use {
        var count: Int
        let remove: @Sendable () -> Void
    }

    private let registry: MetricsRegistry
    private let uses = Mutex<[ObjectIdentifier: Use]>([:])

    package init(registry: MetricsRegistry) {
        self.registry = registry
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CounterBridge(make(.counter, label, dimensions) { Counter() })
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        FloatingPointCounterBridge(make(.counter, label, dimensions) { Counter() })
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        GaugeBridge(make(.gauge, label, dimensions) { Gauge() })
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return GaugeBridge(make(.gauge, label, dimensions) { Gauge() }) }
        let bounds = HistogramBuckets.powersOfTen
        return HistogramBridge(make(.histogram, label, dimensions, bounds: bounds) { Histogram(bounds: bounds) })
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let bounds = HistogramBuckets.seconds
        return TimerBridge(
            make(.histogram, label, dimensions, unit: "seconds", bounds: bounds) { Histogram(bounds: bounds) })
    }

    package func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    private func make<Instrument: MetricInstrument>(
        _ kind: MetricKind, _ label: String, _ dimensions: [(String, String)], unit: String? = nil,
        bounds: [Double] = [], _ make: @escaping @Sendable () -> Instrument
    ) -> Instrument {
        var name = MetricName.sanitised(label)
        if let unit, !name.hasSuffix("_" + unit) { name += "_" + unit }
        let family = registry.family(
            FamilyDescriptor(
                kind: kind, name: name, help: "Recorded by a library as \(label).", unit: unit, labelNames: nil,
                bounds: bounds),
            make: make)
        let labels = PrometheusMetricsFactory.labelText(dimensions, isHistogram: kind == .histogram)
        let instrument = family.with(labelText: labels)
        uses.withLock { uses in
            let remove: @Sendable () -> Void = { family.remove(labelText: labels) }
            uses[ObjectIdentifier(instrument), default: Use(count: 0, remove: remove)].count += 1
        }
        return instrument
    }

    private func destroy(_ handler: AnyObject) {
        guard let bridge = handler as? any InstrumentBridge else { return }
        let last = uses.withLock { uses -> Use? in
            let key = ObjectIdentifier(bridge.anyInstrument)
            uses[key]?.count -= 1
            guard let use = uses[key], use.count <= 0 else { return nil }
            return uses.removeValue(forKey: key)
        }
        last?.remove()
    }

    /// Dimensions in the order of their names, so that the order in which they are given makes no second series; the
    /// first of two with one name stays.
    private static func labelText(_ dimensions: [(String, String)], isHistogram: Bool) -> [UInt8] {
        var values = [String: String]()
        for (name, value) in dimensions {
            var name = MetricName.sanitisedLabel(name)
            if isHistogram && name == "le" { name = "le_" }
            if values[name] == nil { values[name] = value }
        }
        let names = values.keys.sorted()
        return LabelText.render(names: names, values: names.map { values[$0] ?? "" })
    }
}

private protocol InstrumentBridge: AnyObject {
    var anyInstrument: AnyObject { get }
}

private final class CounterBridge: CounterHandler, InstrumentBridge {
    let counter: Counter
    var anyInstrument: AnyObject { counter }
    init(_ counter: Counter) { self.counter = counter }
    func increment(by amount: Int64) { if amount > 0 { counter.increment(by: UInt64(amount)) } }
    func reset() { counter.reset() }
}

private final class FloatingPointCounterBridge: FloatingPointCounterHandler, InstrumentBridge {
    let counter: Counter
    var anyInstrument: AnyObject { counter }
    init(_ counter: Counter) { self.counter = counter }
    func increment(by amount: Double) { counter.increment(by: amount) }
    func reset() { counter.reset() }
}

private final class GaugeBridge: MeterHandler, RecorderHandler, InstrumentBridge {
    let gauge: Gauge
    var anyInstrument: AnyObject { gauge }
    init(_ gauge: Gauge) { self.gauge = gauge }
    func set(_ value: Int64) { gauge.set(value) }
    func set(_ value: Double) { gauge.set(value) }
    func increment(by amount: Double) { gauge.add(amount) }
    func decrement(by amount: Double) { gauge.subtract(amount) }
    func record(_ value: Int64) { gauge.set(value) }
    func record(_ value: Double) { gauge.set(value) }
}

private final class HistogramBridge: RecorderHandler, InstrumentBridge {
    let histogram: Histogram
    var anyInstrument: AnyObject { histogram }
    init(_ histogram: Histogram) { self.histogram = histogram }
    func record(_ value: Int64) { histogram.observe(Double(value)) }
    func record(_ value: Double) { histogram.observe(value) }
}

private final class TimerBridge: TimerHandler, InstrumentBridge {
    let histogram: Histogram
    var anyInstrument: AnyObject { histogram }
    init(_ histogram: Histogram) { self.histogram = histogram }
    func recordNanoseconds(_ duration: Int64) { histogram.observe(Double(duration) / 1e9) }
}
