import Base
import CloudAPI
import TestKit
import Testing

@Suite struct FormatTests {
    @Test(arguments: [
        (#"{"a":[1,-0.5e+3,true,false,null,"x\n\"\\\u00e9\ud83d\ude00"],"b":{}}"#, true), ("  0 ", true),
        (#""""#, true),
        ("[]", true), ("", false), ("01", false), ("[1,]", false), (#"{"a":1,"a":2}"#, false), (#"{a:1}"#, false),
        ("1 2", false), (#""\ud83d""#, false), (#""\x""#, false), ("\"\u{1}\"", false), ("nul", false), ("-", false),
        ("1.", false), (#"{"a" 1}"#, false), ("[1 2]", false), ("\"abc", false), (#""\u12"#, false), ("+1", false),
        (String(repeating: "[", count: 32) + String(repeating: "]", count: 32), true),
        (String(repeating: "[", count: 33) + String(repeating: "]", count: 33), false),
    ]) func readsJSONStrictly(text: String, isRight: Bool) {
        let value = try? JSON.parse(Array(text.utf8))
        #expect((value != nil) == isRight, "\(text)")
        if let value { #expect((try? JSON.parse(Array(value.text.utf8))) == value) }
    }

    @Test func readsJSONValues() throws {
        let json = try JSON.parse(Array(#"{"a":"é😀","n":12,"f":1.5,"b":true,"l":[1]}"#.utf8))
        #expect(json["a"]?.string == "é😀" && json["n"]?.integer == 12 && json["f"]?.number == 1.5)
        #expect(json["b"]?.bool == true && json["l"]?.array == [.number("1")] && json["x"] == nil)
        #expect(throws: ApusError.self) { try JSON.parse([0x22, 0xFF, 0x22]) }
        #expect(throws: ApusError.self) { try JSON.parse(Array("[1]".utf8), limit: 2) }
    }

    @Test(arguments: [
        ("<?xml version=\"1.0\"?>\n<a xmlns='x'><!-- c --><b>1 &lt;&amp;&#x41;&#66;</b><s3:c/></a>", true),
        ("  <a><![CDATA[<x>]]></a> ", true), ("<a>", false), ("<a></b>", false), ("<a/><b/>", false), ("text", false),
        ("", false),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", false), ("<a>&x;</a>", false), ("<a>&lt</a>", false),
        ("<a b></a>", false), ("<a b='></a>", false), ("<a>&#0;</a>", false), ("<a>&#xD800;</a>", false), ("<a", false),
        ("<a/>x", false), ("<>x</>", false),
        (String(repeating: "<a>", count: 16) + String(repeating: "</a>", count: 16), true),
        (String(repeating: "<a>", count: 17) + String(repeating: "</a>", count: 17), false),
    ]) func readsXMLStrictly(text: String, isRight: Bool) {
        #expect(((try? XMLElement.parse(Array(text.utf8))) != nil) == isRight, "\(text)")
    }

    @Test func readsXMLValues() throws {
        let text = "<A><B><C>x &gt; y</C><C>2</C></B><s3:D>a<e/>b</s3:D></A>"
        let root = try XMLElement.parse(Array(text.utf8))
        #expect(
            root.name == "A" && root.value("B", "C") == "x > y" && root.value("D") == "ab"
                && root.value("X", "Y") == nil)
        var reader = try XMLReader(Array("<a>1<b/></a>".utf8))
        var events: [XMLEvent] = []
        while let event = try reader.next() { events.append(event) }
        #expect(events == [.start("a"), .text("1"), .start("b"), .end("b"), .end("a")])
    }

    /// Neither reader crashes, hangs or takes what it should not, whatever comes: right documents, damaged at random.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func survivesNoise(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let samples = [
            Array(#"{"a":[1,2.5e3,"x\u00e9\n",{"b":null}],"c":true}"#.utf8),
            Array("<?xml version='1.0'?><a b='c'><!-- x --><d>1&amp;&#65;</d><![CDATA[z]]><e/></a>".utf8),
        ]
        for _ in 0..<500 {
            for sample in samples {
                var bytes = sample
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let index = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes.remove(at: index)
                    case 2: bytes.insert(bytes.randomElement(using: &generator) ?? 0, at: index)
                    default: bytes.removeSubrange(index...)
                    }
                    if bytes.isEmpty { bytes = [0] }
                }
                if let json = try? JSON.parse(bytes) {
                    #expect((try? JSON.parse(Array(json.text.utf8))) == json, "seed \(seed): \(bytes)")
                }
                if let xml = try? XMLElement.parse(bytes) { #expect(!xml.name.isEmpty, "seed \(seed)") }
            }
        }
    }

    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"]) func codesBase64(text: String) {
        let coded = Base64Text.encode(Array(text.utf8))
        #expect(Base64Text.decode(coded) == Array(text.utf8))
        #expect(Hex.decode(Hex.encode(Array(text.utf8))) == Array(text.utf8))
    }

    @Test func refusesWrongBase64() {
        #expect(Base64Text.encode(Array("foobar".utf8)) == "Zm9vYmFy" && Base64Text.encode([0xFB, 0xFF]) == "+/8=")
        for text in ["Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Z m9v", "Zm9v\n", "====", "=Zg="] {
            #expect(Base64Text.decode(text) == nil, "\(text)")
        }
    }

    @Test(
        arguments: [
            ("2026-11-28T13:44:51Z", 1_795_873_491_000_000_000), ("1970-01-01T00:00:00Z", 0),
            ("2009-10-12T17:50:30.000Z", 1_255_369_830_000_000_000),
            ("2000-02-29T23:59:59.5+01:30", 951_863_399_500_000_000),
            ("2026-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil), ("2026-11-28T13:44:51", nil),
            ("2026-11-28", nil),
            ("2026-11-28T25:00:00Z", nil), ("2026-11-28T13:44:51.Z", nil), ("2026-11-28T13:44:51+0100", nil),
        ] as [(String, Int64?)]) func readsTimes(text: String, expected: Int64?)
    {
        #expect(CloudTimestamp.parse(text)?.nanosecondsSince1970 == expected)
    }
}
