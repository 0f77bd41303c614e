import TestKit
import Testing

@testable import Terminal

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("/mnt/data", "/mnt/data"),
        ("\u{1b}[2J\u{07}", "\\x1b[2J\\x07"),
        ("a\nb\tc\u{7f}", "a\\x0ab\\x09c\\x7f"),
        ("\u{9b}31m", "\\x9b31m"),
        ("evil\u{202e}txt", "evil\\u{202e}txt"),
        ("日本語 é", "日本語 é"),
        ("a\r\nb", "a\\x0d\\x0ab"),
    ])
    func writesOutWhatCommandsTheTerminal(text: String, expected: String) {
        #expect(TerminalText.visible(text) == expected)
    }

    @Test(arguments: [
        ("", 0), ("abc", 3), ("日本", 4), ("e\u{301}", 1), ("\u{200d}", 0), ("한", 2), ("😀", 2), ("👨‍👩‍👧", 2), ("🇩🇪", 2),
        ("✓", 1), ("❤\u{fe0f}", 2), ("ａ", 2), ("…", 1), ("█", 1), ("µ", 1),
    ])
    func measures(text: String, columns: Int) {
        #expect(TerminalText.width(text) == columns)
    }

    @Test(arguments: [
        ("/var/lib/docker", 15, "/var/lib/docker"), ("/var/lib/docker", 9, "/var…cker"), ("/var/lib/docker", 2, "/v"),
        ("日本語日本語", 7, "日…本語"), ("abc", 0, ""), ("abcdef", 3, "a…f"),
    ])
    func cutsTheMiddle(text: String, columns: Int, expected: String) {
        #expect(TerminalText.fitted(text, columns: columns) == expected)
    }

    @Test func isNeverWiderThanAsked() {
        var random = SeededGenerator(seed: 41)
        let alphabet: [Character] = ["a", "/", "日", "e\u{301}", "😀", "…", "\u{200b}", "ﬁ"]
        for _ in 0..<2000 {
            let text = String(
                (0..<Int.random(in: 0...20, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
            let columns = Int.random(in: 0...24, using: &random)
            let fitted = TerminalText.fitted(text, columns: columns)
            #expect(TerminalText.width(fitted) <= columns, "seed \(random.seed): \(text) in \(columns)")
            if TerminalText.width(text) <= columns { #expect(fitted == text) }
        }
    }

    @Test func widthRangesAscend() {
        // The binary search relies on it: every scalar next to a border is found or not found as the list says.
        #expect(TerminalText.width("\u{10FF}") == 1)
        #expect(TerminalText.width("\u{1100}") == 2)
        #expect(TerminalText.width("\u{3FFFD}") == 2)
        #expect(TerminalText.width("\u{A000}") == 2)
        #expect(TerminalText.width("\u{D7B0}") == 1)
    }
}
