import SSHTransport
import TestKit
import Testing

@Suite struct FramingTests {
    private static let nonce = "00112233445566778899aabbccddeeff"

    /// What a leg says, however the bytes are cut into reads.
    private func events(_ text: String, cutEvery size: Int = .max) -> [String] {
        var parser = FrameParser(nonce: FramingTests.nonce)
        var sections: [Int: [UInt8]] = [:]
        var result: [String] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(
                bytes.count, start.addingReportingOverflow(size).partialValue < start ? bytes.count : start + size)
            bytes[start..<end].withUnsafeBytes { piece in
                parser.feed(piece) { event in
                    switch event {
                    case .begin(let number): sections[number] = []
                    case .bytes(let number, let bytes): sections[number, default: []] += bytes
                    case .end(let number, let code):
                        result.append("\(number)=\(code):\(String(decoding: sections[number] ?? [], as: UTF8.self))")
                    case .mark(let word): result.append(word)
                    }
                }
            }
            start = end
        }
        return result
    }

    private func mark(_ text: String) -> String { "\n@@\(FramingTests.nonce) \(text)\n" }

    @Test(arguments: [1, 2, 3, 7, 16, 41, 64, 1000])
    func cutsAnAnswerIntoSections(cutEvery size: Int) {
        let text =
            "Welcome to host!\n" + mark("ready") + mark("s 0") + "a\nb" + mark("e 0 0") + mark("s 1") + mark("e 1 127")
            + "noise" + mark("s 2") + "\n\n" + mark("e 2 0") + mark("end")
        #expect(events(text, cutEvery: size) == ["ready", "0=0:a\nb", "1=127:", "2=0:\n\n", "end"])
    }

    @Test(arguments: [
        // Marks of another conversation, and what only looks like one.
        "@@00112233445566778899aabbccddeefe s 9\n", "\n@@0011223344", "\n@@\n@@\n@@", "\n\n\n@", "@@ s 1\n",
    ])
    func takesNothingElseForAMark(content: String) {
        for size in [1, 5, 33, 1000] {
            let text = mark("s 0") + content + mark("e 0 0")
            #expect(events(text, cutEvery: size) == ["0=0:\(content)"])
        }
    }

    @Test func keepsBinaryContent() {
        var generator = SeededGenerator(seed: 7)
        let content = (0..<5000).map { _ in UInt8.random(in: 0...127, using: &generator) }
        let text = mark("s 3") + String(decoding: content, as: UTF8.self) + mark("e 3 1")
        #expect(events(text, cutEvery: 17) == ["3=1:\(String(decoding: content, as: UTF8.self))"])
    }

    /// A hostile host: any bytes, with the right nonce in them. Nothing may trap, whatever the numbers say.
    @Test(arguments: 0..<200) func survivesAnything(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let words = [
            mark("s 1"), mark("e 1 0"), mark("s 99999999999999999999"), mark("e -1 x"), mark("s -5"), mark(""), "\n@@",
            FramingTests.nonce, " s 1", "\u{0}", mark("end"), mark(String(repeating: "x", count: 400)), "\n", "text",
        ]
        let text = (0..<60).map { _ in words.randomElement(using: &generator) ?? "" }.joined()
        let whole = events(text)
        for size in [1, 13, 50] { #expect(events(text, cutEvery: size) == whole, "seed \(seed)") }
    }
}
