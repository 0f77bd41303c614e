package import Telemetry

/// The words of one metric family: what the engine registers, the documentation lists, and alerts and dashboard may name.
package struct GatewayMetric: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    package let kind: Kind
    package let name: String
    package let help: String
    package let labels: [String]
    /// The last word of the name of a gauge or a histogram that has one: `seconds`, `bytes`.
    package let unit: String?

    init(_ kind: Kind, _ name: String, _ help: String, labels: [String] = [], unit: String? = nil) {
        self.kind = kind
        self.name = name
        self.help = help
        self.labels = labels
        self.unit = unit
    }
}

extension MetricsRegistry {
    /// For the engine, once at its start: it keeps the series that it moves, and looks none up on the hot path.
    package func counter(_ metric: GatewayMetric) -> CounterFamily {
        counter(metric.name, help: metric.help, labels: metric.labels, unit: metric.unit)
    }

    package func gauge(_ metric: GatewayMetric) -> GaugeFamily {
        gauge(metric.name, help: metric.help, labels: metric.labels, unit: metric.unit)
    }

    package func histogram(_ metric: GatewayMetric) -> HistogramFamily {
        histogram(metric.name, help: metric.help, labels: metric.labels, unit: metric.unit)
    }
}
