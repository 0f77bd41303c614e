import Testing

@testable import Terminal

@Suite struct ColorPolicyTests {
    @Test(
        arguments: [
            ([:], true, false),
            (["TERM": "xterm"], true, true),
            (["TERM": "xterm"], false, false),
            (["TERM": "dumb"], true, false),
            (["TERM": "xterm", "NO_COLOR": "1"], true, false),
            (["TERM": "xterm", "NO_COLOR": ""], true, true),
            (["NO_COLOR": "1", "CLICOLOR_FORCE": "1"], true, false),
            (["CLICOLOR_FORCE": "1"], false, true),
            (["CLICOLOR_FORCE": "1", "TERM": "dumb"], true, true),
            (["CLICOLOR_FORCE": "0", "TERM": "xterm"], false, false),
            (["CLICOLOR": "0", "TERM": "xterm"], true, false),
            (["CLICOLOR": "1", "TERM": "xterm"], false, false),
        ] as [([String: String], Bool, Bool)])
    func decides(environment: [String: String], isTerminal: Bool, expected: Bool) {
        #expect(ColorPolicy.usesColor(isTerminal: isTerminal) { environment[$0] } == expected)
    }

    @Test func paintsOnlyWithColorAndText() {
        #expect(TextStyle.warning.paint("x", color: true) == "\u{1b}[33mx\u{1b}[0m")
        #expect(TextStyle.warning.paint("x", color: false) == "x")
        #expect(TextStyle.warning.paint("", color: true) == "")
        #expect(TextStyle.plain.paint("x", color: true) == "x")
    }
}
