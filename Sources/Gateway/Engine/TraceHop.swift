import Base
import HTTPWire
import Telemetry
import Tracing

/// The part of a distributed trace that one request is: what came in, what goes on, and the spans of both sides
/// (W3C Trace Context; OpenTelemetry's HTTP conventions).
struct TraceHop {
    private(set) var context: TraceContext?
    private var parent: TraceContext?
    private var isRecorded = false
    private var startedAtWall = WallInstant(nanosecondsSince1970: 0)
    /// The client's span of the attempt that is under way.
    private var attemptContext: TraceContext?
    /// The request's number, if the client sent a good one.
    private var givenID: String?
    /// The request's number is ours, the trace's id: one that came is not passed on.
    private(set) var makesRequestID = false

    /// Reads the headers, straight from their bytes. An invalid `traceparent`, or more than one, begins a new trace.
    mutating func begin(_ exchange: Exchange) {
        let settings = exchange.plan.settings.tracing
        if settings.trustIncoming, exchange.request.has(.traceparent) { parent = TraceHop.read(exchange) }
        let ratio = exchange.route.settings.tracing ?? settings.sampling
        let hop = TracingBackend.shared.hop(after: parent, ratio: ratio)
        context = hop.context
        isRecorded = hop.isRecorded
        if isRecorded { startedAtWall = exchange.worker.wallNow }
        if settings.requestIDHeader != nil { identify(exchange) }
    }

    private static func read(_ exchange: Exchange) -> TraceContext? {
        var reader = TraceContextReader()
        for field in exchange.request.fields {
            switch field.known {
            case .traceparent: reader.add(traceparent: RawSpan(_unsafeBytes: field.value.bytes(in: exchange.headBytes)))
            case .tracestate: reader.add(tracestate: RawSpan(_unsafeBytes: field.value.bytes(in: exchange.headBytes)))
            default: continue
            }
        }
        return reader.finish()
    }

    /// For logs and placeholders.
    var requestID: String { givenID ?? context?.traceID.description ?? "" }

    private mutating func identify(_ exchange: Exchange) {
        let came: Field? =
            if exchange.plan.hasUsualRequestID {
                exchange.request.has(.xRequestID) ? exchange.request.first(.xRequestID) : nil
            } else {
                exchange.plan.settings.tracing.requestIDHeader.flatMap {
                    exchange.request.first(named: $0, in: exchange.headBytes)
                }
            }
        if let came, came.value.count > 0, came.value.count <= 128 {
            givenID = came.value.text(in: exchange.headBytes)
        } else {
            makesRequestID = true
        }
    }

    /// `traceparent` and `tracestate` for the upstream; where spans are wanted, with the attempt's own span.
    mutating func write(to out: WireBuffer, _ attempt: Attempt) {
        guard let context else { return }
        var sent = context
        if isRecorded {
            sent = TracingBackend.shared.child(of: context)
            attemptContext = sent
            attempt.trace = sent
        }
        let edits = attempt.exchange.route.requestEdits
        if !edits.own.contains(.traceparent) { write(sent, to: out) }
        if !sent.state.isEmpty, !edits.own.contains(.traceparent), !edits.own.contains(.tracestate) {
            out.append("tracestate: ")
            out.append(sent.state.headerValue)
            out.append("\r\n")
        }
        guard makesRequestID, let name = attempt.exchange.plan.requestIDHeader else { return }
        if !edits.isEmpty, name.withUnsafeBytes(edits.drops) { return }
        out.append(name)
        out.append(": ")
        out.append(hex16: context.traceID.high)
        out.append(hex16: context.traceID.low)
        out.append("\r\n")
    }

    private func write(_ sent: TraceContext, to out: WireBuffer) {
        out.append("traceparent: 00-")
        out.append(hex16: sent.traceID.high)
        out.append(hex16: sent.traceID.low)
        out.append("-")
        out.append(hex16: sent.spanID.value)
        // Sampled and random are all that Level 2 knows; the other bits are 0 (section 3.2.2.5).
        out.append("-0")
        out.append(UInt8(ascii: "0") + sent.flags.intersection(.known).rawValue)
        out.append("\r\n")
    }

    /// The client span of an attempt that is over; one that found no connection has sent nothing with its context. All times
    /// of a request are counted from its one reading of the wall clock, so that no span ends after its parent.
    func ended(_ attempt: Attempt, failure: AttemptFailure?, isCancelled: Bool = false, now: MonotonicInstant) {
        guard isRecorded, let context else { return }
        let own = attempt.trace ?? TracingBackend.shared.child(of: context)
        let start = startedAtWall.advanced(by: attempt.exchange.startedAt.duration(to: attempt.startedAt))
        var span = FinishedSpan(
            name: attempt.exchange.method, kind: .client, context: own, parent: context,
            startNanosecondsSinceEpoch: UInt64(clamping: start.nanosecondsSince1970))
        let lasted = attempt.startedAt.duration(to: now).wholeNanoseconds
        span.endNanosecondsSinceEpoch = span.startNanosecondsSinceEpoch &+ UInt64(clamping: lasted)
        span.attributes["http.request.method"] = attempt.exchange.method
        span.attributes["server.address"] = attempt.target.name
        span.attributes["apus.upstream"] = attempt.group.name
        if attempt.number > 1 { span.attributes["http.request.resend_count"] = attempt.number - 1 }
        if attempt.status != 0 { span.attributes["http.response.status_code"] = attempt.status }
        if let failure {
            span.attributes["error.type"] = failure.rawValue
            span.status = SpanStatus(code: .error, message: failure.rawValue)
        } else if isCancelled {
            span.attributes["error.type"] = "cancelled"
        } else if attempt.status >= 400 {
            span.status = SpanStatus(code: .error)
        }
        TracingBackend.shared.record(span)
    }

    /// The server span of the request.
    func ended(_ exchange: Exchange) {
        guard isRecorded, let context else { return }
        var span = FinishedSpan(
            name: "\(exchange.method) \(exchange.route.name)", kind: .server, context: context, parent: parent,
            startNanosecondsSinceEpoch: UInt64(clamping: startedAtWall.nanosecondsSince1970))
        let lasted = exchange.startedAt.duration(to: exchange.now).wholeNanoseconds
        span.endNanosecondsSinceEpoch = span.startNanosecondsSinceEpoch &+ UInt64(clamping: lasted)
        span.attributes["http.request.method"] = exchange.method
        span.attributes["http.route"] = exchange.route.name
        span.attributes["url.path"] = exchange.pathText
        span.attributes["http.response.status_code"] = exchange.status
        span.attributes["apus.outcome"] = exchange.outcome.rawValue
        if exchange.status >= 500 || exchange.status == 0 { span.status = SpanStatus(code: .error) }
        TracingBackend.shared.record(span)
    }

    /// For exemplars.
    var exemplar: Exemplar? {
        guard isRecorded, let context else { return nil }
        return Exemplar(traceID: context.traceID.description, spanID: context.spanID.description)
    }
}

extension WireBuffer {
    /// Sixteen hexadecimal digits.
    func append(hex16 number: UInt64) {
        let space = reserve(16)
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * index) & 15)
            space[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
        }
        commit(16)
    }
}
