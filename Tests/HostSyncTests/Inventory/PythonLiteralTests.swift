import Settings
import Testing

@testable import HostSync

@Suite struct PythonLiteralTests {
    /// What `ast.literal_eval` of Python 3.11 says, as JSON.
    @Test(arguments: [
        ("True", "true"), ("False", "false"), ("None", "null"), ("1", "1"), ("-5", "-5"), ("+5", "5"), ("0x1f", "31"),
        ("0o17", "15"), ("0b11", "3"), ("1_000", "1000"), ("00", "0"), (".5", "0.5"), ("5.", "5"), ("1e-2", "0.01"),
        ("1e3", "1000"), ("'a'", "\"a\""), (#""a\tb""#, #""a\tb""#), ("'a' 'b'", "\"ab\""),
        (#"'\x41\u00e9\101'"#, "\"AéA\""),
        (#"r'\n'"#, #""\\n""#), ("u'x'", "\"x\""), ("[]", "[]"), ("[1, 'a', None,]", "[1,\"a\",null]"), ("()", "[]"),
        ("(1)", "1"), ("(1,)", "[1]"), ("1, 2", "[1,2]"), ("1,", "[1]"), ("{}", "{}"), ("{'a': [1]}", "{\"a\":[1]}"),
        ("{1, 2}", "[1,2]"), ("5 # five", "5"), ("[1] # list", "[1]"), ("- 5", "-5"), ("'''a'''", "\"a\""),
        ("u'a' r'b'", "\"ab\""),
    ])
    func literals(_ text: String, _ json: String) {
        #expect(PythonLiteral.value(text).json == json)
    }

    @Test(arguments: [
        "true", "false", "null", "yes", "012", "1.2.3.4", "web", "a b", "1 2", "'a", "[1", "[1 2]", "{'a'}x", "{'a': 1",
        "{[1]: 2}", "Truex", "-", "--", "-a", "1j", "b'x'", "99999999999999999999", "0x", "1__0", "1_", "1e", "'\\x4'",
        "# x",
        "[,]", "(,)", "value # comment", "{{ x }}", "++1", "1_.2", "'\\N{DIGIT ONE}'", "r'", "N", ".", "e5", "1e999",
        "",
    ])
    func everythingElseIsText(_ text: String) {
        #expect(PythonLiteral.value(text) == .string(text))
    }

    @Test func nestingIsBounded() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(PythonLiteral.value(deep) == .string(deep))
        let signs = String(repeating: "-", count: 100_000) + "1"
        #expect(PythonLiteral.value(signs) == .string(signs))
    }
}
