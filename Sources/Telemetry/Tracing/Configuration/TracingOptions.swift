package import Base

/// All that the tracing part can be told, resolved from the file and the environment.
///
/// Order of precedence: the `OTEL_*` variables of the environment win over the file, as they do in the frameworks and
/// Kubernetes operators that set them for a process from outside; the variable for traces wins over the one for all
/// signals. Unlike the specification's default of `http://localhost:4318`, tracing is off until an endpoint is named.
package struct TracingOptions: Sendable {
    /// `OTEL_SDK_DISABLED`, or `OTEL_TRACES_EXPORTER=none`: nothing is recorded, context still propagates.
    package var isDisabled = false
    /// Nil: no endpoint, so nothing is recorded.
    package var destination: OTLPDestination?
    package var resource = TraceResource.standard
    package var sampler = Sampler.standard
    package var spanLimits = SpanLimits()
    package var batchLimits = BatchLimits()
    package var propagators = Propagators.standard

    package init() {}

    /// Where spans are to go, if anywhere.
    package var activeDestination: OTLPDestination? { isDisabled ? nil : destination }

    /// The exporter for these options, or nil where tracing is off. The caller runs it, then points the back end at it with
    /// `TracingBackend.configure(_:exporter:)`.
    package func makeExporter(
        sender: any HTTPSender, time: any TimeSource, observer: any TracingObserver,
        compress: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) -> SpanExporter? {
        guard let destination = activeDestination else { return nil }
        let client = OTLPClient(
            destination: destination, resource: resource, sender: sender, time: time, compress: compress)
        return SpanExporter(client: client, limits: batchLimits, time: time, observer: observer)
    }
}

extension TracingBackend {
    /// Applies `options` from the next span on. Without an exporter nothing is recorded; context still propagates.
    package func configure(_ options: TracingOptions, exporter: SpanExporter?) {
        let recording = exporter.map {
            Recording(sampler: options.sampler, limits: options.spanLimits, sink: $0)
        }
        configure(propagators: options.propagators, recording: recording)
    }
}

/// A variable of the environment that was not understood and has no effect. Its value is not told: it may be a secret.
package struct TracingWarning: Hashable, Sendable, CustomStringConvertible {
    package let variable: String
    package let problem: String

    package var description: String { "\(variable) \(problem)" }
}
