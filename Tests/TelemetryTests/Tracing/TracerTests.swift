import Logging
import Telemetry
import TestKit
import Testing
import Tracing

@Suite struct TracerTests {
    private let sink = CollectingSink()

    private func backend(sampler: Sampler = .standard, limits: SpanLimits = SpanLimits()) -> TracingBackend {
        var random = SeededGenerator(seed: 0x5EED_0004)
        let backend = TracingBackend(identifiers: IdentifierGenerator(seededBy: &random))
        backend.configure(recording: .init(sampler: sampler, limits: limits, sink: sink))
        return backend
    }

    private struct Headers: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }

    @Test func recordsAChildUnderItsParent() async {
        let tracer = ApusTracer(backend: backend())
        await tracer.withSpan("request", ofKind: .server) { span in
            span.attributes["http.request.method"] = "GET"
            await tracer.withSpan("query", ofKind: .client) { inner in
                inner.addEvent(SpanEvent(name: "sent", attributes: ["bytes": 7]))
                await Task.yield()
            }
        }
        let spans = sink.finished
        #expect(spans.map(\.name) == ["query", "request"])
        let (child, root) = (spans[0], spans[1])
        #expect(root.parent == nil && root.kind == .server)
        #expect(child.parent?.spanID == root.context.spanID)
        #expect(child.context.traceID == root.context.traceID)
        #expect(root.context.flags == [.sampled, .random])
        #expect(root.attributes.get("http.request.method") == .string("GET"))
        #expect(child.events.first?.attributes.get("bytes") == .int64(7))
        #expect(child.endNanosecondsSinceEpoch >= child.startNanosecondsSinceEpoch)
    }

    @Test func recordsAThrownError() throws {
        struct Broken: Error {}
        let tracer = ApusTracer(backend: backend())
        #expect(throws: Broken.self) { try tracer.withSpan("work") { _ in throw Broken() } }
        let span = try #require(sink.finished.first)
        #expect(span.status == SpanStatus(code: .error))
        #expect(span.events.first?.name == "exception")
        let type = span.events.first?.attributes.get("exception.type")
        #expect("\(String(describing: type))".contains("Broken"))
    }

    @Test func keepsTheFinalStatus() throws {
        let tracer = ApusTracer(backend: backend())
        let span = tracer.startSpan("work")
        span.setStatus(.init(code: .error, message: "first"))
        span.setStatus(.init(code: .error, message: "second"))
        span.setStatus(.init(code: .ok, message: "not kept"))
        span.setStatus(.init(code: .error, message: "too late"))
        span.end()
        #expect(sink.finished.first?.status == SpanStatus(code: .ok))
    }

    @Test func ignoresWhatComesAfterTheEnd() throws {
        let tracer = ApusTracer(backend: backend())
        let span = tracer.startSpan("work")
        span.end()
        span.operationName = "other"
        span.attributes["late"] = true
        span.addEvent("late")
        span.setStatus(.init(code: .error))
        span.end()
        #expect(!span.isRecording && span.operationName == "work" && span.attributes.isEmpty)
        let found = try #require(sink.finished.first)
        #expect(sink.finished.count == 1)
        #expect(found.name == "work" && found.attributes.isEmpty && found.events.isEmpty && found.status == nil)
    }

    @Test func countsWhatIsAboveTheLimits() throws {
        var limits = SpanLimits()
        (limits.attributes, limits.events, limits.links) = (3, 2, 1)
        (limits.attributesPerEvent, limits.attributesPerLink, limits.attributeValueLength) = (1, 1, 4)
        let tracer = ApusTracer(backend: backend(limits: limits))
        let other = tracer.startSpan("other")
        let span = tracer.startSpan("work")
        for key in ["a", "b", "c", "d", "e"] { span.attributes[key] = "äöüß\(key)" }
        span.attributes["a"] = ["12345", "1"]
        for name in ["1", "2", "3"] { span.addEvent(SpanEvent(name: name, attributes: ["y": 1, "x": 2])) }
        for _ in 0..<3 { span.addLink(SpanLink(context: other.context, attributes: ["y": 1, "x": 2])) }
        span.addLink(SpanLink(context: .topLevel, attributes: [:]))
        span.end()
        let found = try #require(sink.finished.first)
        #expect(found.attributes == ["a": .stringArray(["1234", "1"]), "b": "äöüß", "c": "äöüß"])
        #expect(found.droppedAttributeCount == 2)
        #expect(found.events.map(\.name) == ["1", "2"] && found.droppedEventCount == 1)
        #expect(found.events[0].attributes == ["x": 2] && found.events[0].droppedAttributeCount == 1)
        #expect(found.links.count == 1 && found.droppedLinkCount == 2)
        #expect(found.links[0].context.spanID == other.context.traceContext?.spanID)
        #expect(found.links[0].droppedAttributeCount == 1)
    }

    @Test func propagatesAnUnsampledTrace() throws {
        let tracer = ApusTracer(backend: backend())
        var context = ServiceContext.topLevel
        let header = "00-12345678901234567890123456789012-1234567890123456-00"
        tracer.extract(["traceparent": header, "tracestate": "foo=1"], into: &context, using: Headers())
        let span = tracer.startSpan("work", context: context)
        #expect(!span.isRecording)
        var sent: [String: String] = [:]
        tracer.inject(span.context, into: &sent, using: Headers())
        span.end()
        #expect(sink.finished.isEmpty)
        #expect(sent["traceparent"]?.hasPrefix("00-12345678901234567890123456789012-") == true)
        #expect(sent["traceparent"]?.hasSuffix("-00") == true)
        #expect(sent["traceparent"]?.contains("1234567890123456-00") == false)
        #expect(sent["tracestate"] == "foo=1")
    }

    /// Switched off there is no span, and what came in goes out as it was, baggage too.
    @Test func handsContextThroughWhenOff() {
        let backend = TracingBackend()
        let tracer = ApusTracer(backend: backend)
        let incoming = [
            "traceparent": "00-12345678901234567890123456789012-1234567890123456-01", "tracestate": "foo=1",
            "baggage": "user=alice",
        ]
        var context = ServiceContext.topLevel
        tracer.extract(incoming, into: &context, using: Headers())
        let span = tracer.startSpan("work", context: context)
        #expect(!backend.isRecording && !span.isRecording)
        var sent: [String: String] = [:]
        tracer.inject(span.context, into: &sent, using: Headers())
        #expect(sent == incoming)
        var fresh: [String: String] = [:]
        tracer.inject(tracer.startSpan("work", context: .topLevel).context, into: &fresh, using: Headers())
        #expect(fresh.isEmpty)
    }

    @Test func obeysThePropagators() {
        let backend = backend()
        let tracer = ApusTracer(backend: backend)
        backend.configure(propagators: [.baggage], recording: nil)
        var context = ServiceContext.topLevel
        let incoming = ["traceparent": "00-12345678901234567890123456789012-1234567890123456-01", "baggage": "a=b"]
        tracer.extract(incoming, into: &context, using: Headers())
        #expect(context.traceContext == nil)
        #expect(context.baggage?["a"] == "b")
    }

    /// A reload swaps the exporter under spans that are open.
    @Test func endsIntoTheSinkOfTheMoment() {
        let backend = backend()
        let second = CollectingSink()
        let tracer = ApusTracer(backend: backend)
        let (one, two, three) = (tracer.startSpan("1"), tracer.startSpan("2"), tracer.startSpan("3"))
        one.end()
        backend.configure(recording: .init(sampler: .alwaysOn, limits: SpanLimits(), sink: second))
        two.end()
        backend.configure(recording: nil)
        three.end()
        #expect(sink.finished.map(\.name) == ["1"])
        #expect(second.finished.map(\.name) == ["2"])
    }

    @Test func takesWritesFromManyTasks() async throws {
        let tracer = ApusTracer(backend: backend())
        let span = tracer.startSpan("work")
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<16 { span.addEvent(SpanEvent(name: "\(task).\(number)")) }
                }
            }
        }
        span.end()
        #expect(sink.finished.first?.events.count == 128)
        #expect(Set(sink.finished.first?.events.map(\.name) ?? []).count == 128)
    }

    @Test func givesLogsTheIdentifiers() {
        let tracer = ApusTracer(backend: backend())
        #expect(Logger.MetadataProvider.traceContext.get().isEmpty)
        tracer.withSpan("work") { span in
            let metadata = Logger.MetadataProvider.traceContext.get()
            #expect(metadata["trace_id"] == "\(span.context.traceContext!.traceID)")
            #expect(metadata["span_id"] == "\(span.context.traceContext!.spanID)")
        }
    }
}
