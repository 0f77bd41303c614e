import Testing

@testable import Age

@Suite struct ArmoredTextTests {
    private static let armor = """
        -----BEGIN AGE ENCRYPTED FILE-----
        YWdlLWVuY3J5cHRpb24ub3JnL3Yx
        -----END AGE ENCRYPTED FILE-----

        """

    private func yaml(_ indentation: String, _ armor: String) -> String {
        armor.split(separator: "\n").map { indentation + $0 + "\n" }.joined()
    }

    @Test func findsBlocksWithTheirKeys() {
        let text =
            "plain: 1\npassword: |\n\(yaml("  ", Self.armor))list:\n  - \"to ken\": |-\n\(yaml("      ", Self.armor))end: 2\n"
        let blocks = ArmoredText(text).blocks
        #expect(blocks.map(\.name) == ["password", "to ken"])
        #expect(blocks.allSatisfy { $0.armor == Self.armor })
    }

    @Test func anAgeFileIsOneBlockWithoutAKey() {
        let blocks = ArmoredText(Self.armor).blocks
        #expect(blocks.map(\.name) == [nil])
        #expect(blocks[0].armor == Self.armor)
    }

    @Test func onlyTheBlocksAreReplaced() {
        let before = "a: |\n\(yaml("    ", Self.armor))# a comment\nb: 2"
        let after = ArmoredText(before).replacing { _ in "one\ntwo\n" }
        #expect(after == "a: |\n    one\n    two\n# a comment\nb: 2")
        #expect(ArmoredText(before).replacing { $0.armor } == before)
    }

    @Test func linesMayEndWithCarriageReturns() {
        let before = "a: |\r\n\(yaml("    ", Self.armor).replacing("\n", with: "\r\n"))b: 2\r\n"
        #expect(ArmoredText(before).blocks.map(\.armor) == [Self.armor])
        #expect(ArmoredText(before).replacing { $0.armor } == before)
    }

    @Test(arguments: ["", "\n", "-----BEGIN AGE ENCRYPTED FILE-----\nnever ended", "-----END AGE ENCRYPTED FILE-----"])
    func whatIsNoBlockStays(text: String) {
        #expect(ArmoredText(text).blocks.isEmpty)
        #expect(ArmoredText(text).replacing { _ in "never" } == text)
    }
}
