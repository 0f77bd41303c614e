import Telemetry
import Testing

@Suite struct TraceStateTests {
    private static let allKeyBytes = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
    private static let allValueBytes = String(
        decoding: (0x20...0x7E).filter { $0 != 0x2C && $0 != 0x3D }.map { UInt8($0) }, as: UTF8.self)

    /// Lines of the header and the list that goes on; `nil`: the whole list is dropped.
    static let table: [(lines: [String], expected: String?)] = [
        (["foo=1"], "foo=1"),
        (["foo=1,bar=2"], "foo=1,bar=2"),
        // Several lines are one list, in order.
        (["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        // Empty lines and members.
        ([""], ""),
        ([], ""),
        (["foo=1", ""], "foo=1"),
        (["", "foo=1"], "foo=1"),
        (["foo=1,,bar=2,"], "foo=1,bar=2"),
        ([", \t,"], ""),
        // Optional whitespace.
        (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
        ([" foo=1"], "foo=1"),
        (["\tfoo=1"], "foo=1"),
        (["foo=1 "], "foo=1"),
        (["foo=1\t"], "foo=1"),
        (["\t foo=1 \t"], "foo=1"),
        // Duplicate keys.
        (["foo=1,foo=1"], nil),
        (["foo=1,foo=2"], nil),
        (["foo=1", "foo=1"], nil),
        (["foo=1", "foo=2"], nil),
        // Every byte that is allowed.
        (["\(allKeyBytes)=\(allValueBytes)"], "\(allKeyBytes)=\(allValueBytes)"),
        (["\(allKeyBytes)@a-z0-9_-*/=\(allValueBytes)"], "\(allKeyBytes)@a-z0-9_-*/=\(allValueBytes)"),
        // Keys.
        (["foo =1"], nil),
        (["FOO=1"], nil),
        (["foo.bar=1"], nil),
        (["foo@=1,bar=2"], nil),
        (["@foo=1,bar=2"], nil),
        (["foo@@bar=1,bar=2"], nil),
        (["foo@bar@baz=1,bar=2"], nil),
        (["foo@1bar=1"], nil),
        (["1foo@bar=1"], "1foo@bar=1"),
        (["1foo=1"], "1foo=1"),
        (["_foo=1"], nil),
        (["=1"], nil),
        (["foo"], nil),
        (["foo=1", "\(String(repeating: "z", count: 256))=1"], "foo=1,\(String(repeating: "z", count: 256))=1"),
        (["foo=1", "\(String(repeating: "z", count: 257))=1"], nil),
        (
            ["foo=1", "\(String(repeating: "t", count: 241))@\(String(repeating: "v", count: 14))=1"],
            "foo=1,\(String(repeating: "t", count: 241))@\(String(repeating: "v", count: 14))=1"
        ),
        (["foo=1", "\(String(repeating: "t", count: 242))@v=1"], nil),
        (["foo=1", "t@\(String(repeating: "v", count: 15))=1"], nil),
        // Values.
        (["foo=bar=baz"], nil),
        (["foo=,bar=3"], nil),
        (["foo= ,bar=3"], nil),
        (["foo= 1"], "foo= 1"),
        (["foo=a\tb"], nil),
        (["foo=ü"], nil),
        (["foo=\(String(repeating: "v", count: 256))"], "foo=\(String(repeating: "v", count: 256))"),
        (["foo=\(String(repeating: "v", count: 257))"], nil),
        // At most 32 members, over all lines.
        ([members(1...10), members(11...20), members(21...30), members(31...32)], members(1...32)),
        ([members(1...10), members(11...20), members(21...30), members(31...33)], nil),
    ]

    private static func members(_ numbers: ClosedRange<Int>) -> String {
        numbers.map { "bar\($0)=\($0)" }.joined(separator: ",")
    }

    @Test(arguments: table)
    func parses(_ lines: [String], _ expected: String?) {
        var parser = TraceStateParser()
        for line in lines { parser.add(line: Array(line.utf8).span.bytes) }
        let state = parser.finish()
        #expect(state?.headerValue == expected)
        #expect(state?.count == expected.map { $0.split(separator: ",").count })
    }

    @Test func findsValues() throws {
        let state = try #require(TraceState(parsing: "foo=1, bar@vendor=x y"))
        #expect(state["foo"] == "1")
        #expect(state["bar@vendor"] == "x y")
        #expect(state["ba"] == nil)
    }

    @Test func updatesAtTheFront() throws {
        let state = try #require(TraceState(parsing: "foo=1,bar=2,baz=3"))
        #expect(state.updating("bar", to: "9")?.headerValue == "bar=9,foo=1,baz=3")
        #expect(state.updating("apus", to: "a")?.headerValue == "apus=a,foo=1,bar=2,baz=3")
        #expect(state.updating("Apus", to: "a") == nil)
        #expect(state.updating("apus", to: "a,b=1") == nil)
        #expect(state.updating("apus", to: "a ") == nil)
        let full = try #require(TraceState(parsing: Self.members(1...32)))
        let updated = try #require(full.updating("apus", to: "a"))
        #expect(updated.count == 32)
        #expect(updated.headerValue == "apus=a," + Self.members(1...31))
        #expect(full.updating("bar32", to: "a")?.headerValue == "bar32=a," + Self.members(1...31))
    }
}
