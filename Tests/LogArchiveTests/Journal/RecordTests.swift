import LogArchive
import TestKit
import Testing

@Suite struct RecordTests {
    @Test(arguments: ["plain", "", "two words", "a=b", "100%", "line\nbreak", "tab\t", "日志", "%0a", " "])
    func valuesComeBackAsTheyWere(_ value: String) throws {
        let record = Record("kind", [("name", value), ("left out", nil), ("other", "x")])
        #expect(!record.text.contains("\n"), "a record is one line whatever is in it")
        let read = try #require(Record(parsing: record.text))
        #expect(read["name"] == value)
        #expect(read["other"] == "x")
        #expect(read == record)
    }

    @Test(arguments: ["", " a=b", "kind name", "kind a=%", "kind a=%4", "kind a=%zz", "kind  a=b"])
    func whatIsNoRecordIsRefused(_ text: String) {
        #expect(Record(parsing: text) == nil)
    }

    @Test func anythingCanBeRead() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                "abc=% \u{1}xé09".randomElement(using: &random) ?? "a"
            }
            if let record = Record(parsing: String(bytes)) { #expect(Record(parsing: record.text) == record) }
        }
    }
}
