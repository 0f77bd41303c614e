import Base
import Glibc
import TestKit
import Testing

/// A rule, the lines that are written before each of some rotations, and what is there afterwards.
struct LogsRuleCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Without paths, for `*.log` of one folder.
    let rule: String
    /// Written to `app.log` before each `rotate --force`; nil for no log at all.
    var rounds: [String?] = ["one\n", "two\n", "three\n", "four\n"]
    var code: Int32 = 0
    /// Name and content of each file; nil for content that is not compared. `DATE` is today's, as 20261128.
    let files: [String: String?]

    init(
        _ name: String, _ rule: String, rounds: [String?] = ["one\n", "two\n", "three\n", "four\n"], code: Int32 = 0,
        _ files: [String: String?]
    ) {
        testDescription = name
        self.rule = rule
        self.rounds = rounds
        self.code = code
        self.files = files
    }

    static let all = [
        LogsRuleCase(
            "keep", "rotate: { naming: number, keep: 2 }",
            ["app.log": "", "app.log.1": "four\n", "app.log.2": "three\n"]),
        LogsRuleCase("keep none", "rotate: { naming: number, keep: 0 }", ["app.log": ""]),
        LogsRuleCase(
            "keepBytes", "rotate: { naming: number, keepBytes: 11B }",
            ["app.log": "", "app.log.1": "four\n", "app.log.2": "three\n"]),
        LogsRuleCase(
            "numbers from 0", "rotate: { naming: number, start: 0, keep: 2 }",
            ["app.log": "", "app.log.0": "four\n", "app.log.1": "three\n"]),
        LogsRuleCase(
            "dates", "rotate: { naming: date }", rounds: ["one\n", "two\n", "three\n"],
            ["app.log": "", "app.log-DATE": "one\n", "app.log-DATE.2": "two\n", "app.log-DATE.3": "three\n"]),
        LogsRuleCase(
            "a date of one's own", "rotate: { naming: date, dateFormat: \".%Y%m%d\", extension: .log }",
            rounds: ["one\n"],
            ["app.log": "", "app.DATE.log": "one\n"]),
        LogsRuleCase(
            "extension", "rotate: { naming: number, extension: .log }\ncompress: { algorithm: gzip }",
            rounds: ["one\n"],
            ["app.log": "", "app.1.log.gz": nil]),
        LogsRuleCase(
            "addExtension", "rotate: { naming: number, addExtension: .old }", rounds: ["one\n", "two\n"],
            ["app.log": "", "app.log.1.old": "two\n", "app.log.2.old": "one\n"]),
        LogsRuleCase(
            "delayCompress", "rotate: { naming: number, delayCompress: true }\ncompress: { algorithm: gzip }",
            rounds: ["one\n", "two\n", "three\n"],
            ["app.log": "", "app.log.1": "three\n", "app.log.2.gz": nil, "app.log.3.gz": nil]),
        LogsRuleCase(
            "an empty log", "rotate: { naming: number }", rounds: ["one\n", "", ""],
            ["app.log": "", "app.log.1": "one\n"]),
        LogsRuleCase(
            "ifEmpty", "rotate: { naming: number, ifEmpty: true }", rounds: ["one\n", ""],
            ["app.log": "", "app.log.1": "", "app.log.2": "one\n"]),
        LogsRuleCase("exclude", "exclude: [\"*/app.*\"]", rounds: ["one\n"], ["app.log": "one\n"]),
        LogsRuleCase("no log", "missingOK: true", rounds: [nil], [:]),
        LogsRuleCase("no log where there must be one", "missingOK: false", rounds: [nil], code: 3, [:]),
        LogsRuleCase(
            "a log where there must be one", "missingOK: false\nrotate: { naming: number }", rounds: ["one\n"],
            ["app.log": "", "app.log.1": "one\n"]),
        LogsRuleCase(
            "oldDir", "rotate: { naming: number, oldDir: old, createOldDir: { mode: \"0750\" } }",
            rounds: ["one\n", "two\n"],
            ["app.log": "", "old/app.log.1": "two\n", "old/app.log.2": "one\n"]),
        LogsRuleCase(
            "oldDir that is missing", "rotate: { naming: number, oldDir: old }", rounds: ["one\n"], code: 3,
            ["app.log": "one\n"]),
        LogsRuleCase(
            "copy", "rotate: { naming: number, method: copy }", rounds: ["one\n", "two\n"],
            ["app.log": "one\ntwo\n", "app.log.1": "one\ntwo\n", "app.log.2": "one\n"]),
        LogsRuleCase(
            "no new log", "rotate: { naming: number, create: { skip: true } }", rounds: ["one\n"],
            ["app.log.1": "one\n"]),
        LogsRuleCase(
            "shredCycles", "rotate: { naming: number, keep: 1, shredCycles: 2 }", rounds: ["one\n", "two\n"],
            ["app.log": "", "app.log.1": "two\n"]),
    ]
}

/// Rules as users of logrotate know them, by what lies in the folder afterwards.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsRuleTests {
    @Test(arguments: LogsRuleCase.all) func theFilesAreThere(_ test: LogsRuleCase) async throws {
        let host = try LogsHost()
        try host.rule(test.rule)
        for text in test.rounds {
            if let text { try TextFile.append(host.log(), text) }
            let result = try await host.apus("rotate", "--force")
            #expect(result.code == test.code, "\(result.output)\(result.errors)")
        }
        let date = try await host.peer("date", ["+%Y%m%d"]).filter(\.isNumber)
        let expected = Dictionary(
            uniqueKeysWithValues: test.files.map { ($0.key.replacing("DATE", with: date), $0.value) })
        let found = host.names(host.logs).flatMap { name in
            name == "old" ? host.names(host.log("old")).map { "old/\($0)" } : [name]
        }
        #expect(found == expected.keys.sorted())
        for (name, content) in expected {
            if let content { #expect(TextFile.read(host.log(name)) == content, "\(name)") }
        }
        if TextFile.status(host.log("old")) != nil {
            #expect(TextFile.ownership(host.log("old"))?.hasPrefix("750 ") == true)
        }
    }

    @Test func whatIsOldGoes() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: date, keepAge: 7d }")
        try TextFile.append(host.log(), "line\n")
        // Left by logrotate: their time is that of their last change.
        for (name, days) in [
            ("app.log-20200101", 8), ("app.log-20200102.gz", 9), ("app.log-20200103", 6), ("other", 9),
        ] {
            try TextFile.write(host.log(name), "old\n")
            try await host.peer("touch", ["-d", "\(days) days ago", host.log(name)])
        }
        let result = try await host.expect(0, "rotate")
        #expect(host.names(host.logs) == ["app.log", "app.log-20200103", "other"], "\(result.output)")
        #expect(result.output.contains("deleted    \(host.log("app.log-20200101"))"))
        // And ours, when their time has come.
        try host.rule("rotate: { naming: number, keepAge: 1s }")
        try await host.expect(0, "rotate", "--force")
        try await eventually("a generation is too old") {
            try await host.expect(0, "rotate")
            return host.names(host.logs) == ["app.log", "other"]
        }
        #expect(try await host.here() == [])
    }

    /// What an operator deletes by hand is no failure for ever.
    @Test func aGenerationThatSomebodyDeletedIsForgotten() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: number }\ncompress: { algorithm: gzip }")
        for text in ["one\n", "two\n"] {
            try TextFile.append(host.log(), text)
            try await host.expect(0, "rotate", "--force")
        }
        unlink(host.log("app.log.2.gz"))
        let result = try await host.expect(0, "rotate", "--output", "json")
        #expect(result.output.contains("\"reason\":\"missing\""), "\(result.output)")
        #expect(try await host.here().count == 1)
        #expect(try await host.archived(host.log()) == "two\n")
    }

    /// Where the file system takes out whole blocks only, a small log with a live writer stays, and that is said.
    @Test func aLogOfLessThanABlockStaysAndIsTold() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: number }")
        try TextFile.append(host.log(), "line\n")
        let writer = open(host.log(), O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(writer) }
        let result = try await host.expect(0, "rotate", "--force")
        let isLeft = host.names(host.logs) == ["app.log"] && TextFile.read(host.log()) == "line\n"
        // Elsewhere it is copied and made empty.
        let isCopied = TextFile.read(host.log()).isEmpty && TextFile.read(host.log("app.log.1")) == "line\n"
        #expect(isLeft != isCopied && result.output.contains("left       \(host.log())") == isLeft, "\(result.output)")
    }

    /// logrotate's copytruncate, for a log that nobody has open: all of it, however short.
    @Test func copytruncateTakesAllOfALogThatNobodyHasOpen() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { method: copytruncate, naming: number }")
        for text in ["one\n", String(repeating: "12345678", count: 1024)] {
            try TextFile.append(host.log(), text)
            try await host.expect(0, "rotate", "--force")
            #expect(TextFile.read(host.log()).isEmpty && TextFile.read(host.log("app.log.1")) == text)
        }
    }

    /// The end of a file cannot be taken out of it (EINVAL), so a block stays.
    @Test func copytruncateOfWholeBlocksUnderAWriter() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { method: copytruncate, naming: number }\n" + host.upload)
        let text = (0..<1024).map { "\(1_000_000 + $0)\n" }.joined()
        try TextFile.append(host.log(), text)
        let writer = open(host.log(), O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(writer) }
        try await host.expect(0, "rotate", "--force")
        let stored = try await host.archived(host.log())
        #expect(!stored.isEmpty && stored + TextFile.read(host.log()) == text)
    }

    @Test func aHoleOfTheLogIsNotFilled() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { method: copytruncate, naming: number }")
        try TextFile.append(host.log(), "begin\n")
        truncate(host.log(), 12 << 20)
        try TextFile.append(host.log(), "end\n")
        try await host.expect(0, "rotate", "--force")
        var status = stat()
        #expect(stat(host.log("app.log.1"), &status) == 0)
        #expect(status.st_size == (12 << 20) + 4 && status.st_blocks * 512 < 1 << 20)
        #expect(TextFile.read(host.log("app.log.1")).hasSuffix("\0end\n"))
    }

    /// Left by logrotate, and copied back since: the numbers tell which are the newest, not the times of change.
    @Test func numbersTellTheOrder() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: number, keep: 2 }")
        try TextFile.append(host.log(), "new\n")
        for (number, text) in [(3, "c\n"), (2, "b\n"), (1, "a\n")] {
            try TextFile.write(host.log("app.log.\(number)"), text)
            try await host.peer("touch", ["-d", "\(10 - number) days ago", host.log("app.log.\(number)")])
        }
        try await host.expect(0, "rotate", "--force")
        #expect(host.names(host.logs) == ["app.log", "app.log.1", "app.log.2"])
        #expect(TextFile.read(host.log("app.log.2")) == "a\n")
    }

    @Test func datesOfNamesTellTheOrder() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: date, keep: 2 }")
        try TextFile.append(host.log(), "new\n")
        for (day, age) in [(1, 1), (2, 3), (3, 2)] {
            try TextFile.write(host.log("app.log-2020010\(day)"), "\(day)\n")
            try await host.peer("touch", ["-d", "\(age) days ago", host.log("app.log-2020010\(day)")])
        }
        let result = try await host.expect(0, "rotate", "--force")
        #expect(host.names(host.logs).filter { $0.contains("2020") } == ["app.log-20200103"], "\(result.output)")
    }

    /// Each keeps its own, and none deletes the other's.
    @Test func logsOfOneNameMayShareAFolder() async throws {
        let host = try LogsHost()
        for name in ["a", "b"] { mkdir(host.log(name), 0o755) }
        try host.rule(
            "paths: [\"\(host.logs)/*/x.log\"]\nrotate: { naming: number, keep: 1, oldDir: \(host.logs)/old }")
        mkdir(host.log("old"), 0o755)
        for round in 1...2 {
            for name in ["a", "b"] { try TextFile.append(host.log("\(name)/x.log"), "\(name)\(round)\n") }
            try await host.expect(0, "rotate", "--force")
        }
        let left = host.names(host.log("old")).map { TextFile.read(host.log("old/\($0)")) }
        #expect(left.sorted() == ["a2\n", "b2\n"])
    }

    /// `find -mtime` and people look at it.
    @Test(arguments: ["gzip", "zstd"]) func aSealedFileIsAsOldAsItsContent(algorithm: String) async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: number }\ncompress: { algorithm: \(algorithm) }")
        try TextFile.append(host.log(), "line\n")
        try await host.peer("touch", ["-d", "2020-01-02T03:04:05Z", host.log()])
        try await host.expect(0, "rotate", "--force")
        let sealed = host.names(host.logs).filter { $0.hasPrefix("app.log.1.") }
        #expect(sealed.count == 1)
        var status = stat()
        #expect(stat(host.log(sealed.first ?? ""), &status) == 0 && status.st_mtim.tv_sec == 1_577_934_245)
    }

    /// Writes each call with its arguments into one file.
    private func hooks(_ host: LogsHost, fails: String = "") -> String {
        let names = ["firstAction", "preRotate", "postRotate", "lastAction", "preRemove"]
        return "hooks:\n"
            + names.map { name in
                let text =
                    "echo \"$APUS_HOOK $# $(basename \"$1\") $(basename \"$2\") $APUS_RULE\" >> \(host.out)/calls"
                let code = fails == name ? "; echo told; exit 7" : ""
                return "  \(name): { shell: '\(text)\(code)' }\n"
            }.joined()
    }

    private func calls(_ host: LogsHost) -> [String] {
        let calls = TextFile.read("\(host.out)/calls").split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
        unlink("\(host.out)/calls")
        return calls
    }

    @Test func hooksAreCalledInTheirOrder() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: number, keep: 1 }\n" + hooks(host))
        for name in ["a.log", "b.log"] { try TextFile.append(host.log(name), "line\n") }
        try await host.expect(0, "rotate", "--force")
        #expect(
            calls(host) == [
                "firstAction 1 *.log app", "preRotate 1 a.log app", "postRotate 2 a.log a.log.1 app",
                "preRotate 1 b.log app", "postRotate 2 b.log b.log.1 app", "lastAction 1 *.log app",
            ])
        // Nothing is due: nothing is called.
        try await host.expect(0, "rotate", "--force")
        #expect(calls(host) == [])
        try host.rule("rotate: { naming: number, keep: 1 }\n" + hooks(host) + "  shared: true\n")
        for name in ["a.log", "b.log"] { try TextFile.append(host.log(name), "line\n") }
        try await host.expect(0, "rotate", "--force")
        #expect(
            calls(host) == [
                "firstAction 1 *.log app", "preRotate 1 *.log app", "postRotate 1 *.log app", "lastAction 1 *.log app",
                "preRemove 1 a.log.2 app", "preRemove 1 b.log.2 app",
            ])
    }

    @Test(arguments: ["firstAction", "preRotate", "postRotate", "lastAction", "preRemove"])
    func aHookThatFailsIsTold(name: String) async throws {
        let host = try LogsHost()
        try host.rule("rotate: { naming: number, keep: 1 }\ncompress: { algorithm: gzip }\n" + hooks(host, fails: name))
        try TextFile.append(host.log(), "one\n")
        let isLate = name == "preRemove"
        let first = try await host.expect(isLate ? 0 : 3, "rotate", "--force")
        if isLate {
            try TextFile.append(host.log(), "two\n")
            let second = try await host.expect(3, "rotate", "--force")
            #expect(second.errors.contains("preRemove ended with exit code 7: told"), "\(second.errors)")
            #expect(host.names(host.logs) == ["app.log", "app.log.1.gz", "app.log.2.gz"], "it stays")
        } else {
            #expect(first.errors.contains("\(name) ended with exit code 7: told"), "\(first.errors)")
        }
        // Before the rotation it keeps the log from it; the writer that was not told keeps the generation from being sealed.
        let isBefore = name == "firstAction" || name == "preRotate"
        if isBefore { #expect(host.names(host.logs) == ["app.log"] && TextFile.read(host.log()) == "one\n") }
        if name == "postRotate" {
            #expect(host.names(host.logs) == ["app.log", "app.log.1"])
            #expect(calls(host).filter { $0.hasPrefix(name) }.count <= 2, "it is not called again and again")
        }
        if name == "lastAction" { #expect(host.names(host.logs) == ["app.log", "app.log.1.gz"]) }
        // Mended, all goes on.
        try host.rule("rotate: { naming: number }\ncompress: { algorithm: gzip }\n" + hooks(host))
        try await host.expect(0, "rotate", "--force")
        #expect(try await host.archived(host.log()) == (isLate ? "one\ntwo\n" : "one\n"))
    }

    @Test func oneRuleOrOneLogIsRotated() async throws {
        let host = try LogsHost()
        try host.rule("paths: [\"\(host.logs)/a*.log\"]\nrotate: { naming: number }", name: "a")
        try host.rule("paths: [\"\(host.logs)/*.log\"]\nrotate: { naming: number }", name: "b")
        for name in ["a1.log", "a2.log", "b1.log"] { try TextFile.append(host.log(name), "line\n") }
        func rotated() -> [String] { host.names(host.logs).filter { $0.hasSuffix(".1") } }
        try await host.expect(0, "rotate", "--force", host.log("a2.log"))
        #expect(rotated() == ["a2.log.1"])
        try await host.expect(0, "rotate", "--force", "b")
        #expect(rotated() == ["a2.log.1", "b1.log.1"], "a log belongs to the first rule that names it")
        try await host.expect(0, "rotate", "--force", "a")
        #expect(rotated() == ["a1.log.1", "a2.log.1", "b1.log.1"])
        let unknown = try await host.expect(64, "rotate", "c")
        #expect(unknown.errors.contains("c is neither a rule nor the path of a log"))
        try await host.expect(64, "rotate", "/var/log/nowhere.log")
        try host.rule("paths: 7", name: "c")
        try await host.expect(65, "rotate")
        try await host.expect(65, "check")
    }

    /// A store that does not answer, and bounds of what may wait for it.
    private func fullBacklog(_ policy: String) async throws -> (host: LogsHost, result: LogsHost.Result) {
        let host = try LogsHost(environment: ["AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "none"])
        try host.rule(
            """
            rotate: { naming: number, size: 1B }
            backlog: { maxBytes: 250B, policy: \(policy) }
            upload: { target: "s3://store/x/", region: us-east-1, endpoint: "http://127.0.0.1:1", retry: { attempts: 1 } }
            """)
        var last: LogsHost.Result = (0, "", "")
        for number in 1...4 {
            try TextFile.append(host.log(), String(repeating: "\(number)", count: 99) + "\n")
            last = try await host.expect(3, "rotate")
        }
        return (host, last)
    }

    @Test func aFullBacklogOnlyAlerts() async throws {
        let host = try await fullBacklog("alert").host
        #expect(host.names(host.logs) == ["app.log", "app.log.1", "app.log.2", "app.log.3", "app.log.4"])
    }

    @Test func aFullBacklogDropsTheOldest() async throws {
        let (host, result) = try await fullBacklog("dropOldest")
        #expect(host.names(host.logs) == ["app.log", "app.log.1", "app.log.2"])
        #expect(
            TextFile.read(host.log("app.log.1")).hasPrefix("4") && TextFile.read(host.log("app.log.2")).hasPrefix("3"))
        #expect(result.output.contains("stored nowhere"), "\(result.output)")
    }

    @Test func aFullBacklogStopsRotation() async throws {
        let host = try await fullBacklog("stopRotating").host
        #expect(host.names(host.logs) == ["app.log", "app.log.1", "app.log.2", "app.log.3"])
        #expect(TextFile.read(host.log()) == String(repeating: "4", count: 99) + "\n")
        // By force it rotates all the same.
        try await host.expect(3, "rotate", "--force")
        #expect(host.names(host.logs).count == 5)
    }
}
