package import Tracing

/// The span that our tracer hands out: a context, and a recorder where the span is sampled. Without one every call
/// returns at once.
package struct ApusSpan: Span {
    package let context: ServiceContext
    let recorder: SpanRecorder?

    package var isRecording: Bool { recorder?.isRecording ?? false }

    package var operationName: String {
        get { recorder?.name ?? "" }
        nonmutating set { recorder?.name = newValue }
    }

    package var attributes: SpanAttributes {
        get { recorder?.attributes ?? [:] }
        nonmutating set { recorder?.attributes = newValue }
    }

    package func setStatus(_ status: SpanStatus) {
        recorder?.set(status)
    }

    package func addEvent(_ event: SpanEvent) {
        recorder?.add(event)
    }

    package func addLink(_ link: SpanLink) {
        recorder?.add(link)
    }

    /// An event `exception` with `exception.type` and `exception.message`; the status is the caller's to set.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard let recorder else { return }
        var all: SpanAttributes = [
            "exception.type": .string(String(reflecting: type(of: error))),
            "exception.message": .string("\(error)"),
        ]
        all.merge(attributes)
        recorder.add(SpanEvent(name: "exception", at: instant(), attributes: all))
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        recorder?.end(nanosecondsSinceEpoch: instant().nanosecondsSinceEpoch)
    }
}
