import Testing

@testable import HostSync

@Suite struct HostDeclarationTests {
    @Test(
        arguments: [
            ("web", ["web"], nil),
            ("web[1:3]", ["web1", "web2", "web3"], nil),
            ("web[01:03].x", ["web01.x", "web02.x", "web03.x"], nil),
            ("web[098:101]", ["web098", "web099", "web100", "web101"], nil),
            ("db-[a:c]", ["db-a", "db-b", "db-c"], nil),
            ("db-[y:B]", ["db-y", "db-z", "db-A", "db-B"], nil),
            ("n[0:10:5]", ["n0", "n5", "n10"], nil),
            ("n[:2]", ["n0", "n1", "n2"], nil),
            ("r[1:2]n[a:b]", ["r1na", "r1nb", "r2na", "r2nb"], nil),
            ("web:2222", ["web"], 2222),
            ("web[1:2]:22", ["web1", "web2"], 22),
            ("10.0.0.1:22", ["10.0.0.1"], 22),
            ("10.0.0.[1:2]", ["10.0.0.1", "10.0.0.2"], nil),
            ("2001:db8::1", ["2001:db8::1"], nil),
            ("[2001:db8::1]:2200", ["2001:db8::1"], 2200),
            ("[::1]", ["::1"], nil),
            ("fe80::1%eth0", ["fe80::1%eth0"], nil),
        ] as [(String, [String], Int?)])
    func namesAndPort(_ text: String, _ names: [String], _ port: Int?) throws {
        let declaration = try HostDeclaration(parsing: text)
        #expect(declaration.names() == names)
        #expect(declaration.count == names.count)
        #expect(declaration.port == port)
    }

    @Test(arguments: [
        ("web[1:", "not closed"), ("web[1]", "[first:last]"), ("web[1:2:3:4]", "[first:last]"),
        ("web[3:1]", "backwards"), ("web[c:a]", "backwards"), ("web[01:100]", "of one length"),
        ("web[1:9:0]", "step"), ("web[1:9:-1]", "step"), ("web[1:x]", "two numbers or two letters"),
        ("web[0:99999999999]", "more than 1000000"), ("web[0:9999999999999999999]", "two numbers"),
        ("web:0", "a port from 1 to 65535"), ("web:65536", "a port"), ("web:ssh", "a port"), ("web:", "a port"),
        ("", "empty"), ("-oProxyCommand=x", "begin with -"), ("we b", "white space"), ("web;rm", "must not hold ;"),
        ("a*", "must not hold *"), ("!web", "begin with !"), ("~web", "begin with ~"), ("web\u{202E}x", "control"),
        ("x[1:2][1:2][1:2][1:2][1:2][1:2][1:2][1:2][1:2]", "more than 8 ranges"),
    ])
    func refusals(_ text: String, _ message: String) {
        let error = #expect(throws: InventoryProblem.self) { try HostDeclaration(parsing: text) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "none")")
    }

    @Test func manyRangesAreCountedAndNotMade() throws {
        let text = String(repeating: "[0:99999]", count: 8)
        #expect(try HostDeclaration(parsing: "x\(text)").count == InventoryBuilder.mostMemberships + 1)
    }
}

@Suite struct ShellWordsTests {
    @Test(
        arguments: [
            ("a b  c", ["a", "b", "c"]), ("  a\t", ["a"]), ("", []), ("''", [""]),
            (#"a="b c" d='e "f"'"#, ["a=b c", #"d=e "f""#]), (#"a\ b"#, ["a b"]), (#""a\"b\n""#, [#"a"b\n"#]),
            (#"'a\b'"#, [#"a\b"#]), ("a#b c", ["a"]), ("a # b", ["a"]), ("'a#b'", ["a#b"]), ("a\\#b", ["a#b"]),
        ] as [(String, [String])])
    func words(_ text: String, _ words: [String]) throws {
        #expect(try ShellWords.split(text, comments: true).map(\.text) == words)
    }

    @Test func withoutCommentsAHashIsText() throws {
        #expect(try ShellWords.split("a #b", comments: false).map(\.text) == ["a", "#b"])
    }

    @Test func offsetsCountScalars() throws {
        #expect(try ShellWords.split("ä  'b c' d", comments: true).map(\.offset) == [0, 3, 9])
    }

    @Test(arguments: ["'a", "\"a", "a\\", "\"a\\"])
    func unfinished(_ text: String) {
        #expect(throws: InventoryProblem.self) { try ShellWords.split(text, comments: true) }
    }
}
