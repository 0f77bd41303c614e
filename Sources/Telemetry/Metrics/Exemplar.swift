package import Base

/// A pointer from a metric to one trace behind it (OpenMetrics 1.0.0, "Exemplars"). Shown in OpenMetrics only.
package struct Exemplar: Sendable {
    /// The specification's bound on the characters of all label names and values together.
    package static let longest = 128

    /// `name="value",…`, escaped once here and not at every scrape.
    let labelText: [UInt8]
    let time: WallInstant?
    private(set) var value = 1.0

    /// The usual exemplar: a trace and the span in it.
    ///
    /// - Returns: nil when the two identifiers are too long to be shown.
    package init?(traceID: String, spanID: String, at time: WallInstant? = nil) {
        self.init(labels: [("trace_id", traceID), ("span_id", spanID)], at: time)
    }

    /// - Returns: nil past 128 characters, for a label name that is not allowed, or for one that comes twice.
    package init?(labels: [(String, String)], at time: WallInstant? = nil) {
        var characters = 0
        for (name, value) in labels { characters += name.unicodeScalars.count + value.unicodeScalars.count }
        guard characters <= Exemplar.longest, labels.allSatisfy({ MetricName.isValidLabel($0.0) }),
            Set(labels.map(\.0)).count == labels.count
        else { return nil }
        labelText = LabelText.render(names: labels.map(\.0), values: labels.map(\.1))
        self.time = time
    }

    func with(value: Double) -> Exemplar {
        var copy = self
        copy.value = value
        return copy
    }

    /// ` # {trace_id="…"} 0.67 1700000000.123`
    func append(to output: inout [UInt8]) {
        output.append(contentsOf: " # {".utf8)
        output.append(contentsOf: labelText)
        output.append(contentsOf: "} ".utf8)
        output.append(number: value)
        guard let time else { return }
        output.append(UInt8(ascii: " "))
        let milliseconds = time.nanosecondsSince1970 / 1_000_000
        output.append(number: Double(milliseconds) / 1000)
    }
}
