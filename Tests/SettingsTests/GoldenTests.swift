import Base
import Glibc
import Settings
import Testing

@Suite("Golden cases")
struct GoldenTests {
    @Test("says what is wrong, and prints what is right", arguments: try GoldenCase.all())
    func golden(_ example: GoldenCase) throws {
        let result = Demo.schema.read(example.input, file: "f", references: example.references)
        if getenv("UPDATE_GOLDEN") != nil { return try example.rewrite(result) }
        let complaints = result.complaints.map { String($0.description.dropFirst(2)) }
        #expect(complaints.joined(separator: "\n") == example.complaints.joined(separator: "\n"))
        guard let printed = example.printed else { return }
        let file = try result.get()
        #expect(file.rendered() == printed)
    }

    @Test("there are cases at all")
    func present() throws {
        #expect(try GoldenCase.all().count >= 30)
    }

    @Test("what --print shows reads back to the same settings", arguments: try GoldenCase.all())
    func roundTrip(_ example: GoldenCase) throws {
        let result = Demo.schema.read(example.input, file: "f", references: example.references)
        guard let file = result.file, !file.rendered().contains("redacted") else { return }
        let again = try Demo.schema.read(Array(file.rendered().utf8), file: "g", references: example.references).get()
        #expect(again.rendered() == file.rendered())
        for section in file.sections { #expect(again.fingerprint(of: section) == file.fingerprint(of: section)) }
    }
}
