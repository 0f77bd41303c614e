import Base
import HTTPTypes
import Hummingbird
import Telemetry
import Tracing

/// A server span and two metrics for each request, by the OpenTelemetry semantic conventions for HTTP servers: 4xx leaves
/// the span's status unset, 5xx is an error. The route stands in labels, never the path as sent: that has no bound.
struct AdminObservation: RouterMiddleware {
    typealias Context = BasicRequestContext
    private let requests: CounterFamily
    private let durations: HistogramFamily
    private let time: any TimeSource

    init(metrics: MetricsRegistry, time: any TimeSource) {
        self.time = time
        requests = metrics.counter(
            "apus_admin_requests_total", help: "Requests to the admin endpoint.", labels: ["route", "code"])
        durations = metrics.histogram(
            "apus_admin_request_duration_seconds", help: "How long the admin endpoint took to answer.",
            labels: ["route"],
            unit: "seconds")
    }

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        var parent = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(request.headers, into: &parent, using: FieldExtractor())
        let began = time.now()
        let route = context.endpointPath ?? "unknown"
        return try await withSpan("\(request.method.rawValue) \(route)", context: parent, ofKind: .server) { span in
            span.attributes["http.request.method"] = request.method.rawValue
            span.attributes["url.path"] = request.uri.path
            span.attributes["url.scheme"] = "http"
            span.attributes["http.route"] = route
            let response: Response
            do {
                response = try await next(request, context)
            } catch let error as any HTTPResponseError {
                response = try error.response(from: request, context: context)
            }
            let code = Int(response.status.code)
            span.attributes["http.response.status_code"] = code
            if code >= 500 {
                span.attributes["error.type"] = "\(code)"
                span.setStatus(SpanStatus(code: .error))
            }
            requests.with(route, "\(code)").increment()
            observe(began.duration(to: time.now()), route: route, span: span)
            return response
        }
    }

    private func observe(_ duration: Duration, route: String, span: any Span) {
        let histogram = durations.with(route)
        if span.isRecording, let trace = span.context.traceContext,
            let exemplar = Exemplar(traceID: "\(trace.traceID)", spanID: "\(trace.spanID)", at: time.wallNow())
        {
            histogram.observe(duration.inSeconds, exemplar: exemplar)
        } else {
            histogram.observe(duration)
        }
    }
}

private struct FieldExtractor: Extractor {
    func extract(key: String, from carrier: HTTPFields) -> String? {
        guard let name = HTTPField.Name(key) else { return nil }
        let values = carrier[values: name]
        return values.isEmpty ? nil : values.joined(separator: ",")
    }
}
