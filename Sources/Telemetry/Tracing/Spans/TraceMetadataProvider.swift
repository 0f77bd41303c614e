package import Logging
import Tracing

extension Logger.MetadataProvider {
    /// Adds `trace_id` and `span_id` of the current span to each log line, the names by which log stores find the trace.
    package static let traceContext = Logger.MetadataProvider {
        guard let trace = ServiceContext.current?.traceContext else { return [:] }
        return ["trace_id": "\(trace.traceID)", "span_id": "\(trace.spanID)"]
    }
}
