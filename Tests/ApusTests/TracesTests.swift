import Base
import Glibc
import TestKit
import Testing

private let traceID = "0af7651916cd43dd8448eb211c80319c"
private let parentID = "b7ad6b7169203331"
private let traceparent = [(name: "traceparent", value: "00-\(traceID)-\(parentID)-01")]

/// A real OTLP receiver (rotel), started by Tests/peers/otlp/receiver.py and ended with its last reference.
private final class TraceReceiver {
    let endpoint: String
    private let place: String
    private let folder: TemporaryFolder

    init(folder: TemporaryFolder) async throws {
        self.folder = folder
        place = "\(folder.path)/otlp"
        let said = try await Peers.run("otlp/receiver.py", ["start", place], folder: folder)
        endpoint = said.split(separator: "\n").first.map(String.init) ?? ""
    }

    deinit {
        // It runs in a session of its own, so it is ended by the id that it wrote down.
        if let text = try? Files.read("\(place)/pid"), let pid = Int32(String(decoding: text, as: UTF8.self)) {
            kill(pid, SIGKILL)
        }
    }

    func stop() async throws { try await Peers.run("otlp/receiver.py", ["stop", place], folder: folder) }

    /// What came of a span of that name, as the receiver prints it, with the resource before it; the lines without indent.
    func waitForSpan(_ name: String) async throws -> [String] {
        try await Peers.run("otlp/receiver.py", ["wait", place, name], folder: folder)
        let log = String(decoding: try Files.read("\(place)/log"), as: UTF8.self)
        return log.split(separator: "\n").map { line in
            String(line.drop { $0 == " " })
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct TracesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func configuration(_ endpoint: String) -> String {
        """
        admin: { listen: "127.0.0.1:0" }
        telemetry: { traces: { endpoint: "\(endpoint)", timeout: 1s, batch: { delay: 100ms } } }
        log: { level: trace }

        """
    }

    private let nothingElse: [String: String?] = ["OTEL_EXPORTER_OTLP_ENDPOINT": nil, "OTEL_SERVICE_NAME": nil]

    @Test func aRequestWithATraceparentBecomesASpanOfThatTrace() async throws {
        let receiver = try await TraceReceiver(folder: folder)
        let apus = try await ApusProgram.run(
            configuration(receiver.endpoint), folder: folder, environment: nothingElse)
        let address = try #require(apus.address)
        #expect(try await Client.get("\(address)/readyz", headers: traceparent).status == 200)
        let lines = try await receiver.waitForSpan("GET /readyz")
        func values(_ name: String) -> [String] {
            lines.filter { $0.hasPrefix("\(name) ") && $0.contains(": ") }.map {
                String($0.drop { $0 != ":" }.dropFirst(2))
            }
        }
        #expect(values("Trace ID") == [traceID])
        #expect(values("Parent ID") == [parentID])
        #expect(values("Name") == ["GET /readyz"])
        #expect(values("Kind") == ["SPAN_KIND_SERVER"])
        for attribute in [
            "service.name: Str(apus)", "http.request.method: Str(GET)", "url.path: Str(/readyz)",
            "url.scheme: Str(http)",
            "http.route: Str(/readyz)", "http.response.status_code: Int(200)",
        ] {
            #expect(lines.contains("-> \(attribute)"), "\(attribute)")
        }
        try await eventually("the span is counted") {
            try await (Client.metric("apus_traces_spans_exported_total", at: address) ?? 0) >= 1
        }
    }

    @Test func theTraceStandsBesideTheMeasurement() async throws {
        let receiver = try await TraceReceiver(folder: folder)
        let apus = try await ApusProgram.run(
            configuration(receiver.endpoint), folder: folder, environment: nothingElse)
        let address = try #require(apus.address)
        _ = try await Client.get("\(address)/readyz", headers: traceparent)
        let openMetrics = [(name: "accept", value: "application/openmetrics-text; version=1.0.0")]
        let text = try await Client.get("\(address)/metrics", headers: openMetrics).text
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("apus_admin_request_duration_seconds_bucket{route=\"/readyz\"") && $0.contains(" # {")
        }
        #expect(line?.contains("trace_id=\"\(traceID)\"") == true, "\(text)")
        // The text format knows no exemplars.
        #expect(try await !Client.get("\(address)/metrics").text.contains(traceID))
    }

    /// A request whose `sampled` flag is off is answered, and leaves no span.
    @Test func theDecisionOfTheCallerIsFollowed() async throws {
        let receiver = try await TraceReceiver(folder: folder)
        let apus = try await ApusProgram.run(
            configuration(receiver.endpoint), folder: folder, environment: nothingElse)
        let address = try #require(apus.address)
        let unsampled = [(name: "traceparent", value: "00-\(traceID)-\(parentID)-00")]
        #expect(try await Client.get("\(address)/healthz", headers: unsampled).status == 200)
        #expect(try await Client.get("\(address)/readyz").status == 200)
        let lines = try await receiver.waitForSpan("GET /readyz")
        #expect(!lines.contains { $0.hasPrefix("Name") && $0.hasSuffix("GET /healthz") })
        #expect(!lines.contains { $0.contains(traceID) })
    }

    @Test func aDeadReceiverCostsSpansThatAreCountedAndNothingElse() async throws {
        let receiver = try await TraceReceiver(folder: folder)
        try await receiver.stop()
        let apus = try await ApusProgram.run(
            configuration(receiver.endpoint).replacing("delay: 100ms", with: "delay: 100ms, timeout: 1s"),
            folder: folder,
            environment: nothingElse)
        let address = try #require(apus.address)
        for _ in 0..<5 {
            #expect(try await Client.get("\(address)/healthz").status == 200)
        }
        try await eventually("the loss is counted") {
            let metrics = try await Client.get("\(address)/metrics").text
            return metrics.split(separator: "\n").contains {
                $0.hasPrefix("apus_traces_spans_dropped_total{reason=") && !$0.hasSuffix(" 0")
            }
        }
        #expect(try await (Client.metric("apus_traces_export_failures_total", at: address) ?? 0) >= 1)
        #expect(apus.errors.contains("trace export failed"))
        apus.child.signal(SIGTERM)
        #expect(await apus.child.wait() == 0)
    }
}
