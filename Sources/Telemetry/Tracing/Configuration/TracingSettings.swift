package import Base
package import Settings

/// `telemetry: { traces: … }`: where spans go and which are kept. The `OTEL_*` variables of the environment win over it.
package struct TracingSettings: SettingsGroup {
    package var endpoint: HTTPURL?
    package var headers: OrderedMap<Secret> = [:]
    package var compression = OTLPDestination.Compression.gzip
    package var timeout = Duration.seconds(10)
    package var sampler = SamplerName.parentBasedAlwaysOn
    package var ratio = 1.0
    package var serviceName: String?
    package var resource: OrderedMap<String> = [:]
    package var propagators = PropagatorName.allCases
    package var batch = BatchSettings()
    package var limits = SpanLimitSettings()

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "endpoint", \.endpoint, .url,
                "OTLP/HTTP receiver such as http://127.0.0.1:4318; v1/traces is appended. Without one tracing is off."),
            SettingsField(
                "headers", \.headers, .map(of: .secret, count: 0...32), "Header fields sent with each export."),
            SettingsField("compression", \.compression, .choice(), "How request bodies are compressed."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .milliseconds(10) ... .seconds(300)),
                "Bounds one attempt to export."),
            SettingsField("sampler", \.sampler, .choice(), "Which traces are recorded."),
            SettingsField("ratio", \.ratio, .ratio, "Share of traces that the traceidratio samplers keep."),
            SettingsField("serviceName", \.serviceName, .nonEmptyString, "The attribute service.name of every span."),
            SettingsField("resource", \.resource, .map(of: .string, count: 0...64), "Further resource attributes."),
            SettingsField(
                "propagators", \.propagators, .list(of: .choice(), count: 0...2), "Headers that carry context."),
            SettingsField("batch", \.batch, .group(), "How spans are gathered before they are sent."),
            SettingsField("limits", \.limits, .group(), "How much one span may hold."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        for (name, value) in headers {
            guard OTLPHeader.allowsName(name), OTLPHeader.allowsValue(value.reveal()) else {
                complaints.error(at: "headers.\(name)", "cannot be sent as a header field")
                continue
            }
        }
        if batch.size > batch.queue {
            complaints.error(at: "batch.size", "must be at most batch.queue")
        }
    }

    /// What the file says, before the environment is laid over it.
    package var options: TracingOptions {
        var options = TracingOptions()
        if let url = endpoint.flatMap({ OTLPEndpoint.tracesURL(base: $0.reveal()) }) {
            var destination = OTLPDestination(url: url)
            destination.headers = headers.map { (name: $0.key, value: $0.value) }
            destination.compression = compression
            destination.timeout = timeout
            options.destination = destination
        }
        for (key, value) in resource { options.resource.set(key, to: value) }
        if let serviceName { options.resource.set("service.name", to: serviceName) }
        options.sampler = sampler.sampler(ratio: ratio)
        options.propagators = propagators.reduce(into: []) { $0.insert($1.propagator) }
        options.batchLimits = batch.limits
        options.spanLimits = limits.limits
        return options
    }
}

/// The samplers under the names of `OTEL_TRACES_SAMPLER`.
package enum SamplerName: String, Sendable, CaseIterable {
    case alwaysOn = "always_on"
    case alwaysOff = "always_off"
    case traceIDRatio = "traceidratio"
    case parentBasedAlwaysOn = "parentbased_always_on"
    case parentBasedAlwaysOff = "parentbased_always_off"
    case parentBasedTraceIDRatio = "parentbased_traceidratio"

    package func sampler(ratio: Double) -> Sampler {
        switch self {
        case .alwaysOn: .alwaysOn
        case .alwaysOff: .alwaysOff
        case .traceIDRatio: .traceIDRatio(ratio)
        case .parentBasedAlwaysOn: .parentBased(root: .alwaysOn)
        case .parentBasedAlwaysOff: .parentBased(root: .alwaysOff)
        case .parentBasedTraceIDRatio: .parentBased(root: .traceIDRatio(ratio))
        }
    }
}

/// The propagators under the names of `OTEL_PROPAGATORS`.
package enum PropagatorName: String, Sendable, CaseIterable {
    case traceContext = "tracecontext"
    case baggage

    package var propagator: Propagators { self == .traceContext ? .traceContext : .baggage }
}
