import Testing

@testable import Age

struct AgeArmorTests {
    private static let begin = "-----BEGIN AGE ENCRYPTED FILE-----"
    private static let end = "-----END AGE ENCRYPTED FILE-----"
    private static let full = String(repeating: "A", count: 64)

    @Test func linesOfEveryLength() throws {
        for count in 0..<200 {
            let bytes = testBytes(count)
            let text = AgeArmor.added(to: bytes)
            #expect(try AgeArmor.removed(from: text) == bytes, "\(count) bytes")
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.dropFirst().dropLast(2).dropLast().allSatisfy { $0.utf8.count == 64 })
            #expect(lines.last?.isEmpty == true && lines.count == 3 + (count + 47) / 48)
        }
    }

    @Test(arguments: [
        "\(begin)\nAAAA\n\(end)\n",
        "\(begin)\nAAAA\n\(end)",
        "\(begin)\r\nAAAA\r\n\(end)\r\n",
        "\n \t\r\n\(begin)\nAAAA\n\(end)\n\n  \t\r\n",
        "\(begin)\nAAAA\r\n\(end)\r",
    ])
    func whatSurroundsItIsIgnored(text: String) throws {
        #expect(try AgeArmor.removed(from: Array(text.utf8)) == [0, 0, 0])
    }

    @Test(arguments: [
        ("\(begin) \nAAAA\n\(end)\n", 1, "text after the first line"),
        ("\(begin)\nAAAA\n\(end) x\n", 3, "only the last line may be short"),
        ("\(begin)\nAAAA\n\(end)\nx", 4, "text after the end"),
        ("\n\n\(begin)\nAAAA\n\(end)\n\(begin)\n", 6, "text after the end"),
        ("\(begin)\n\nAAAA\n\(end)\n", 2, "it is empty"),
        ("\(begin)\nAAAA\n\n\(end)\n", 3, "only the last line may be short"),
        ("\(begin)\n\(full)\n\n\(end)\n", 3, "it is empty"),
        ("\(begin)\n\(full)A\n\(end)\n", 2, "more than 64 columns"),
        ("\(begin)\nAAAA\nAAAA\n\(end)\n", 3, "only the last line may be short"),
        ("\(begin)\nAA=\n=\n\(end)\n", 3, "only the last line may be short"),
        ("\(begin)\nAAA\n\(end)\n", 3, "what is before it is not canonical base64"),
        ("\(begin)\nAAB=\n\(end)\n", 3, "what is before it is not canonical base64"),
        ("\(begin)\n AAAA\n\(end)\n", 3, "what is before it is not canonical base64"),
        ("\(begin)\nAA-A\n\(end)\n", 3, "what is before it is not canonical base64"),
        ("\(begin)\nProc-Type: 4\n\nAAAA\n\(end)\n", 3, "only the last line may be short"),
        ("\(begin)\nAAAA\n-----END AGE ENCRYPTED FILE----\n", 3, "only the last line may be short"),
    ])
    func malformed(text: String, line: Int, reason: String) {
        #expect(throws: AgeError.badArmor(line: line, reason: reason)) {
            try AgeArmor.removed(from: Array(text.utf8))
        }
    }

    @Test(arguments: ["\(begin)", "\(begin)\n", "\(begin)\nAAAA", "\(begin)\nAAAA\n", "\(begin)\nAAAA\n-----END"])
    func cutShort(text: String) {
        #expect(throws: AgeError.truncated) { try AgeArmor.removed(from: Array(text.utf8)) }
    }

    @Test(arguments: [
        "x\(begin)\nAAAA\n\(end)\n", "-----BEGIN AGE ENCRYPTED FIL", "-----begin age encrypted file-----\n",
    ])
    func somethingElse(text: String) {
        #expect(throws: AgeError.notAnAgeFile) { try Age.decrypt(Array(text.utf8), with: [.generate()]) }
    }
}
