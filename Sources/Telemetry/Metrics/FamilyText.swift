/// Everything about a family that is the same at each scrape, rendered once when it is registered.
package struct FamilyText: Sendable {
    let textHeader: [UInt8]
    let openMetricsHeader: [UInt8]
    let name: [UInt8]
    /// `le="0.005"} `, one per bound, and `+Inf` at the end. Empty for other kinds.
    let bounds: [[UInt8]]
    /// True when OpenMetrics forbids `_sum` (and so `_count`): negative observations are expected.
    let hasNegativeBounds: Bool

    init(_ descriptor: FamilyDescriptor) {
        textHeader = descriptor.header(.text)
        openMetricsHeader = descriptor.header(.openMetrics)
        name = [UInt8](descriptor.sampleName.utf8)
        hasNegativeBounds = (descriptor.bounds.first ?? 0) < 0
        guard descriptor.kind == .histogram else {
            bounds = []
            return
        }
        bounds = (descriptor.bounds + [.infinity]).map { bound in
            var text = [UInt8]("le=\"".utf8)
            text.append(bound: bound)
            text.append(contentsOf: "\"} ".utf8)
            return text
        }
    }

    func header(_ format: ExpositionFormat) -> [UInt8] {
        format == .text ? textHeader : openMetricsHeader
    }
}

/// Everything about a series that is the same at each scrape, rendered once when it is made.
package struct SeriesText: Sendable {
    /// `a="x",b="y"`, without braces.
    let labels: [UInt8]
    /// `name{a="x"} `: all of a sample's line but its value.
    let linePrefix: [UInt8]

    init(family: FamilyText, labels: [UInt8]) {
        self.labels = labels
        var prefix = family.name
        if !labels.isEmpty {
            prefix.append(UInt8(ascii: "{"))
            prefix.append(contentsOf: labels)
            prefix.append(UInt8(ascii: "}"))
        }
        prefix.append(UInt8(ascii: " "))
        linePrefix = prefix
    }
}

extension Counter {
    package func render(
        _ series: SeriesText, _ family: FamilyText, _ format: ExpositionFormat, to output: inout [UInt8]
    ) {
        output.append(contentsOf: series.linePrefix)
        appendValue(to: &output)
        if format == .openMetrics, let exemplar { exemplar.append(to: &output) }
        output.append(UInt8(ascii: "\n"))
    }
}

extension Gauge {
    package func render(
        _ series: SeriesText, _ family: FamilyText, _ format: ExpositionFormat, to output: inout [UInt8]
    ) {
        output.append(contentsOf: series.linePrefix)
        output.append(number: value)
        output.append(UInt8(ascii: "\n"))
    }
}

extension Histogram {
    package func render(
        _ series: SeriesText, _ family: FamilyText, _ format: ExpositionFormat, to output: inout [UInt8]
    ) {
        let exemplars = format == .openMetrics ? currentExemplars : [:]
        var total: UInt64 = 0
        for index in 0...bounds.count {
            total &+= bucketCount(index)
            output.append(contentsOf: family.name)
            output.append(contentsOf: "_bucket{".utf8)
            if !series.labels.isEmpty {
                output.append(contentsOf: series.labels)
                output.append(UInt8(ascii: ","))
            }
            output.append(contentsOf: family.bounds[index])
            output.append(decimal: total)
            exemplars[index]?.append(to: &output)
            output.append(UInt8(ascii: "\n"))
        }
        let sum = sum
        if format == .openMetrics && (family.hasNegativeBounds || !(sum >= 0)) { return }
        appendLine("_sum", series, family, to: &output) { $0.append(number: sum) }
        appendLine("_count", series, family, to: &output) { $0.append(decimal: total) }
    }

    private func appendLine(
        _ suffix: StaticString, _ series: SeriesText, _ family: FamilyText, to output: inout [UInt8],
        value: (inout [UInt8]) -> Void
    ) {
        output.append(contentsOf: family.name)
        suffix.withUTF8Buffer { output.append(contentsOf: $0) }
        output.append(contentsOf: series.linePrefix.dropFirst(family.name.count))
        value(&output)
        output.append(UInt8(ascii: "\n"))
    }
}
