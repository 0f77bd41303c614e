import Telemetry
import TestKit
import Testing
import Tracing

@Suite struct TraceContextReaderTests {
    private let valid = "00-12345678901234567890123456789012-1234567890123456-01"

    private func read(parents: [String], states: [String]) -> TraceContext? {
        var reader = TraceContextReader()
        for state in states { reader.add(tracestate: Array(state.utf8).span.bytes) }
        for parent in parents { reader.add(traceparent: Array(parent.utf8).span.bytes) }
        return reader.finish()
    }

    @Test func joinsBothHeaders() throws {
        let context = try #require(read(parents: [valid], states: ["foo=1", "bar=2"]))
        #expect(context.traceParent.headerValue == valid)
        #expect(context.state.headerValue == "foo=1,bar=2")
        #expect(context.isRemote && context.isSampled)
    }

    @Test func beginsANewTraceWithoutExactlyOneValidParent() {
        #expect(read(parents: [], states: ["foo=1"]) == nil)
        #expect(read(parents: [valid, valid], states: []) == nil)
        #expect(read(parents: [valid, valid, valid], states: []) == nil)
        #expect(read(parents: ["no", valid], states: []) == nil)
        #expect(read(parents: ["00-00000000000000000000000000000000-1234567890123456-01"], states: []) == nil)
    }

    @Test func dropsAnInvalidStateAlone() throws {
        let context = try #require(read(parents: [valid], states: ["foo=1,foo=2"]))
        #expect(context.state.isEmpty)
        #expect(context.traceID.description == "12345678901234567890123456789012")
    }

    @Test func givesEachHopAnIdentifierOfItsOwn() throws {
        var random = SeededGenerator(seed: 0x5EED_0002)
        let context = try #require(read(parents: [valid], states: ["foo=1"]))
        let children = (0..<3).map { _ in context.child(using: &random) }
        #expect(Set(children.map(\.spanID)).count == 3)
        #expect(children.allSatisfy { $0.traceID == context.traceID && $0.spanID != context.spanID })
        #expect(children.allSatisfy { $0.state == context.state && $0.flags == context.flags && !$0.isRemote })
    }
}
