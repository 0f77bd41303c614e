import Base
import Envelope
import Glibc
import Settings
import TestKit
import Testing

@testable import LogArchive

@Suite("Folders of rules")
struct RuleReaderTests {
    static let plain = "paths: /var/log/x.log\n"

    static let essay = """
        paths: ["/var/log/nginx/*.log"]
        rotate: { keep: 14, size: "100M" }
        compress: { algorithm: zstd, level: 15 }
        encrypt: { method: aes-256-gcm, key_id: "kms://prod/log-enc" }
        upload: { target: "s3://my-bucket/logs/", region: "cn-hangzhou" }

        """

    private func refused(_ path: String) throws -> [String] {
        do {
            _ = try RuleReader.read(path)
            return []
        } catch let refused as RuleRefused {
            return refused.complaints.map(\.description)
        }
    }

    @Test("the rule of the essay is taken, with a word about its level")
    func essay() throws {
        let folder = try TemporaryFolder()
        try folder.write("nginx.yaml", RuleReaderTests.essay)
        let set = try RuleReader.read(folder.path)
        let rule = try #require(set.rules.first)
        #expect(rule.name == "nginx")
        #expect(rule.file == "\(folder.path)/nginx.yaml")
        #expect(rule.settings.rotate.keep == 14)
        #expect(rule.settings.rotate.size == .mebibytes(100))
        #expect(rule.settings.compress?.level == 15)
        #expect(rule.settings.encrypt?.keyID == "kms://prod/log-enc")
        #expect(SettingsReader.rendered(rule.settings).contains("s3://my-bucket/logs/"))
        #expect(set.warnings.map(\.path.description) == ["compress.level"])
        #expect(set.warnings.first?.position == SourcePosition(line: 3, column: 37))
    }

    @Test("rules come in the order of their names; hidden files and backups are none")
    func order() throws {
        let folder = try TemporaryFolder()
        for name in [
            "b.yaml", "a.yml", "C.yaml", ".d.yaml", "#e.yaml#", "#f.yaml", "g.yaml~", "h.yaml.bak", "i.txt", ".yaml",
        ] {
            try folder.write(name, "paths: /var/log/\(name).log\n")
        }
        #expect(try RuleReader.read(folder.path).rules.map(\.name) == ["C", "a", "b"])
        #expect(try RuleReader.read(folder.path + "/").rules.map(\.file).first == "\(folder.path)/C.yaml")
        #expect(try RuleReader.read(folder.path + "/i.txt").rules.map(\.name) == ["i.txt"])
    }

    @Test("what is no regular file is told and left alone", .timeLimit(.minutes(1)))
    func special() throws {
        let folder = try TemporaryFolder()
        mkfifo("\(folder.path)/fifo.yaml", 0o600)
        mkdir("\(folder.path)/folder.yaml", 0o700)
        try folder.write("a.yaml", RuleReaderTests.plain)
        symlink("a.yaml", "\(folder.path)/link.yaml")
        let set = try RuleReader.read(folder.path)
        #expect(set.rules.map(\.name) == ["a", "link"])
        #expect(set.warnings.map(\.message).filter { $0.contains("no regular file") }.count == 2)
        #expect(throws: ApusError.self) { try RuleReader.read("\(folder.path)/fifo.yaml") }
        symlink("nowhere", "\(folder.path)/dangling.yaml")
        #expect(try refused(folder.path).contains { $0.contains("dangling.yaml:1:1: cannot read") })
    }

    @Test("all that is wrong in all files is said at once, with its place")
    func complaints() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.yaml", "paths: /x\nrotate: { keep: many }\n")
        try folder.write("a2.yaml", "paths: [var/log/x]\n")
        try folder.write("b.yaml", "path: /x\n")
        try folder.write("c.yaml", "paths: [\n")
        try folder.write("d.yaml", RuleReaderTests.essay)
        let found = try refused(folder.path)
        #expect(found.contains { $0.hasPrefix("\(folder.path)/a2.yaml:1:9: paths[0]: must be an absolute path") })
        #expect(found.contains { $0.hasPrefix("\(folder.path)/a.yaml:2:17: rotate.keep: ") })
        #expect(found.contains { $0.hasPrefix("\(folder.path)/b.yaml:1:1: path: unknown key; did you mean") })
        #expect(found.contains { $0.hasPrefix("\(folder.path)/c.yaml:") })
        #expect(found.contains { $0.hasPrefix("\(folder.path)/d.yaml:3:37: warning: compress.level") })
    }

    @Test("two files for one rule are refused, one path in two rules is a warning")
    func duplicates() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.yaml", "paths: [/var/log/x.log, /var/log/x.log]\n")
        try folder.write("b.yaml", "paths: [/y, /var/log/x.log]\n")
        try folder.write("c.yaml", "paths: /y\n")
        let warnings = try RuleReader.read(folder.path).warnings.map(\.description)
        #expect(
            warnings == [
                "\(folder.path)/a.yaml:1:25: warning: paths[1]: is here twice",
                "\(folder.path)/b.yaml:1:13: warning: paths[1]: is in rule a, too, which has its logs",
                "\(folder.path)/c.yaml:1:8: warning: paths[0]: is in rule b, too, which has its logs",
            ])
        try folder.write("a.yml", RuleReaderTests.plain)
        #expect(
            try refused(folder.path).contains { $0.hasSuffix("a.yml:1:1: the rule a is in \(folder.path)/a.yaml, too") }
        )
    }

    @Test("a rule that everybody can write is refused: its commands are run as root")
    func writable() throws {
        let folder = try TemporaryFolder()
        chmod(try folder.write("a.yaml", RuleReaderTests.plain), 0o666)
        #expect(try refused(folder.path) == ["\(folder.path)/a.yaml:1:1: is writable by everybody: chmod o-w"])
    }

    @Test("a rule of another user is refused: its commands are run as root", .enabled(if: geteuid() == 0))
    func foreign() throws {
        let folder = try TemporaryFolder()
        chown(try folder.write("a.yaml", RuleReaderTests.plain), 12_345, 0)
        #expect(try refused(folder.path).first?.contains("belongs to user 12345") == true)
    }

    @Test("of a file that a link leads to, out of the folder, nothing is repeated")
    func linkOut() throws {
        let outside = try TemporaryFolder()
        let secret = try outside.write("shadow", "root:$6$hash:1::\ndaemon: [secret\n")
        let folder = try TemporaryFolder()
        symlink(secret, "\(folder.path)/a.yaml")
        let found = try refused(folder.path)
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.contains("is not shown") && !$0.contains("hash") && !$0.contains("secret") })
        // A right one is taken all the same.
        try outside.write("shadow", RuleReaderTests.plain)
        #expect(try RuleReader.read(folder.path).rules.map(\.name) == ["a"])
    }

    @Test("what a rule names and the host has not, and what it leaves out")
    func advice() throws {
        let folder = try TemporaryFolder()
        func advice(_ text: String, _ environment: [String: String] = [:]) throws -> [String] {
            try folder.write("a.yaml", text)
            return RuleAdvice.warnings(try RuleReader.read(folder.path), environment: environment).map(\.description)
        }
        let start = "paths: /x/a.log\nrotate: { size: 1M }\n"
        #expect(try advice(start) == [])
        #expect(try advice("paths: /x\n").first?.contains("a.yaml:1:1: warning: rotate: has neither size nor") == true)
        #expect(try advice("paths: /x\nrotate: { every: day }\n") == [])
        let ring = "\(folder.path)/ring"
        let keys = start + "encrypt: { key_id: \"file:\(ring)\" }\n"
        #expect(try advice(keys).first?.contains("a.yaml:3:20: warning: encrypt.key_id: there is no key ring") == true)
        try KeyRingFile(ring).create(now: WallInstant(secondsSince1970: 0))
        #expect(try advice(keys) == [])
        chmod(ring, 0o644)
        #expect(try advice(keys).first?.contains("make it 600") == true)
        let variable = start + "encrypt: { key_id: \"env:NO_KEY\" }\n"
        #expect(try advice(variable).first?.contains("it is not set") == true)
        #expect(try advice(variable, ["NO_KEY": String(repeating: "ab", count: 32)]) == [])
        #expect(
            try advice(start + "encrypt: { key_id: \"exec:/nonexistent/wrap x\" }\n").first?.contains("/nonexistent")
                == true)
        let owner =
            "paths: /x\nrotate: { size: 1M, create: { owner: no-such-user }, su: { user: root, group: none-such } }\n"
        #expect(
            try advice(owner).map {
                $0.contains("there is no user no-such-user") || $0.contains("there is no group none-such")
            } == [true, true])
    }

    @Test("logs of one name that share a folder and its numbers")
    func sharedNumbers() throws {
        func advice(_ rules: [(String, String)]) throws -> Int {
            let set = try RuleReader.read(rules.map { (file: $0.0, bytes: Array($0.1.utf8)) })
            return RuleAdvice.warnings(set, environment: [:]).count
        }
        let rotate = "rotate: { size: 1M, naming: number, oldDir: /old }\n"
        #expect(try advice([("a.yaml", "paths: /x/a.log\n" + rotate), ("b.yaml", "paths: /y/a.log\n" + rotate)]) == 1)
        #expect(try advice([("a.yaml", "paths: /x/a.log\n" + rotate), ("b.yaml", "paths: /y/b.log\n" + rotate)]) == 0)
        #expect(try advice([("a.yaml", "paths: /srv/*/a.log\n" + rotate)]) == 1)
        #expect(
            try advice([("a.yaml", "paths: /srv/*/a.log\nrotate: { size: 1M, naming: number, oldDir: old }\n")]) == 0)
    }

    @Test("a program for keys has the rule's time", .timeLimit(.minutes(1)))
    func keyTimeout() async throws {
        var settings = EncryptSettings()
        settings.keyID = "exec:/bin/sleep 1000"
        settings.timeout = .milliseconds(50)
        let stores = SystemStores(time: SystemTime(), environment: [:])
        let provider = try stores.provider(settings, region: nil)
        let error = await #expect(throws: ApusError.self) {
            _ = try await provider.makeDataKey(EnvelopeContext(["a": "b"]))
        }
        #expect(error?.message.contains("has not answered within") == true)
        // Another rule's time is its own.
        settings.timeout = .milliseconds(70)
        let other = try stores.provider(settings, region: nil)
        let late = await #expect(throws: ApusError.self) {
            _ = try await other.makeDataKey(EnvelopeContext(["a": "b"]))
        }
        #expect(late?.message.contains("0.07") == true, "\(String(describing: late))")
        await stores.shutdown()
    }

    @Test("more than 10,000 rules are refused")
    func tooMany() throws {
        let folder = try TemporaryFolder()
        for number in 0...RuleFolder.mostRules {
            close(open("\(folder.path)/\(number).yaml", O_CREAT | O_WRONLY, 0o600))
        }
        let error = #expect(throws: ApusError.self) { try RuleReader.read(folder.path) }
        #expect(error?.code == "too-many-rules")
        #expect(error?.kind == .declaration)
    }

    @Test("a path that is not there is an error by itself, an empty folder is none")
    func missing() throws {
        let error = #expect(throws: ApusError.self) { try RuleReader.read("/nonexistent/rules") }
        #expect(error?.message.contains("apus logs import") == true)
        let folder = try TemporaryFolder()
        let set = try RuleReader.read(folder.path)
        #expect(set.rules.isEmpty)
        #expect(
            set.warnings.map(\.description) == [
                "\(folder.path):1:1: warning: holds no rule: no file that ends in .yaml or .yml"
            ])
    }

    @Test("the fingerprint changes with names and contents, and with what references bring")
    func fingerprint() throws {
        func print(_ files: [(String, String)], _ references: FixedReferences = FixedReferences()) throws -> String {
            try RuleReader.read(files.map { (file: $0.0, bytes: Array($0.1.utf8)) }, references: references).fingerprint
        }
        let one = try print([("a.yaml", "paths: /x\n")])
        #expect(one == (try print([("a.yaml", "paths: /x\n")])))
        #expect(one.utf8.count == 64)
        let others = try [
            print([("b.yaml", "paths: /x\n")]), print([("a.yaml", "paths: /y\n")]), print([]),
            print([("a.yaml", "paths: /x\n"), ("b.yaml", "paths: /x\n")]),
            print([("a.yaml", "paths: ${env:P}\n")], FixedReferences(environment: ["P": "/x"])),
            print([("a.yaml", "paths: ${env:P}\n")], FixedReferences(environment: ["P": "/z"])),
        ]
        #expect(Set(others + [one]).count == 7)
    }

    @Test(
        "settings that contradict each other",
        arguments: [
            ("rotate: { minSize: 5, maxSize: 3, every: day }", "rotate.maxSize: must not be less"),
            ("rotate: { oldDir: ../x }", "rotate.oldDir: must not hold .."),
            ("rotate: { naming: date, dateFormat: \"/%Y%m%d\" }", "rotate.dateFormat: must not hold /"),
            ("rotate: { naming: date, dateFormat: .%Y }", "warning: rotate.dateFormat: gives two days the same name"),
            ("rotate: { dateFormat: -%Y%m%d }", "warning: rotate.dateFormat: means nothing"),
            ("rotate: { minAge: 1d }", "warning: rotate.minAge: means nothing without every"),
            ("rotate: { every: day, sevenDays: true }", "warning: rotate.sevenDays: means nothing"),
            ("rotate: { every: day, weekday: friday }", "warning: rotate.weekday: means nothing without every: week"),
            (
                "rotate: { every: week, sevenDays: true, weekday: friday }",
                "warning: rotate.weekday: means nothing with"
            ),
            ("rotate: { start: 3 }", "warning: rotate.start: means nothing without naming: number"),
            ("rotate: { naming: number, dateOf: yesterday }", "warning: rotate.dateOf: means nothing"),
            ("encrypt: { key_id: \"foo://x\" }", "encrypt.key_id: the key provider does not read: it begins with"),
            ("encrypt: { key_id: \"file:relative.keys\" }", "encrypt.key_id: the key provider does not read: the path"),
            ("rotate: { reopen: { pidFile: x.pid } }", "rotate.reopen.pidFile: must be an absolute path"),
            ("rotate: { reopen: { pidFile: /x, unit: y } }", "rotate.reopen: wants exactly one"),
            ("hooks: { postRotate: { } }", "hooks.postRotate: wants exactly one"),
            ("hooks: { postRotate: { run: [\"\"] } }", "hooks.postRotate.run[0]: is the program"),
            ("compress: { algorithm: gzip, level: 12 }", "compress.level: gzip has levels 1 to 9"),
            ("exclude: x.log", "exclude[0]: must be an absolute path"),
            ("rotate: { delayCompress: true }", "warning: rotate.delayCompress: means nothing without compress"),
        ])
    func checks(text: String, wanted: String) {
        let result = SettingsReader.read(RuleSettings.self, Array("paths: /x\n\(text)\n".utf8), file: "r")
        #expect(result.complaints.contains { $0.description.contains(wanted) }, "\(result.complaints)")
    }

    @Test("the reference names every key, and the schema is that of a rule")
    func documentation() {
        let text = RuleDocumentation.markdown
        for key in [
            "paths", "keepBytes", "sevenDays", "key_id", "alertAt", "preRemove", "pidFile", "shredCycles", "target",
        ] {
            #expect(text.contains("| `\(key)` |"), "\(key) is missing")
        }
        #expect(text.contains("### `rotate.reopen`"))
        #expect(!text.contains("`rule"))
        #expect(text.hasSuffix("|\n") || text.hasSuffix("|\n\n"))
        #expect(RuleDocumentation.jsonSchema.contains("\"sevenDays\""))
    }
}
