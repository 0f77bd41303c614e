package import Tracing

/// A span that has ended, as the exporter takes it. Immutable; attributes, events and links are within the span limits.
package struct FinishedSpan: Sendable {
    package struct Event: Sendable {
        package let name: String
        package let nanosecondsSinceEpoch: UInt64
        package let attributes: SpanAttributes
        package let droppedAttributeCount: Int
    }

    package struct Link: Sendable {
        package let context: TraceContext
        package let attributes: SpanAttributes
        package let droppedAttributeCount: Int
    }

    package var name: String
    package var kind: SpanKind
    package let context: TraceContext
    package let parent: TraceContext?
    package let startNanosecondsSinceEpoch: UInt64
    /// Never before the start, also when the clock was set back in between.
    package var endNanosecondsSinceEpoch: UInt64 = 0
    package var attributes: SpanAttributes = [:]
    package var droppedAttributeCount = 0
    package var events: [Event] = []
    package var droppedEventCount = 0
    package var links: [Link] = []
    package var droppedLinkCount = 0
    package var status: SpanStatus?

    package init(
        name: String, kind: SpanKind, context: TraceContext, parent: TraceContext?, startNanosecondsSinceEpoch: UInt64
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parent = parent
        self.startNanosecondsSinceEpoch = startNanosecondsSinceEpoch
    }
}

/// Takes spans as they end, on the thread that ends them: it must be quick and must not wait.
package protocol SpanSink: Sendable {
    func submit(_ span: FinishedSpan)
}
