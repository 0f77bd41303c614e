package import Tracing

/// Where a piece of work stands in a distributed trace: what `traceparent` and `tracestate` carry from process to process.
package struct TraceContext: Hashable, Sendable {
    package var traceID: TraceID
    /// The span that is current here; for one that came in by a header, the caller's span.
    package var spanID: SpanID
    package var flags: TraceFlags
    package var state: TraceState
    /// It came from another process.
    package var isRemote: Bool

    package init(
        traceID: TraceID, spanID: SpanID, flags: TraceFlags, state: TraceState = .empty, isRemote: Bool = false
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
        self.state = state
        self.isRemote = isRemote
    }

    package var isSampled: Bool { flags.contains(.sampled) }

    /// The value of the `traceparent` header to send.
    package var traceParent: TraceParent { TraceParent(traceID: traceID, spanID: spanID, flags: flags) }

    /// The next hop of the same trace: a new span identifier, everything else kept.
    package func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
        var child = self
        child.spanID = .random(using: &generator)
        child.isRemote = false
        return child
    }
}

/// Reads the trace headers of one message, field by field in their order, straight from its bytes.
///
/// No `traceparent`, an invalid one or more than one: no context (whoever continues starts a new trace and drops
/// `tracestate`). An invalid `tracestate` is dropped alone.
package struct TraceContextReader {
    private var parent: TraceParent?
    private var parentCount = 0
    private var state = TraceStateParser()

    package init() {}

    package mutating func add(traceparent value: RawSpan) {
        parentCount += 1
        parent = parentCount == 1 ? TraceParent(parsing: value) : nil
    }

    package mutating func add(tracestate value: RawSpan) {
        state.add(line: value)
    }

    package consuming func finish() -> TraceContext? {
        guard let parent else { return nil }
        return TraceContext(
            traceID: parent.traceID, spanID: parent.spanID, flags: parent.flags, state: state.finish() ?? .empty,
            isRemote: true)
    }
}

private enum TraceContextKey: ServiceContextKey {
    typealias Value = TraceContext
    static let nameOverride: String? = "traceContext"
}

extension ServiceContext {
    /// The span that is current in this task, if any.
    package var traceContext: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }
}
