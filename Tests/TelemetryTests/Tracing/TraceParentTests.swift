import Telemetry
import TestKit
import Testing

@Suite struct TraceParentTests {
    /// The facts that the W3C trace-context test suite checks, and the edges of Level 2. `nil`: a new trace must begin.
    static let table: [(header: String, flags: UInt8?)] = [
        ("00-12345678901234567890123456789012-1234567890123456-01", 0x01),
        ("00-12345678901234567890123456789012-1234567890123456-00", 0x00),
        // Level 2: the random flag goes on, unknown bits are cleared.
        ("00-12345678901234567890123456789012-1234567890123456-03", 0x03),
        ("00-12345678901234567890123456789012-1234567890123456-02", 0x02),
        ("00-12345678901234567890123456789012-1234567890123456-ff", 0x03),
        ("00-12345678901234567890123456789012-1234567890123456-80", 0x00),
        // Version 00 is exactly 55 bytes.
        ("00-12345678901234567890123456789012-1234567890123456-01.", nil),
        ("00-12345678901234567890123456789012-1234567890123456-01-", nil),
        ("00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like", nil),
        // A later version may go on, after a dash.
        ("cc-12345678901234567890123456789012-1234567890123456-01", 0x01),
        ("cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like", 0x01),
        ("cc-12345678901234567890123456789012-1234567890123456-01-", 0x01),
        ("cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like", nil),
        ("ff-12345678901234567890123456789012-1234567890123456-01", nil),
        // Version.
        (".0-12345678901234567890123456789012-1234567890123456-01", nil),
        ("0.-12345678901234567890123456789012-1234567890123456-01", nil),
        ("000-12345678901234567890123456789012-1234567890123456-01", nil),
        ("0000-12345678901234567890123456789012-1234567890123456-01", nil),
        ("0-12345678901234567890123456789012-1234567890123456-01", nil),
        ("CC-12345678901234567890123456789012-1234567890123456-01", nil),
        // Trace identifier.
        ("00-00000000000000000000000000000000-1234567890123456-01", nil),
        ("00-.2345678901234567890123456789012-1234567890123456-01", nil),
        ("00-1234567890123456789012345678901.-1234567890123456-01", nil),
        ("00-123456789012345678901234567890123-1234567890123456-01", nil),
        ("00-1234567890123456789012345678901-1234567890123456-01", nil),
        ("00-1234567890123456789012345678901A-1234567890123456-01", nil),
        // Parent identifier.
        ("00-12345678901234567890123456789012-0000000000000000-01", nil),
        ("00-12345678901234567890123456789012-.234567890123456-01", nil),
        ("00-12345678901234567890123456789012-123456789012345.-01", nil),
        ("00-12345678901234567890123456789012-12345678901234567-01", nil),
        ("00-12345678901234567890123456789012-123456789012345-01", nil),
        ("00-12345678901234567890123456789012-123456789012345F-01", nil),
        // Flags.
        ("00-12345678901234567890123456789012-1234567890123456-.0", nil),
        ("00-12345678901234567890123456789012-1234567890123456-0.", nil),
        ("00-12345678901234567890123456789012-1234567890123456-001", nil),
        ("00-12345678901234567890123456789012-1234567890123456-1", nil),
        ("00-12345678901234567890123456789012-1234567890123456-0A", nil),
        // Optional whitespace around the value.
        (" 00-12345678901234567890123456789012-1234567890123456-01", 0x01),
        ("\t00-12345678901234567890123456789012-1234567890123456-01", 0x01),
        ("00-12345678901234567890123456789012-1234567890123456-01 ", 0x01),
        ("00-12345678901234567890123456789012-1234567890123456-01\t", 0x01),
        ("\t 00-12345678901234567890123456789012-1234567890123456-01 \t", 0x01),
        // Two headers that a server joined, other separators, nothing.
        (
            "00-12345678901234567890123456789011-1234567890123456-01,00-12345678901234567890123456789012-1234567890123456-01",
            nil
        ),
        (
            "cc-12345678901234567890123456789011-1234567890123456-01,cc-12345678901234567890123456789012-1234567890123456-01",
            nil
        ),
        ("00_12345678901234567890123456789012-1234567890123456-01", nil),
        ("00-12345678901234567890123456789012_1234567890123456-01", nil),
        ("00-12345678901234567890123456789012-1234567890123456_01", nil),
        ("", nil),
        (" \t ", nil),
        ("00-", nil),
        ("ünïcode-12345678901234567890123456789012-1234567890123456-01", nil),
    ]

    @Test(arguments: table)
    func parses(_ header: String, _ flags: UInt8?) throws {
        let parent = TraceParent(parsing: header)
        let fromBytes = TraceParent(parsing: Array(header.utf8).span.bytes)
        #expect(parent == fromBytes)
        guard let flags else {
            #expect(parent == nil)
            return
        }
        let found = try #require(parent)
        #expect(found.flags.rawValue == flags)
        #expect(found.traceID.description == "12345678901234567890123456789012")
        #expect(found.spanID.description == "1234567890123456")
        #expect(found.headerValue.hasPrefix("00-12345678901234567890123456789012-1234567890123456-0"))
        #expect(found.headerValue.utf8.count == TraceParent.length)
    }

    @Test func formatsWhatItParsed() {
        var random = SeededGenerator(seed: 0x5EED_0001)
        for _ in 0..<1000 {
            let flags = TraceFlags(rawValue: UInt8.random(in: 0...3, using: &random))
            let parent = TraceParent(
                traceID: .random(using: &random), spanID: .random(using: &random), flags: flags)
            #expect(TraceParent(parsing: parent.headerValue) == parent, "seed \(random.seed)")
        }
    }

    /// Any single byte changed gives either a valid header that differs, or none: never a crash, never the same value.
    @Test func survivesEveryChangedByte() throws {
        let header = Array("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".utf8)
        let parsedHeader = TraceParent(parsing: header.span.bytes)
        let original = try #require(parsedHeader)
        for index in header.indices {
            for byte in UInt8.min...UInt8.max where byte != header[index] {
                var changed = header
                changed[index] = byte
                guard let parsed = TraceParent(parsing: changed.span.bytes) else { continue }
                // A later version, or a flag that Level 2 does not know, reads as the same context.
                if index >= 2, index < 53 { #expect(parsed != original) }
            }
        }
    }

    @Test func readsASliceOfALargerBuffer() {
        let message = Array(
            "GET / HTTP/1.1\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n".utf8)
        let slice = message.span.bytes.extracting(29..<(message.count - 2))
        let parent = TraceParent(parsing: slice)
        #expect(parent?.spanID.description == "00f067aa0ba902b7")
    }
}
