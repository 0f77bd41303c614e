import Testing

@testable import Terminal

@Suite struct UsageBarTests {
    @Test(arguments: [
        (0.0, "░░░░"), (0.5, "██░░"), (0.001, "▏░░░"), (0.999, "███▉"), (1, "████"), (7, "████"), (-1, "░░░░"),
        (.nan, "░░░░"), (0.625, "██▌░"),
    ])
    func draws(ratio: Double, expected: String) {
        #expect(UsageBar.text(ratio: ratio, width: 4) == expected)
    }

    @Test(arguments: [(0.0, "...."), (0.5, "##.."), (0.01, "#..."), (0.99, "###."), (1.0, "####")])
    func drawsInASCII(ratio: Double, expected: String) {
        #expect(UsageBar.text(ratio: ratio, width: 4, glyphs: .ascii) == expected)
    }

    @Test(
        arguments: [
            (["LANG": "de_DE.UTF-8"], Glyphs.unicode), (["LANG": "C"], .ascii), ([:], .ascii),
            (["LANG": "en_US.UTF-8", "LC_ALL": "POSIX"], .ascii), (["LC_ALL": "", "LC_CTYPE": "C.utf8"], .unicode),
        ] as [([String: String], Glyphs)])
    func followsTheLocale(environment: [String: String], expected: Glyphs) {
        #expect(Glyphs.forLocale { environment[$0] } == expected)
    }

    @Test func progressKeepsTheLastColumnFree() {
        let drawn = ProgressLine.drawing("waiting for /mnt/\u{1b}x and more", width: 12, glyphs: .unicode)
        #expect(drawn == "\r\u{1b}[K" + TerminalText.fitted("waiting for /mnt/\\x1bx and more", columns: 11))
    }
}
