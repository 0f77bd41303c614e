import Base
import HTTPWire
import Testing

@testable import Gateway

/// What the cache reads and writes in fields.
@Suite struct CacheFieldsTests {
    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ] as [(Int64, String)])
    func dates(_ seconds: Int64, _ text: String) {
        let instant = WallInstant(secondsSince1970: seconds)
        var written: [UInt8] = []
        FieldDate.write(instant, to: &written)
        #expect(String(decoding: written, as: UTF8.self) == text)
        for form in [text, text.uppercased(), text.lowercased()] {
            #expect(Array(form.utf8).withUnsafeBytes { FieldDate.parse($0) } == instant)
        }
    }

    @Test(arguments: [
        ("hit", CacheStatus.hit(.seconds(30)), "hit; ttl=30"), ("stale", .hit(.seconds(-30)), "hit; ttl=-30"),
        ("miss", CacheStatus(forward: .uriMiss), "fwd=uri-miss"),
        ("variant", CacheStatus(forward: .varyMiss), "fwd=vary-miss"),
    ])
    func status(_ name: String, _ status: CacheStatus, _ expected: String) {
        let out = WireBuffer(capacity: 16)
        status.write(to: out)
        #expect(String(decoding: out.readable, as: UTF8.self) == "cache-status: apus; \(expected)\r\n", "\(name)")
    }

    @Test func statusInFull() {
        var status = CacheStatus(forward: .stale, timeToLive: .seconds(60))
        (status.forwardStatus, status.isStored, status.isCollapsed, status.refusal) = (304, true, true, .noStore)
        let out = WireBuffer(capacity: 16)
        status.write(to: out)
        let expected = "cache-status: apus; fwd=stale; fwd-status=304; ttl=60; stored; collapsed; detail=no-store\r\n"
        #expect(String(decoding: out.readable, as: UTF8.self) == expected)
    }

    /// Garbage of all kinds: the reader ends, and what it hands out lies in the value.
    @Test(arguments: [
        "", ",", ",,,", "=", "=,=", "\"", "\"\\", "a=\"", "a=\"\\\"", "a=\"b\"c, d", "a = \"b\" , c", "\"a,b\"=c,d",
        "a==b",
        "a=b=c", "a;b=c", "\u{00e4}=\u{00f6}", "a=\"b\" c", "\\", "a=\"b,c\\\",d\",e",
    ])
    func garbledDirectives(_ text: String) {
        Array(text.utf8).withUnsafeBytes { bytes in
            var reader = DirectiveReader(bytes)
            var count = 0
            while let directive = reader.next() {
                count += 1
                #expect(directive.name.count + directive.value.count <= bytes.count)
                #expect(!directive.name.contains(UInt8(ascii: ",")) || directive.name.first == UInt8(ascii: "\""))
            }
            #expect(count <= bytes.count)
        }
    }
}
