import Base
import Glibc
import SwiftProtobuf
import Testing
import Tracing

@testable import Telemetry

@Suite struct OTLPTraceEncoderTests {
    /// A span that has something in every field. `Tests/peers/otlp/decode.py` reads the same bytes with Python's
    /// opentelemetry-proto and prints what must be `full-span.txt`.
    static func fullSpan() throws -> FinishedSpan {
        let state = try #require(TraceState(parsing: "foo=1"))
        let trace = try #require(TraceID(high: 0x0AF7_6519_16CD_43DD, low: 0x8448_EB21_1C80_319C))
        let parentID = try #require(SpanID(0xB7AD_6B71_6920_3331))
        let ownID = try #require(SpanID(0x0000_0000_0000_0001))
        let parent = TraceContext(traceID: trace, spanID: parentID, flags: .sampled, state: state, isRemote: true)
        let own = TraceContext(traceID: trace, spanID: ownID, flags: [.sampled, .random], state: state)
        var span = FinishedSpan(
            name: "GET /é", kind: .server, context: own, parent: parent,
            startNanosecondsSinceEpoch: 1_700_000_000_123_456_789)
        span.endNanosecondsSinceEpoch = 1_700_000_001_000_000_000
        span.attributes = [
            "b.bool": true, "b.bools": .boolArray([true, false]), "d.double": 0.5,
            "d.doubles": .doubleArray([1, -2.5]),
            "i.int32": .int32(-7), "i.int32s": .int32Array([1, 2]), "i.int64": .int64(.max),
            "i.int64s": .int64Array([.min]),
            "s.convertible": .stringConvertible(UInt8(7)), "s.convertibles": .stringConvertibleArray([UInt8(8)]),
            "s.string": "text", "s.strings": .stringArray(["a", ""]), "": "an empty key is left out",
        ]
        span.droppedAttributeCount = 3
        span.events = [
            .init(
                name: "exception", nanosecondsSinceEpoch: 1_700_000_000_500_000_000, attributes: ["k": "v"],
                droppedAttributeCount: 1)
        ]
        span.droppedEventCount = 2
        span.links = [.init(context: parent, attributes: ["k": "v"], droppedAttributeCount: 4)]
        span.droppedLinkCount = 5
        span.status = SpanStatus(code: .error, message: "boom")
        return span
    }

    private func encoded(_ spans: [FinishedSpan]) throws -> [UInt8] {
        var resource = TraceResource()
        resource.set("service.name", to: "apus-test")
        return try OTLPTraceEncoder(resource: resource, version: "9.9.9").encode(spans)
    }

    @Test func writesEveryField() throws {
        let bytes = try encoded([try Self.fullSpan()])
        let message = try OTLPExportTraceServiceRequest(serializedBytes: bytes)
        let resource = try #require(message.resourceSpans.first)
        #expect(resource.resource.attributes.map { "\($0.key)=\($0.value.stringValue)" } == ["service.name=apus-test"])
        #expect(resource.scopeSpans[0].scope.name == "apus" && resource.scopeSpans[0].scope.version == "9.9.9")
        let span = resource.scopeSpans[0].spans[0]
        #expect(Array(span.traceID) == [10, 247, 101, 25, 22, 205, 67, 221, 132, 72, 235, 33, 28, 128, 49, 156])
        #expect(Array(span.spanID) == [0, 0, 0, 0, 0, 0, 0, 1])
        #expect(Array(span.parentSpanID) == [183, 173, 107, 113, 105, 32, 51, 49])
        #expect(span.flags == 0x303 && span.traceState == "foo=1" && span.name == "GET /é" && span.kind == .server)
        #expect(span.attributes.map(\.key) == span.attributes.map(\.key).sorted() && span.attributes.count == 12)
        #expect(span.droppedAttributesCount == 3 && span.droppedEventsCount == 2 && span.droppedLinksCount == 5)
        #expect(span.status.code == .error && span.status.message == "boom")
        #expect(span.links[0].flags == 0x301)
    }

    @Test func leavesAbsentThingsOut() throws {
        let message = try OTLPExportTraceServiceRequest(serializedBytes: try encoded([.sample(4)]))
        let span = message.resourceSpans[0].scopeSpans[0].spans[0]
        #expect(span.parentSpanID.isEmpty && !span.hasStatus && span.flags == 0x103 && span.kind == .internal)
    }

    /// The same span gives the same bytes, in spite of the random order of dictionaries.
    @Test func isStable() throws {
        let first = try encoded([try Self.fullSpan()])
        for _ in 0..<20 { #expect(try encoded([try Self.fullSpan()]) == first) }
    }

    /// `Golden/full-span.otlp`, which `Tests/peers/otlp/decode.py` shows as Python's opentelemetry-proto reads it:
    /// `Golden/full-span.txt`. APUS_UPDATE_GOLDEN=1 writes the file anew; then run decode.py again and read what changed.
    @Test func writesTheBytesOfTheGoldenFile() throws {
        let bytes = try encoded([try Self.fullSpan()])
        if getenv("APUS_UPDATE_GOLDEN") != nil { try Files.writeAtomically(bytes, to: Self.goldenPath) }
        #expect(try Files.read(Self.goldenPath) == bytes)
    }

    private static let goldenPath: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast().joined(separator: "/") + "/Golden/full-span.otlp"
    }()
}
