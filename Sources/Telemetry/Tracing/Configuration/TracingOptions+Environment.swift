import Base
import Settings

extension TracingOptions {
    /// Lays the `OTEL_*` variables over these options. The environment comes as a value, so that a test needs no process.
    ///
    /// - Returns: what was not understood and therefore ignored.
    package mutating func apply(environment: [String: String]) -> [TracingWarning] {
        var reader = EnvironmentReader(environment)
        if let disabled = reader.bool("OTEL_SDK_DISABLED") { isDisabled = disabled }
        if let exports = reader.choice(
            "OTEL_TRACES_EXPORTER", allowed: ["otlp", "none"], parse: { Self.exporters[$0] })
        {
            isDisabled = isDisabled || !exports
        }
        applyDestination(&reader)
        applyResource(&reader)
        applySampler(&reader)
        applyBatchLimits(&reader)
        applySpanLimits(&reader)
        applyPropagators(&reader)
        return reader.warnings
    }

    private static let exporters: [String: Bool] = ["otlp": true, "none": false]

    private mutating func applyDestination(_ reader: inout EnvironmentReader) {
        if let url = endpoint(&reader) {
            if destination == nil { destination = OTLPDestination(url: url) } else { destination?.url = url }
        }
        let protocols = ["http/protobuf"]
        _ = reader.choice(
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL", allowed: protocols,
            parse: { protocols.contains($0) ? $0 : nil })
        if let timeout = reader.duration(
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT", zero: EnvironmentReader.unlimited)
        {
            destination?.timeout = timeout
        }
        if let compression = reader.choice(
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION",
            allowed: OTLPDestination.Compression.allCases.map(\.rawValue),
            parse: OTLPDestination.Compression.init(rawValue:))
        {
            destination?.compression = compression
        }
        if let headers = headers(&reader) { destination?.headers = headers }
    }

    private func endpoint(_ reader: inout EnvironmentReader) -> HTTPURL? {
        let (own, base) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
        if let (_, text) = reader.value([own]) {
            if let url = OTLPEndpoint.tracesURL(own: text) { return url }
            reader.warn(own, "is no http or https URL; ignored")
        }
        if let (_, text) = reader.value([base]) {
            if let url = OTLPEndpoint.tracesURL(base: text) { return url }
            reader.warn(base, "is no http or https URL; ignored")
        }
        return nil
    }

    private func headers(_ reader: inout EnvironmentReader) -> [(name: String, value: Secret)]? {
        guard
            let (variable, pairs) = reader.pairs("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
        else { return nil }
        guard pairs.allSatisfy({ OTLPHeader.allowsName($0.key) && OTLPHeader.allowsValue($0.value) }) else {
            reader.warn(variable, "has a header name or value that cannot be sent; ignored")
            return nil
        }
        return pairs.map { (name: $0.key, value: Secret($0.value)) }
    }

    private mutating func applyResource(_ reader: inout EnvironmentReader) {
        for (key, value) in reader.pairs("OTEL_RESOURCE_ATTRIBUTES")?.pairs ?? [] { resource.set(key, to: value) }
        if let (_, name) = reader.value(["OTEL_SERVICE_NAME"]) { resource.set("service.name", to: name) }
    }

    private mutating func applySampler(_ reader: inout EnvironmentReader) {
        let name = reader.choice(
            "OTEL_TRACES_SAMPLER", allowed: SamplerName.allCases.map(\.rawValue), parse: SamplerName.init(rawValue:))
        guard let name else { return }
        var ratio = 1.0
        let takesRatio = name == .traceIDRatio || name == .parentBasedTraceIDRatio
        if takesRatio, let (variable, text) = reader.value(["OTEL_TRACES_SAMPLER_ARG"]) {
            if let number = Double(text), (0...1).contains(number) {
                ratio = number
            } else {
                reader.warn(variable, "is no number from 0 to 1; 1 is assumed")
            }
        }
        sampler = name.sampler(ratio: ratio)
    }

    private mutating func applyPropagators(_ reader: inout EnvironmentReader) {
        guard let (variable, text) = reader.value(["OTEL_PROPAGATORS"]) else { return }
        var chosen: Propagators = []
        var isUnderstood = false
        for name in text.split(separator: ",").map({ EnvironmentReader.trimmed($0).lowercased() }) where !name.isEmpty {
            switch name {
            case "tracecontext": chosen.insert(.traceContext)
            case "baggage": chosen.insert(.baggage)
            case "none": break
            default:
                reader.warn(variable, "names a propagator other than tracecontext, baggage, none; ignored")
                continue
            }
            isUnderstood = true
        }
        if isUnderstood { propagators = chosen }
    }
}
