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

    /// RFC 9651 section 3.2, and what is none; `nil` stands behind what came before the error.
    @Test(
        arguments: [
            ("", ""), ("a", "a?1"), ("a=?0, b=?1", "a?0 b?1"), ("a=1,b=-2.5\t , \tc", "a#1 b#-2.5 c?1"),
            ("*a_-.*9=x:/y", "*a_-.*9~x:/y"), ("a=*b", "a~*b"), ("a=\"b, \\\"c\\\\\"", "a'b, \\\"c\\\\'"),
            ("a=:YQ==:, b=@1659578233, c=%\"f%c3%bc\"", "a. b. c."), ("a=(), b=(1 \"2\";x  c);y=1, d", "a. b. d?1"),
            ("a;b;c=1; d=\"e\"", "a?1"), ("a=999999999999999", "a#999999999999999"), ("a=1,a=2", "a#1 a#2"),
            ("A", "nil"), ("1", "nil"), ("a=", "nil"), ("a =1", "a?1 nil"), ("a= 1", "nil"), ("a,", "a?1 nil"),
            ("a,,b", "a?1 nil"), (",a", "nil"), ("a b", "a?1 nil"), ("a=1 b", "a#1 nil"), ("a=?2", "nil"),
            ("a=1000000000000000", "nil"), ("a=1.", "nil"), ("a=1.2345", "nil"), ("a=1234567890123.1", "nil"),
            ("a=-", "nil"), ("a=\"b", "nil"), ("a=\"\\b\"", "nil"), ("a=\"\u{e4}\"", "nil"), ("a=:b", "nil"),
            ("a=(1", "nil"), ("a=(\"1\"\"2\")", "nil"), ("a=(1,2)", "nil"), ("a=@1.5", "nil"), ("a=%b", "nil"),
            ("a;", "nil"), ("a;B", "nil"), ("a;b=", "nil"), ("a, &", "a?1 nil"), ("a=&", "nil"),
        ] as [(String, String)])
    func dictionaries(_ text: String, _ expected: String) {
        let read = Array(text.utf8).withUnsafeBytes { bytes in
            var dictionary = StructuredDictionary(bytes)
            var members: [String] = []
            while let member = dictionary.next() {
                members.append(String(decoding: member.key, as: UTF8.self) + member.value.text)
            }
            return members + (dictionary.isValid ? [] : ["nil"])
        }
        #expect(read.joined(separator: " ") == expected)
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

extension StructuredDictionary.Value {
    fileprivate var text: String {
        switch self {
        case .boolean(let isSet): isSet ? "?1" : "?0"
        case .number(let bytes): "#" + String(decoding: bytes, as: UTF8.self)
        case .token(let bytes): "~" + String(decoding: bytes, as: UTF8.self)
        case .string(let bytes): "'" + String(decoding: bytes, as: UTF8.self) + "'"
        case .other: "."
        }
    }
}
