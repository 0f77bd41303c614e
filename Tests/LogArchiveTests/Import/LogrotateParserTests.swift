import Base
import TestKit
import Testing

@testable import LogArchive

@Suite("logrotate's language is read as logrotate reads it")
struct LogrotateParserTests {
    private func parse(_ text: String) -> LogrotateParser {
        var parser = LogrotateParser(home: "/home/me")
        var options = LogrotateOptions()
        parser.parse(Array(text.utf8), file: "conf", folder: ".", &options)
        return parser
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        /// The first pattern of each definition that is left.
        let blocks: [String]
        /// A piece of each problem, with its line.
        let problems: [String]
        /// The real logrotate does the same.
        let isSame: Bool

        init(_ text: String, _ blocks: [String], _ problems: [String] = [], isSame: Bool = true) {
            self.isSame = isSame
            self.text = text
            self.blocks = blocks
            self.problems = problems
        }

        var testDescription: String { text }
    }

    static let cases = [
        Case("/a { }", ["/a"]),
        Case("/a\n{\n}\n/b{}\n", ["/a", "/b"]),
        Case("\"/a b\" '/c' /d\\ e\n# not /x {\n/f\n{\ndaily\n}", ["/a b,/c,/d e,/f"]),
        Case("/a { rotate 5\n daily missingok\n}", ["/a"]),
        Case("/a { rotate 5 }\n/b { }\n}\n/c { }", ["/c"], ["1: bad value of rotate"]),
        Case("/a {\nsize 1x\n}\n/b {\n}", ["/b"], ["2: unknown unit x"]),
        // logrotate looks for a } without a blank before it.
        Case("/a {\n rotate -2\n }\n/b {\n}", ["/b"], ["2: bad value of rotate"], isSame: false),
        Case("/a {\n rotate -1\n}", ["/a"]),
        Case("/a {\n rotate 1 # no comment here\n}\n/b {}", ["/b"], ["2: bad value of rotate"]),
        Case("/a {\n newkeyword\n other 5\n rotate 1\n}", ["/a"], ["2: unknown directive newkeyword", "3: unknown"]),
        Case("/a {\n g@rbage[]\n postrotate\n}\n endscript\n}\n/b {}", ["/b"], ["2: the keyword g is not separated"]),
        Case("/a\n weekly\n}\n/b {}", [], ["1: missing {"]),
        Case("/a {}\nrandom noise\na::x\n/b {}", ["/a"], ["2: unknown directive", "3: the keyword a"]),
        Case("/a {}\n\u{7F}ELF\n/b {}", ["/a"], ["2: lines must begin"]),
        Case("/a {\n postrotate\n  true\n}\n", [], ["2: postrotate without endscript"]),
        Case("/a {\n daily\n", ["/a"], ["1: the definition is not closed"]),
        Case("}\n/a {}", [], ["1: unexpected }"]),
        Case("/a {} tail\n/b {}", ["/a", "/b"], ["1: unexpected text after }"]),
        Case("/a {\n/b\n}\n/c {}", ["/c"], ["2: unexpected name"]),
        Case(
            "/a {\r\n daily\r\n}\r\n/b {\n}", [],
            ["1: lines must begin with a keyword or a file's name (a carr", "3: lines"]),
        Case("daily\r\nrotate 3\r\n/a {\n}", ["/a"]),
        Case("/a {\n weekly 8\n}\n/b {}", [], ["2: bad value of weekly"]),
        Case("/a {\n tabooext .x\n}\n/b {}", ["/b"], ["2: tabooext may not stand"]),
        Case(
            "/a {\n su root\n}\n/b {\n su\n}\n/c {\n su root root\n}", ["/c"],
            ["2: no group for su", "5: no user for su"]),
        Case("/a {\n create 640 a b c\n}\n/b {\n create 640 root root\n}", ["/b"], ["2: extra arguments for create"]),
        Case("/a {\n dateformat\n olddir a b\n}\n/b {}", ["/b"], ["2: argument expected", "3: bad value of olddir"]),
        Case("/a {\n size\n rotate\n}\n/b {}", ["/b"], ["2: argument expected", "3: argument expected"]),
        Case("rotate x\n/a {}", [], ["1: bad value of rotate"]),
        Case("/a {\n maxage 99999999999999999999\n}\n/b {\n minage -1\n}", [], ["2: bad value", "5: bad value"]),
    ]

    @Test("a bad definition is left out, and the rest goes on", arguments: cases)
    func recovery(_ table: Case) {
        let parser = parse(table.text)
        #expect(parser.blocks.map { $0.patterns.joined(separator: ",") } == table.blocks)
        let problems = parser.problems.map { "\($0.place.line): \($0.message)" }
        #expect(problems.count == table.problems.count, "\(problems)")
        for (found, wanted) in zip(problems, table.problems) {
            #expect(found.hasPrefix(wanted), "\(problems)")
        }
    }

    @Test("values have an optional =, and numbers are those of strtol with base 0")
    func values() throws {
        let text = """
            size=0
            /a {
              rotate = 0x10
              start 010
              maxage\t=7\t
              minsize 1K
              maxsize = 2G
              weekly   3
              dateformat =  .%Y x\u{20}
            }
            """
        let options = try #require(parse(text).blocks.first?.options)
        #expect(options.rotate == 16)
        #expect(options.start == 8)
        #expect(options.maxAgeDays == 7)
        #expect(options.minSize == 1024)
        #expect(options.maxSize == 2 << 30)
        #expect(options.size == 0)
        #expect(options.criterion == .weekly)
        #expect(options.weekday == 3)
        #expect(options.dateFormat == ".%Y x")
    }

    @Test("what holds for all is copied at each definition, and the last of size and times wins")
    func scopes() throws {
        let text = "weekly\nrotate 2\n/a {\n size 5\n}\nrotate 3\n/b {\n size 9\n daily\n}\ncompress\n/c {\n}"
        let blocks = parse(text).blocks
        #expect(blocks.map(\.options.rotate) == [2, 3, 3])
        #expect(blocks.map(\.options.criterion) == [.size, .daily, .weekly])
        #expect(blocks.map(\.options.compress) == [false, false, true])
    }

    @Test("scripts go to their endscript, with everything in between")
    func scripts() throws {
        let text =
            "/a {\nprerotate\n }\n {\n# endscript\n echo endscript\n endscripts\n\t endscript\nlastaction echo 1\n2\nendscript\n}"
        let block = try #require(parse(text).blocks.first)
        #expect(block.options.scripts[.prerotate] == "\n }\n {\n# endscript\n echo endscript\n endscripts\n")
        #expect(block.options.scripts[.lastaction] == " echo 1\n2\n")
    }

    @Test(
        "permissions are mode, owner and group with any of them left out",
        arguments: [
            ("create", nil, nil, nil), ("create 0640", 0o640, nil, nil), ("create 640 root adm", 0o640, "root", "adm"),
            ("create root adm", nil, "root", "adm"), ("create 600 www-data", 0o600, "www-data", nil),
            ("create 2750 0 0", 0o2750, "0", "0"),
        ] as [(String, UInt32?, String?, String?)])
    func permissions(line: String, mode: UInt32?, owner: String?, group: String?) throws {
        let options = try #require(parse("/a {\n\(line)\n}").blocks.first?.options)
        #expect(options.create)
        #expect(options.createPermissions == LogrotateOptions.Permissions(mode: mode, owner: owner, group: group))
    }

    /// The names in config.c of 3.21; a line of each is known, whatever its value is.
    @Test(
        "all 69 directives are known",
        arguments: """
            addextension allowhardlink compress compresscmd compressext compressoptions copy copytruncate create createolddir
            daily dateext dateformat datehourago dateyesterday delaycompress errors extension firstaction hourly ifempty
            ignoreduplicates include lastaction mail mailfirst maillast maxage maxsize minage minsize missingok monthly
            noallowhardlink nocompress nocopy nocopytruncate nocreate nocreateolddir nodateext nodelaycompress nomail
            nomissingok noolddir norenamecopy nosharedscripts noshred notifempty olddir postrotate preremove prerotate
            renamecopy rotate sharedscripts shred shredcycles size start su tabooext taboopat uncompresscmd weekly yearly
            """.split(whereSeparator: \.isWhitespace).map(String.init))
    func isKnown(directive: String) {
        let parser = parse("\(directive)\n")
        #expect(!parser.problems.contains { $0.message.contains("unknown directive") })
        #expect(parse("x\(directive)\n").problems.contains { $0.message.contains("unknown directive") })
    }
}
