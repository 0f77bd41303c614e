import Testing

@testable import HostSync

@Suite struct RegexTranslationTests {
    @Test(arguments: [
        ("^#?Permit", "^#?Permit"), (#"\d+"#, "[0-9]+"), (#"[\d.]+"#, "[0-9.]+"), (#"[\w-]"#, "[[:alnum:]_-]"),
        (#"\D"#, "[^0-9]"),
        ("(?:a|b)", "(a|b)"), (#"a\.b\\"#, #"a\.b\\"#), (#"\s\b\w"#, #"\s\b\w"#), (#"[]a\.]"#, "[]a.]"),
        (#"[^\s]"#, "[^[:space:]]"),
        ("[[:digit:]]", "[[:digit:]]"), (#"(a)\1"#, #"(a)\1"#),
    ])
    func writesWhatTheLibraryReads(text: String, expected: String) throws {
        #expect(try RegexTranslation.posix(text) == expected)
    }

    @Test(arguments: [#"\p"#, #"\A"#, #"[\D]"#, #"[\]]"#, #"[a\-z]"#, "(?=a)", "(?i)a", "[a", #"a\"#, #"\Z"#])
    func refusesWhatWouldMeanSomethingElse(text: String) {
        #expect(throws: RegexTranslation.Fault.self) { try RegexTranslation.posix(text) }
    }
}
