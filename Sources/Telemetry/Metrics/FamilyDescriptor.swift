/// What a scrape is written in.
package enum ExpositionFormat: Sendable {
    /// Prometheus text 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics
}

package enum MetricKind: String, Sendable {
    case counter, gauge, histogram, info
}

/// What a family is, apart from its series. Two registrations are one family when everything but `idleExpiry` is equal.
struct FamilyDescriptor: Sendable {
    let kind: MetricKind
    /// The family's name in OpenMetrics: a counter without `_total`, an info without `_info`.
    let base: String
    let help: String
    /// Only where `base` ends in it, as OpenMetrics requires.
    let unit: String?
    /// nil: each series brings its own label names (swift-metrics).
    let labelNames: [String]?
    let bounds: [Double]
    let idleExpiry: Duration?

    init(
        kind: MetricKind, name: String, help: String, unit: String? = nil, labelNames: [String]? = [],
        bounds: [Double] = [], idleExpiry: Duration? = nil
    ) {
        let name = MetricName.sanitised(name)
        self.kind = kind
        switch kind {
        case .counter: base = FamilyDescriptor.drop("_total", from: name)
        case .info: base = FamilyDescriptor.drop("_info", from: name)
        case .gauge, .histogram: base = name
        }
        self.help = help
        let unitFits = kind != .info && base.hasSuffix("_" + (unit ?? ""))
        self.unit = unitFits ? unit : nil
        self.labelNames = labelNames?.map(MetricName.sanitisedLabel)
        self.bounds = Histogram.normalised(bounds)
        self.idleExpiry = idleExpiry
    }

    /// The name of the only sample of a counter, gauge or info, and the family's name in the text format.
    var sampleName: String {
        switch kind {
        case .counter: base + "_total"
        case .info: base + "_info"
        case .gauge, .histogram: base
        }
    }

    /// Every name that this family may write in either format; no other family may use one of them.
    var reservedNames: [String] {
        switch kind {
        case .counter: [base, base + "_total", base + "_created"]
        case .info: [base, base + "_info"]
        case .gauge: [base]
        case .histogram: [base, base + "_bucket", base + "_sum", base + "_count", base + "_created"]
        }
    }

    /// Label names that are fit for a series of this kind: valid, no repeats, `le` left to histograms.
    var labelsAreValid: Bool {
        guard let labelNames else { return true }
        return Set(labelNames).count == labelNames.count && !(kind == .histogram && labelNames.contains("le"))
    }

    func isSame(as other: FamilyDescriptor) -> Bool {
        kind == other.kind && base == other.base && help == other.help && unit == other.unit
            && labelNames == other.labelNames && bounds == other.bounds
    }

    private static func drop(_ suffix: String, from name: String) -> String {
        name.hasSuffix(suffix) && name.utf8.count > suffix.utf8.count ? String(name.dropLast(suffix.count)) : name
    }
}

extension FamilyDescriptor {
    /// `# HELP`, `# TYPE` and, in OpenMetrics, `# UNIT`.
    func header(_ format: ExpositionFormat) -> [UInt8] {
        let name = format == .text ? sampleName : base
        let type = format == .text && kind == .info ? "gauge" : kind.rawValue
        var text = [UInt8]()
        if !help.isEmpty {
            text.append(contentsOf: "# HELP \(name) ".utf8)
            LabelText.appendEscaped(help, quotes: format == .openMetrics, to: &text)
            text.append(UInt8(ascii: "\n"))
        }
        text.append(contentsOf: "# TYPE \(name) \(type)\n".utf8)
        if format == .openMetrics, let unit { text.append(contentsOf: "# UNIT \(name) \(unit)\n".utf8) }
        return text
    }
}
