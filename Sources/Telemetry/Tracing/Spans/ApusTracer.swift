package import Tracing

/// swift-distributed-tracing's tracer and instrument over a `TracingBackend`.
package struct ApusTracer: Tracer {
    private let backend: TracingBackend

    package init(backend: TracingBackend) {
        self.backend = backend
    }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> ApusSpan {
        backend.startSpan(operationName, context: context(), kind: kind) { instant().nanosecondsSinceEpoch }
    }

    /// Nothing to do: the exporter sends on its own schedule and flushes when it is stopped.
    package func forceFlush() {}

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        backend.propagators.inject(context, into: &carrier, using: injector)
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        backend.propagators.extract(carrier, into: &context, using: extractor)
    }
}
