import Base
import Synchronization

/// Names a collector, so that the generation that added it can take it away.
package struct CollectorToken: Hashable, Sendable {
    let number: Int
}

/// What collectors give at one scrape: gauges and counters whose value is read then, from the kernel or a queue.
///
/// ```swift
/// registry.addCollector { output in
///     output.gauge("apus_reporter_queue_length", help: "Samples that wait.", Double(queue.count))
/// }
/// ```
/// Bound: `seriesLimit` samples a family; a sample with labels that another of its family has is left out.
package struct CollectedMetrics {
    private(set) var families: [String: CollectedFamily] = [:]
    let seriesLimit: Int

    package mutating func counter(
        _ name: String, help: String, labels: [(String, String)] = [], unit: String? = nil, _ value: Double
    ) {
        add(FamilyDescriptor(kind: .counter, name: name, help: help, unit: unit, labelNames: nil), labels, value)
    }

    package mutating func gauge(
        _ name: String, help: String, labels: [(String, String)] = [], unit: String? = nil, _ value: Double
    ) {
        add(FamilyDescriptor(kind: .gauge, name: name, help: help, unit: unit, labelNames: nil), labels, value)
    }

    init(seriesLimit: Int) { self.seriesLimit = seriesLimit }

    private mutating func add(_ descriptor: FamilyDescriptor, _ labels: [(String, String)], _ value: Double) {
        let names = labels.map { MetricName.sanitisedLabel($0.0) }
        // What OpenMetrics forbids would spoil the whole scrape: leave out the one sample.
        if descriptor.kind == .counter && !(value >= 0) { return }
        guard Set(names).count == names.count else { return }
        guard accepts(descriptor) else { return }
        let key = LabelText.render(names: names, values: labels.map(\.1))
        families[descriptor.base, default: CollectedFamily(descriptor: descriptor)].samples[key] = value
    }

    private func accepts(_ descriptor: FamilyDescriptor) -> Bool {
        guard let known = families[descriptor.base] else { return true }
        return known.descriptor.isSame(as: descriptor) && known.samples.count < seriesLimit
    }
}

struct CollectedFamily: ExposedFamily {
    let descriptor: FamilyDescriptor
    var samples: [[UInt8]: Double] = [:]

    var base: String { descriptor.base }

    func append(_ format: ExpositionFormat, now: MonotonicInstant, to output: inout [UInt8]) {
        let text = FamilyText(descriptor)
        output.append(contentsOf: text.header(format))
        for (labels, value) in samples.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            output.append(contentsOf: SeriesText(family: text, labels: labels).linePrefix)
            output.append(number: value)
            output.append(UInt8(ascii: "\n"))
        }
    }
}

extension MetricsRegistry {
    /// Runs `collect` at every scrape, on the thread of the scrape: it must not block. Past 256 collectors it is refused,
    /// counted and logged.
    @discardableResult
    package func addCollector(_ collect: @escaping @Sendable (inout CollectedMetrics) -> Void) -> CollectorToken {
        let (token, accepted) = state.withLock { state in
            state.nextToken += 1
            let token = CollectorToken(number: state.nextToken)
            let accepted = state.collectors.count < MetricsRegistry.collectorLimit
            if accepted { state.collectors.append((token, collect)) }
            return (token, accepted)
        }
        if !accepted { refuse(.limit, name: "collector") }
        return token
    }

    package func removeCollector(_ token: CollectorToken) {
        state.withLock { state in state.collectors.removeAll { $0.token == token } }
    }

    /// Runs the collectors outside of the lock; a family whose names belong to a registered one is refused.
    func collected() -> [CollectedFamily] {
        let (collectors, owners) = state.withLock { ($0.collectors, $0.owners) }
        if collectors.isEmpty { return [] }
        var output = CollectedMetrics(seriesLimit: seriesLimit)
        for collector in collectors { collector.collect(&output) }
        var taken = owners
        var result = [CollectedFamily]()
        for family in output.families.values.sorted(by: { $0.base < $1.base }) {
            let names = family.descriptor.reservedNames
            if names.contains(where: { taken[$0] != nil }) {
                refuse(.conflict, name: family.descriptor.sampleName)
                continue
            }
            for name in names { taken[name] = family.base }
            result.append(family)
        }
        return result
    }
}
