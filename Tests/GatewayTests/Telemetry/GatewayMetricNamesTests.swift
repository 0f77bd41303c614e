import Base
import FoundationEssentials
import Gateway
import Telemetry
import TestKit
import Testing

/// The alert rules, the dashboard and the documentation name only metrics and labels that the gateway has.
@Suite struct GatewayMetricNamesTests {
    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            struct Target: Decodable { let expr: String }
            let title: String
            let targets: [Target]?
        }
        struct Templating: Decodable {
            struct Variable: Decodable {
                let name: String
                let definition: String?
            }
            let list: [Variable]
        }
        let panels: [Panel]
        let templating: Templating
    }

    private static let metrics = Dictionary(uniqueKeysWithValues: GatewayMetricNames.all.map { ($0.name, $0) })

    private func read(_ path: String) throws -> String {
        String(decoding: try Files.read("\(ApusProgram.root())/docs/\(path)"), as: UTF8.self)
    }

    private func dashboard() throws -> Dashboard {
        try JSONDecoder().decode(Dashboard.self, from: Data(try read("dashboards/gateway.json").utf8))
    }

    /// The expressions of the dashboard and the text of the rules.
    private func expressions() throws -> [String] {
        let dashboard = try dashboard()
        return [try read("alerts.yaml")] + dashboard.panels.flatMap { $0.targets ?? [] }.map(\.expr)
            + dashboard.templating.list.compactMap(\.definition)
    }

    /// The family that a series belongs to: a histogram has three kinds of series.
    private func metric(_ series: Substring) -> GatewayMetric? {
        if let metric = GatewayMetricNamesTests.metrics[String(series)] {
            return metric.kind == .histogram ? nil : metric
        }
        for suffix in ["_bucket", "_sum", "_count"] where series.hasSuffix(suffix) {
            let metric = GatewayMetricNamesTests.metrics[String(series.dropLast(suffix.count))]
            return metric?.kind == .histogram ? metric : nil
        }
        return nil
    }

    @Test func everyNameInRulesAndDashboardExists() throws {
        let name = /\b(?:apus_gateway|resilience4j)_[a-z0-9_]+/
        var seen: Set<String> = []
        for text in try expressions() {
            for match in text.matches(of: name) {
                let found = metric(match.output)
                #expect(found != nil, "\(match.output) is no series of the gateway")
                if let found { seen.insert(found.name) }
            }
        }
        let unseen = GatewayMetricNames.all.map(\.name).filter { !seen.contains($0) }
        #expect(unseen.isEmpty, "neither in a rule nor in the dashboard")
    }

    @Test func everyLabelInASelectorExists() throws {
        let selector = /\b((?:apus_gateway|resilience4j)_[a-z0-9_]+)\{([^}]*)\}/
        let common: Set<String> = ["instance", "job", "le"]
        var count = 0
        for text in try expressions() {
            for match in text.matches(of: selector) {
                let labels = try #require(metric(match.output.1)?.labels, "\(match.output.1)")
                for label in match.output.2.matches(of: /([a-z_]+)(?:=~|!~|!=|=)/) {
                    let name = String(label.output.1)
                    #expect(labels.contains(name) || common.contains(name), "\(match.output.1) has no label \(name)")
                    count += 1
                }
            }
        }
        #expect(count > 50)
    }

    @Test func rightFunctionsForEachKind() throws {
        for text in try expressions() {
            for match in text.matches(of: /\b(?:rate|increase)\(((?:apus_gateway|resilience4j)_[a-z0-9_]+)/) {
                let kind = metric(match.output.1)?.kind
                #expect(kind == .counter || kind == .histogram, "\(match.output.0): not a counter")
            }
        }
    }

    /// As rules, which is what promtool reads.
    @Test func everyExpressionOfTheDashboardIsPromQL() async throws {
        let folder = try TemporaryFolder()
        let targets = try dashboard().panels.flatMap { $0.targets ?? [] }
        let rules = targets.enumerated().map { number, target in
            let expression = target.expr.replacing("$__rate_interval", with: "1m").replacing("'", with: "''")
            return "  - { record: 'panel:\(number)', expr: '\(expression)' }\n"
        }
        #expect(rules.count > 40)
        let file = try folder.write("rules.yaml", "groups:\n- name: dashboard\n  rules:\n" + rules.joined())
        let check = try await ChildProcess.run("promtool", ["check", "rules", file], folder: folder.path)
        #expect(check.code == 0, "\(check.output)\(check.errors)")
    }

    @Test func theDashboardHasItsVariables() throws {
        let dashboard = try dashboard()
        let names = Set(dashboard.templating.list.map(\.name))
        #expect(names.contains("datasource"))
        for text in try expressions() {
            for match in text.matches(of: /\$([a-z]+)\b/) {
                // In the rules, `$value` and `$labels` are Prometheus's own.
                let name = String(match.output.1)
                #expect(names.contains(name) || name == "value" || name == "labels", "\(name) is no variable")
            }
        }
        #expect(Set(dashboard.panels.map(\.title)).count > 30)
    }

    @Test func everyMetricIsDocumented() throws {
        let text = try read("operations.md")
        for metric in GatewayMetricNames.all {
            let labels = metric.labels.map { "`\($0)` " }.joined(separator: ", ").replacing("` ,", with: "`,")
            #expect(
                text.contains("| `\(metric.name)` | \(labels)|"), "docs/operations.md lacks \(metric.name), \(labels)")
        }
        for match in text.matches(of: /`((?:apus_gateway|resilience4j)_[a-z0-9_]+)`/) {
            #expect(GatewayMetricNamesTests.metrics[String(match.output.1)] != nil, "\(match.output.1) does not exist")
        }
    }

    /// As the engine registers them: none is refused, each is exposed under its name.
    @Test func theRegistryTakesThemAll() {
        let registry = MetricsRegistry()
        for metric in GatewayMetricNames.all {
            let values = metric.labels.map { _ in "x" }
            switch metric.kind {
            case .counter: registry.counter(metric).with(values: values).increment()
            case .gauge: registry.gauge(metric).with(values: values).set(1)
            case .histogram: registry.histogram(metric).with(values: values).observe(.seconds(1))
            }
        }
        let exposition = registry.expose(
            accept: nil, acceptEncoding: nil, now: MonotonicInstant(nanoseconds: 1))
        let text = String(decoding: exposition.bytes, as: UTF8.self)
        #expect(!text.contains("apus_metrics_registrations_refused_total{"))
        for metric in GatewayMetricNames.all {
            #expect(text.contains("# TYPE \(metric.name) \(metric.kind.rawValue)\n"), "\(metric.name)")
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
        }
    }
}
