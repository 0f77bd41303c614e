import Synchronization
import Tracing

/// The process's one back end of swift-distributed-tracing. The tracer that is bootstrapped stays for the life of the process;
/// what it does (sampler, limits, propagators, exporter) is swapped at each reload.
///
/// It starts switched off: no span is recorded and a start costs one lock, but context that came in still goes out.
package final class TracingBackend: Sendable {
    /// The back end that `bootstrap()` installs.
    package static let shared = TracingBackend()

    /// What happens to spans from now on.
    package struct Recording: Sendable {
        package var sampler: Sampler
        package var limits: SpanLimits
        package var sink: any SpanSink

        package init(sampler: Sampler, limits: SpanLimits, sink: any SpanSink) {
            self.sampler = sampler
            self.limits = limits
            self.sink = sink
        }
    }

    private struct State {
        var propagators: Propagators = .standard
        var recording: Recording?
    }

    private static let isBootstrapped = Atomic(false)
    private let state = Mutex(State())
    private let identifiers: IdentifierGenerator

    package init(identifiers: IdentifierGenerator = IdentifierGenerator()) {
        self.identifiers = identifiers
    }

    /// Makes `shared` the process's tracer. Only the first call has an effect.
    package static func bootstrap() {
        let isFirst = isBootstrapped.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
        if isFirst.exchanged { InstrumentationSystem.bootstrap(ApusTracer(backend: shared)) }
    }

    /// Takes effect at once. A span that began before ends into the new sink; nil switches recording off and drops it.
    package func configure(propagators: Propagators = .standard, recording: Recording?) {
        state.withLock { $0 = State(propagators: propagators, recording: recording) }
    }

    package var isRecording: Bool { state.withLock { $0.recording != nil } }

    var propagators: Propagators { state.withLock { $0.propagators } }

    /// A span under the trace of `context`, or a new trace. Switched off, it hands the context through as it is.
    func startSpan(_ name: String, context: ServiceContext, kind: SpanKind, at start: () -> UInt64) -> ApusSpan {
        guard let recording = state.withLock({ $0.recording }) else { return ApusSpan(context: context, recorder: nil) }
        let parent = context.traceContext
        var trace = parent.map { identifiers.child(of: $0) } ?? identifiers.root()
        let isSampled = recording.sampler.samples(traceID: trace.traceID, parent: parent)
        trace.flags = isSampled ? trace.flags.union(.sampled) : trace.flags.subtracting(.sampled)
        var context = context
        context.traceContext = trace
        guard isSampled else { return ApusSpan(context: context, recorder: nil) }
        let span = FinishedSpan(
            name: name, kind: kind, context: trace, parent: parent, startNanosecondsSinceEpoch: start())
        return ApusSpan(
            context: context, recorder: SpanRecorder(span, limits: recording.limits, backend: self))
    }

    var nextIdentifiers: IdentifierGenerator { identifiers }

    var recordingSampler: Sampler? { state.withLock { $0.recording?.sampler } }

    func submit(_ span: FinishedSpan) {
        state.withLock { $0.recording?.sink }?.submit(span)
    }
}
