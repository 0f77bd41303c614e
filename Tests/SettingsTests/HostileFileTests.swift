import Base
import TestKit
import Testing

@testable import Settings

@Suite("Hostile and large files")
struct HostileFileTests {
    private func read(_ bytes: [UInt8]) -> SettingsResult {
        Demo.schema.read(bytes, file: "f", references: FixedReferences(environment: ["A": "a-value"]))
    }

    @Test("a file over 8 MiB is refused unread")
    func tooLarge() {
        let result = read([UInt8](repeating: UInt8(ascii: "#"), count: (8 << 20) + 1))
        #expect(result.complaints.map(\.message) == ["the file is too large: 8388609 bytes, at most 8M are read"])
    }

    @Test("a mapping of 100,000 keys and a list of as many items", .timeLimit(.minutes(1)))
    func wide() throws {
        let keys = (0..<100_000).map { "    k\($0): v\n" }.joined()
        let items = (0..<100_000).map { _ in "    - x\n" }.joined()
        let file = try read(Array("all:\n  labels:\n\(keys)  raw:\n\(items)".utf8)).get()
        let all = try #require(file.group(AllDemo.self))
        #expect(all.labels.count == 100_000)
        #expect(all.labels["k99999"] == "v")
        #expect(all.raw?.sequence?.count == 100_000)
    }

    @Test("a scalar of 5 MB is read, and a complaint about one is short", .timeLimit(.minutes(1)))
    func long() throws {
        let text = String(repeating: "long ", count: 1_000_000)
        let good = try read(Array("all: { text: \"\(text)\" }".utf8)).get()
        #expect(good.group(AllDemo.self)?.text.utf8.count == 5_000_000)
        let shorter = text.prefix(500_000)
        for key in ["count", "size", "share", "url", "address", "flag", "even", "factor", "mode"] {
            let bad = read(Array("all: { \(key): \"\(shorter)\" }".utf8))
            #expect(bad.complaints.count == 1)
            #expect((bad.complaints.first?.description.utf8.count ?? .max) < 300)
        }
    }

    @Test(
        "deep nesting ends early", .timeLimit(.minutes(1)),
        arguments: ["[", "{a: ", "- ", "? ", "a:\n ", "&a [", "!!x [", "[{", "\"", "'", "|\n", "*"])
    func deep(_ piece: String) {
        let bytes = Array(String(repeating: piece, count: 200_000).utf8)
        #expect(read(bytes).file == nil)
    }

    @Test("a billion laughs cost nothing, in lists and in mappings", .timeLimit(.minutes(1)))
    func laughs() {
        for (open, close) in [("[", "]"), ("{a: ", "}")] {
            var text = "all:\n  raw:\n    x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
            for level in 1..<40 {
                let aliases = (0..<10).map { open == "[" ? "*x\(level - 1)" : "k\($0): *x\(level - 1)" }
                let body = aliases.joined(separator: ", ")
                text += "    x\(level): &x\(level) \(open == "[" ? "[" : "{")\(body)\(close)\n"
            }
            let result = read(Array(text.utf8))
            #expect(result.complaints.last?.message == "aliases expand to more than 10000 values: write fewer")
        }
    }

    @Test("alias depth counts as depth")
    func aliasDepth() {
        var text = "all:\n  raw:\n    x0: &x0 [a]\n"
        for level in 1..<100 { text += "    x\(level): &x\(level) [*x\(level - 1)]\n" }
        #expect(read(Array(text.utf8)).complaints.last?.message == "nested too deeply, at most 64 levels are read")
    }

    @Test("references cannot yield more than the bound")
    func references() {
        let item = "\"\(String(repeating: "${file:/big}", count: 50))\""
        let text = "all: { paths: [\(item), \(item), \(item), \(item)] }"
        let references = FixedReferences(files: ["/big": String(repeating: "x", count: 60_000)])
        let result = Demo.schema.read(Array(text.utf8), file: "f", references: references)
        #expect(result.errors.map(\.message).contains("the references of the file yield too much text"))
    }

    @Test("mutated cases never crash, and complaints stay inside the file", .timeLimit(.minutes(2)))
    func mutations() throws {
        let cases = try GoldenCase.all()
        let seed: UInt64 = 20_261_123
        var generator = SeededGenerator(seed: seed)
        for round in 0..<2000 {
            let example = cases[Int(generator.next() % UInt64(cases.count))]
            let other = cases[Int(generator.next() % UInt64(cases.count))]
            let bytes = Mutation.mutate(example.input, with: other.input, &generator)
            let result = Demo.schema.read(bytes, file: "f", references: example.references)
            let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 2
            for complaint in result.complaints {
                #expect(
                    (1...lines).contains(complaint.position.line) && complaint.position.column >= 1,
                    "seed \(seed), round \(round): \(complaint)")
                #expect(!complaint.description.contains("\n"), "seed \(seed), round \(round)")
            }
            #expect((result.file == nil) == !result.errors.isEmpty, "seed \(seed), round \(round)")
            guard let file = result.file, !file.rendered().contains("redacted") else { continue }
            let again = Demo.schema.read(Array(file.rendered().utf8), file: "g", references: example.references)
            #expect(again.file?.rendered() == file.rendered(), "seed \(seed), round \(round): \(again.complaints)")
        }
    }
}

/// What happens to files: bytes flip, go, come twice; lines move; two files are glued.
private enum Mutation {
    private static let tokens = [
        "${env:", "}", "&a ", "*a", "<<: ", "---\n", "\t", ": ", "- ", "[", "{", "\"", "'", "|\n", "!!int ", "\u{0}",
        "\u{2028}",
        "\u{FEFF}", "null", "yes", "1e999", "0x", "\\u", "#", "%", "@", "\r", "${file:/run/password}", "$${",
    ]

    static func mutate(_ bytes: [UInt8], with other: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int(generator.next() % 4) {
            let place = bytes.isEmpty ? 0 : Int(generator.next() % UInt64(bytes.count))
            switch generator.next() % 6 {
            case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
            case 1 where !bytes.isEmpty: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: tokens[Int(generator.next() % UInt64(tokens.count))].utf8, at: place)
            case 3:
                let end = min(bytes.count, place + Int(generator.next() % 20))
                bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
            case 4: bytes = Array(bytes[..<place]) + other.dropFirst(Int(generator.next() % UInt64(other.count + 1)))
            default: bytes.removeLast(bytes.count - place)
            }
        }
        return bytes
    }
}
