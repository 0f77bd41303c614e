import Telemetry
import Testing

@Suite struct BaggageTests {
    /// The header, what is read from it, and what is sent on.
    static let table: [(header: String, values: [String: String], sent: String)] = [
        ("user=alice", ["user": "alice"], "user=alice"),
        ("user=alice,tenant=7", ["user": "alice", "tenant": "7"], "user=alice,tenant=7"),
        (" user = alice\t, tenant=7 ", ["user": "alice", "tenant": "7"], "user=alice,tenant=7"),
        ("empty=", ["empty": ""], "empty="),
        ("path=%2Fa%20b%25", ["path": "/a b%"], "path=/a%20b%25"),
        ("name=%C3%A9t%c3%a9", ["name": "été"], "name=%C3%A9t%C3%A9"),
        ("bad=%FF", ["bad": "\u{FFFD}"], "bad=%EF%BF%BD"),
        ("half=%4", ["half": "%4"], "half=%254"),
        ("a=b=c", ["a": "b=c"], "a=b=c"),
        ("k=v;ttl=60;private", ["k": "v"], "k=v;ttl=60;private"),
        ("k=v ; ttl = 60 ;private ", ["k": "v"], "k=v;ttl=60;private"),
        ("k=1,k=2", ["k": "2"], "k=2"),
        // A malformed member is left out alone.
        ("novalue,a=1", ["a": "1"], "a=1"),
        ("=1,a=1", ["a": "1"], "a=1"),
        ("sp ace=1,a=1", ["a": "1"], "a=1"),
        ("q=\"x\",a=1", ["a": "1"], "a=1"),
        ("k=v;,a=1", ["a": "1"], "a=1"),
        ("k=v;p=\"x\",a=1", ["a": "1"], "a=1"),
        ("kü=1,a=1", ["a": "1"], "a=1"),
        ("k=ü,a=1", ["a": "1"], "a=1"),
        ("", [:], ""),
        (",, ,", [:], ""),
    ]

    @Test(arguments: table)
    func parsesAndSends(_ header: String, _ values: [String: String], _ sent: String) {
        let baggage = Baggage(parsing: header)
        #expect(Dictionary(uniqueKeysWithValues: baggage.members.map { ($0.key, $0.value) }) == values)
        #expect(baggage.headerValue == sent)
        #expect(Baggage(parsing: sent).headerValue == sent)
    }

    @Test func holdsTheFirst64Members() {
        let header = (0..<70).map { "k\($0)=v" }.joined(separator: ",")
        let baggage = Baggage(parsing: header)
        #expect(baggage.members.count == Baggage.memberLimit)
        #expect(baggage.members.last?.key == "k63")
        #expect(baggage.droppedCount == 6)
    }

    @Test func neverSendsMoreThan8192Bytes() {
        var baggage = Baggage()
        #expect(set("a", to: String(repeating: "x", count: 4000), in: &baggage))
        #expect(set("b", to: String(repeating: "x", count: 4187), in: &baggage))
        #expect(baggage.headerValue.utf8.count == Baggage.byteLimit)
        #expect(set("c", to: "", in: &baggage) == false)
        #expect(set("a", to: String(repeating: "x", count: 4001), in: &baggage) == false)
        #expect(baggage["a"]?.utf8.count == 4000)
        baggage.remove("b")
        // A space takes three bytes on the wire.
        #expect(set("c", to: String(repeating: " ", count: 1395), in: &baggage))
        #expect(set("d", to: String(repeating: "x", count: 4), in: &baggage) == false)
        #expect(baggage.headerValue.utf8.count <= Baggage.byteLimit)
    }

    @Test func refusesKeysThatAreNoTokens() {
        var baggage = Baggage()
        #expect(set("", to: "v", in: &baggage) == false)
        #expect(set("a b", to: "v", in: &baggage) == false)
        #expect(set("a\r\nx", to: "v", in: &baggage) == false)
        #expect(set("a", to: "v\r\nx: 1", in: &baggage))
        #expect(baggage.headerValue == "a=v%0D%0Ax:%201")
    }

    /// A mutating call cannot stand in `#expect`.
    private func set(_ key: String, to value: String, in baggage: inout Baggage) -> Bool {
        baggage.set(key, to: value)
    }
}
