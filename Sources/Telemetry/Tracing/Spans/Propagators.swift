import Tracing

/// Which headers carry context between processes: `OTEL_PROPAGATORS`. The names of fields are lower case; extractors compare
/// them without case.
package struct Propagators: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// W3C `traceparent` and `tracestate`.
    package static let traceContext = Propagators(rawValue: 1)
    /// W3C `baggage`.
    package static let baggage = Propagators(rawValue: 2)

    package static let standard: Propagators = [.traceContext, .baggage]

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        if contains(.traceContext), let trace = context.traceContext {
            injector.inject(trace.traceParent.headerValue, forKey: "traceparent", into: &carrier)
            if !trace.state.isEmpty {
                injector.inject(trace.state.headerValue, forKey: "tracestate", into: &carrier)
            }
        }
        if contains(.baggage), let baggage = context.baggage, !baggage.isEmpty {
            injector.inject(baggage.headerValue, forKey: "baggage", into: &carrier)
        }
    }

    /// Leaves `context` as it is where a header is missing or invalid. An extractor that finds a field several times
    /// must join its values with commas; two joined `traceparent` values are then invalid, as they have to be.
    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        if contains(.traceContext), let parent = extractor.extract(key: "traceparent", from: carrier) {
            var reader = TraceContextReader()
            parent.withUTF8Bytes { reader.add(traceparent: $0) }
            extractor.extract(key: "tracestate", from: carrier)?.withUTF8Bytes { reader.add(tracestate: $0) }
            if let trace = reader.finish() { context.traceContext = trace }
        }
        if contains(.baggage), let text = extractor.extract(key: "baggage", from: carrier) {
            let baggage = Baggage(parsing: text)
            if !baggage.isEmpty { context.baggage = baggage }
        }
    }
}
