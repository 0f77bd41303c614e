/// For what handles very many requests and keeps its own clock: contexts and finished spans without a task-local context.
extension TracingBackend {
    /// The span of a hop that goes on with `parent`, or begins a trace.
    ///
    /// - Parameter ratio: Share of new traces that are sampled, in place of the configured one.
    /// - Returns: The context to send on, and whether the hop's spans are wanted: give them to `record`. Switched off, a
    ///   caller's decision is passed on as it is, and a new trace is not sampled.
    package func hop(after parent: TraceContext?, ratio: Double? = nil) -> (context: TraceContext, isRecorded: Bool) {
        var context = parent.map { nextIdentifiers.child(of: $0) } ?? nextIdentifiers.root()
        guard let sampler = recordingSampler else { return (context, false) }
        let isSampled: Bool
        if parent == nil, let ratio {
            isSampled = Sampler.traceIDRatio(ratio).samples(traceID: context.traceID, parent: nil)
        } else {
            isSampled = sampler.samples(traceID: context.traceID, parent: parent)
        }
        context.flags = isSampled ? context.flags.union(.sampled) : context.flags.subtracting(.sampled)
        return (context, isSampled)
    }

    /// A span below `context`.
    package func child(of context: TraceContext) -> TraceContext { nextIdentifiers.child(of: context) }

    /// Takes a span that has ended.
    package func record(_ span: FinishedSpan) { submit(span) }
}
