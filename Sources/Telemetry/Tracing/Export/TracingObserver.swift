package import Base

/// Why a span that was recorded never reached the receiver.
package enum SpanDropReason: String, Sendable, CaseIterable {
    /// The queue was full: the receiver is slower than the process.
    case queueFull = "queue_full"
    /// The export failed for good or ran out of time.
    case exportFailed = "export_failed"
    /// The receiver took the batch but not this span (partial success).
    case rejected
    /// The process stopped before the span could be sent.
    case shutdown
}

/// What is worth telling about the export of spans.
package enum TracingEvent: Sendable {
    /// The receiver has taken so many spans.
    case exported(spans: Int)
    case dropped(spans: Int, reason: SpanDropReason)
    /// An attempt failed and is repeated after the pause.
    case retrying(after: Duration, error: ApusError)
    /// A batch is given up; its spans are also reported as dropped.
    case exportFailed(error: ApusError, attempts: Int)
    /// The receiver's words on the spans that it rejected: once in the life of an exporter.
    case rejection(message: String)
}

/// The seam to metrics and logs. Called on the thread that ended the span or on the exporter's: it must not wait, and must
/// not make spans.
package protocol TracingObserver: Sendable {
    func observe(_ event: TracingEvent)
}

/// For those who do not listen.
package struct SilentTracingObserver: TracingObserver {
    package init() {}
    package func observe(_ event: TracingEvent) {}
}
