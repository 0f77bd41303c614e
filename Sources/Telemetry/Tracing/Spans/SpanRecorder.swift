import Synchronization
import Tracing

/// The changing part of a sampled span. Many tasks may write to one span; what comes after the end is ignored.
final class SpanRecorder: Sendable {
    private struct State {
        var span: FinishedSpan
        var attributes = LimitedAttributes()
        var hasEnded = false
    }

    private let limits: SpanLimits
    private let backend: TracingBackend
    private let state: Mutex<State>

    init(_ span: FinishedSpan, limits: SpanLimits, backend: TracingBackend) {
        self.limits = limits
        self.backend = backend
        state = Mutex(State(span: span))
    }

    var isRecording: Bool { state.withLock { !$0.hasEnded } }

    var name: String {
        get { state.withLock { $0.span.name } }
        set { change { $0.span.name = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLock { $0.attributes.values } }
        set {
            change {
                $0.attributes.replace(
                    with: newValue, limit: limits.attributes, valueLength: limits.attributeValueLength)
            }
        }
    }

    /// `ok` is final, `error` is replaced by a later one; a message is kept for errors only (OpenTelemetry, "Set Status").
    func set(_ status: SpanStatus) {
        change { state in
            if state.span.status?.code == .ok { return }
            state.span.status = status.code == .ok ? SpanStatus(code: .ok) : status
        }
    }

    func add(_ event: SpanEvent) {
        change { state in
            guard state.span.events.count < limits.events else {
                state.span.droppedEventCount += 1
                return
            }
            let attributes = LimitedAttributes(
                event.attributes, limit: limits.attributesPerEvent, valueLength: limits.attributeValueLength)
            state.span.events.append(
                .init(
                    name: event.name, nanosecondsSinceEpoch: event.nanosecondsSinceEpoch,
                    attributes: attributes.values, droppedAttributeCount: attributes.droppedCount))
        }
    }

    /// A link to a context that carries no trace is ignored.
    func add(_ link: SpanLink) {
        guard let context = link.context.traceContext else { return }
        change { state in
            guard state.span.links.count < limits.links else {
                state.span.droppedLinkCount += 1
                return
            }
            let attributes = LimitedAttributes(
                link.attributes, limit: limits.attributesPerLink, valueLength: limits.attributeValueLength)
            state.span.links.append(
                .init(context: context, attributes: attributes.values, droppedAttributeCount: attributes.droppedCount))
        }
    }

    /// Hands the span over to the exporter of this moment. The second end is ignored.
    func end(nanosecondsSinceEpoch: UInt64) {
        let finished = state.withLock { state -> FinishedSpan? in
            if state.hasEnded { return nil }
            state.hasEnded = true
            state.span.attributes = state.attributes.values
            state.span.droppedAttributeCount = state.attributes.droppedCount
            state.span.endNanosecondsSinceEpoch = max(nanosecondsSinceEpoch, state.span.startNanosecondsSinceEpoch)
            return state.span
        }
        if let finished { backend.submit(finished) }
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            if !state.hasEnded { body(&state) }
        }
    }
}
