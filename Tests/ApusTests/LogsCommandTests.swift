import Base
import Glibc
import TestKit
import Testing

/// Every command on an encrypted archive of three segments, with its exit code; and what `verify` finds.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsCommandTests {
    /// Segments of the same length, so that only their content tells them apart.
    private static func segment(_ number: Int) -> String {
        (0..<200).map { "2026-11-2\(number)T10:00:00Z segment \(number) line \($0 + 100)\n" }.joined()
    }

    private static let segments = (1...3).map(segment)

    private func archive(_ more: String = "compress: { level: 3 }", isEncrypted: Bool = true) async throws -> LogsHost {
        let host = try LogsHost()
        if isEncrypted { try await host.expect(0, "key", "create", "\(host.out)/keys") }
        let key = isEncrypted ? "encrypt: { key_id: \"file:\(host.out)/keys\" }\n" : ""
        try host.rule(key + more + "\n" + host.upload)
        for segment in LogsCommandTests.segments {
            try TextFile.append(host.log(), segment)
            try await host.expect(0, "rotate", "--force")
        }
        return host
    }

    /// Each line is JSON to Python.
    private func expectJSON(_ host: LogsHost, _ text: String, _ count: Int) async throws {
        let lines = text.split(separator: "\n")
        #expect(lines.count == count, "\(text)")
        for line in lines {
            let file = try host.folder.write("line.json", String(line))
            try await host.peer(Peers.python, ["-m", "json.tool", file, "/dev/null"])
        }
    }

    /// What logrotate rotated yesterday is due today, and not a day after we first saw it.
    @Test func importTakesOverTheTimesOfLogrotate() async throws {
        let host = try LogsHost()
        try TextFile.append(host.log(), "line\n")
        try TextFile.append(host.log("b.log"), "line\n")
        let conf = try host.folder.write("conf", "\(host.logs)/*.log {\n daily\n rotate 3\n missingok\n}\n")
        let today = try await host.peer("date", ["+%Y-%-m-%-d-%-H:%-M:%-S"])
        let status = try host.folder.write(
            "status",
            "logrotate state -- version 2\n\"\(host.log())\" 2020-1-1-6:25:1\n\"\(host.log("b.log"))\" \(today)"
                + "\"/gone.log\" 2020-1-1\n")
        let rules = "\(host.folder.path)/rules"
        let words = ["import", conf, "--to", rules, "--status", status, "--state", host.state]
        let imported = try await host.run(words)
        #expect(imported.code == 0 && imported.output.contains("2 logs with the time of"), "\(imported)")
        let result = try await host.expect(0, "rotate")
        #expect(result.output.contains("\(host.log()) → app.log.1") && result.output.contains("1 log rotated"))
        // A second time it changes nothing: we know better now.
        #expect(try await host.run(words + ["--force"]).output.contains("0 logs with the time of"))
        #expect(try await host.expect(0, "rotate").output.contains("0 logs rotated"))
        try host.folder.write("status", "something else\n")
        #expect(try await host.run(words + ["--force"]).code == 65)
        #expect(try await host.run(["import", conf, "--status", status]).code == 64)
    }

    @Test func eachCommandTellsWhatThereIs() async throws {
        let host = try await archive()
        #expect(try await host.expect(0, "check").output == "1 rule, no mistake, 1 warning\n", "only --force rotates")
        try TextFile.append(host.log(), "live\n")
        let plan = try await host.expect(0, "plan", "--force")
        #expect(plan.output.contains(host.log()) && plan.output.contains("rotate"))
        try await expectJSON(host, try await host.expect(0, "plan", "--output", "json").output, 1)
        #expect(TextFile.read(host.log()) == "live\n", "a plan changes nothing")
        let list = try await host.expect(0, "list").output
        #expect(list.split(separator: "\n").count == 4)
        try await expectJSON(host, try await host.expect(0, "list", "--output", "json").output, 3)
        #expect(try await host.expect(0, "list", "/var/log/other").output.split(separator: "\n").count == 1)
        let status = try await host.expect(0, "status")
        #expect(status.output.contains("app"))
        try await expectJSON(host, try await host.expect(0, "verify", "--all", "--output", "json").output, 3)
        let drill = try await host.expect(0, "verify", "--drill", "--sample", "2")
        #expect(drill.output.split(separator: "\n").filter { $0.hasPrefix("good ") }.count == 2)
        #expect(drill.output.hasSuffix("3 segments there, 2 compared byte for byte, all good\n"))
        try await expectJSON(host, try await host.expect(0, "rotate", "--force", "--output", "json").output, 3)
    }

    @Test func whatWasArchivedComesBack() async throws {
        let host = try await archive()
        let all = LogsCommandTests.segments.joined()
        #expect(try await host.archived(host.log()) == all)
        #expect(try await host.archived("\(host.logs)/*") == all)
        let second = try await host.expect(
            0, "cat", host.log(), "--from", "2026-11-22", "--to", "2026-11-23T00:00:00Z")
        #expect(second.output == LogsCommandTests.segments[1])
        let found = try await host.expect(0, "cat", host.log(), "--grep", "segment 3 line 10[01]$")
        #expect(found.output.split(separator: "\n").count == 2)
        try await host.expect(64, "cat", host.log(), "--grep", "(")
        let missing = try await host.expect(1, "cat", "/var/log/other.log")
        #expect(missing.errors.contains("nothing is archived of /var/log/other.log"))
        // Plain files, each proven.
        let restored = try await host.expect(0, "restore", host.log(), "--into", host.out).output
        let texts = restored.split(separator: "\n").map { TextFile.read(String($0)) }
        #expect(texts == LogsCommandTests.segments)
        // Sealed objects, and each opened by itself.
        let fetched = try await host.expect(0, "fetch", "--into", host.out).output.split(separator: "\n").map(
            String.init)
        #expect(fetched.count == 3)
        for (file, segment) in zip(fetched, LogsCommandTests.segments) {
            #expect(try await host.expect(0, "decrypt", file).output == segment)
            try await host.expect(0, "decrypt", file, "--into", "\(host.out)/plain")
            #expect(TextFile.read("\(host.out)/plain") == segment)
            unlink("\(host.out)/plain")
        }
    }

    @Test func wrongKeysAndCutFilesGiveNothingWhole() async throws {
        let host = try await archive()
        let file = "\(host.out)/cut.enc"
        let into = "\(host.out)/into"
        let object = try #require(host.objects().first)
        let bytes = try Files.read(object)
        try await host.expect(0, "key", "create", "\(host.out)/other")
        let wrong = try await host.expect(1, "decrypt", object, "--key", "file:\(host.out)/other", "--into", into)
        try Files.writeAtomically(Array(bytes.dropLast(5)), to: file)
        try await host.expect(1, "decrypt", file, "--into", into)
        var altered = bytes
        altered[20] ^= 1
        try Files.writeAtomically(altered, to: file)
        let header = try await host.expect(1, "decrypt", file, "--into", into)
        altered = bytes
        altered[bytes.count - 20] ^= 1
        try Files.writeAtomically(altered, to: file)
        let flipped = try await host.expect(1, "decrypt", file, "--into", into)
        let messages = [wrong, header, flipped].map(\.errors)
        #expect(Set(messages).count == 3, "each says what it is: \(messages)")
        #expect(TextFile.status(into) == nil, "no file appears that is not whole")
    }

    @Test func oldSegmentsGetTheNewestKey() async throws {
        let host = try await archive()
        let before = try host.objects().map { try Files.read($0) }
        #expect(try await host.expect(0, "rewrap").output == "3 segments, 0 rewrapped\n")
        try await host.expect(0, "key", "rotate", "\(host.out)/keys")
        #expect(try await host.expect(0, "rewrap").output.hasSuffix("3 segments, 3 rewrapped\n"))
        let after = try host.objects().map { try Files.read($0) }
        for (old, new) in zip(before, after) {
            #expect(old != new && old.suffix(100) == new.suffix(100), "only the header is new")
        }
        #expect(try await host.archived(host.log()) == LogsCommandTests.segments.joined())
        try await host.expect(0, "verify", "--all")
        #expect(try await host.expect(0, "rewrap").output == "3 segments, 0 rewrapped\n")
    }

    /// What is done to the archive's folder; and what `verify` calls it.
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case deleted = "object-missing"
        case cut = "object-differs"
        case flipped = "envelope-tampered"
        case exchanged = "object-exchanged"
        case manifestLine = "manifest-damaged"
        var testDescription: String { "\(self)" }

        func apply(_ objects: [String], manifest: String) throws {
            switch self {
            case .deleted: unlink(objects[1])
            case .cut: truncate(objects[1], off_t(TextFile.status(objects[1])?.st_size ?? 0) - 3)
            case .flipped:
                var bytes = try Files.read(objects[1])
                bytes[bytes.count - 40] ^= 4
                try Files.writeAtomically(bytes, to: objects[1])
            case .exchanged:
                let (first, second) = (try Files.read(objects[0]), try Files.read(objects[1]))
                try Files.writeAtomically(second, to: objects[0])
                try Files.writeAtomically(first, to: objects[1])
            case .manifestLine:
                try TextFile.write(
                    manifest,
                    TextFile.read(manifest).replacing("\"lines\":200", with: "\"lines\":-200", maxReplacements: 1))
            }
        }
    }

    @Test(arguments: Damage.allCases) func verifyFinds(damage: Damage) async throws {
        let host = try await archive("compress: { algorithm: none }")
        try await host.expect(0, "verify", "--all")
        try damage.apply(host.objects(), manifest: try #require(host.manifests().first))
        let result = try await host.expect(1, "verify", "--all", "--output", "json")
        let bad = result.output.split(separator: "\n").filter { $0.contains("\"ok\":false") }
        // Whose line does not read, that object has none.
        #expect(bad.count == (damage == .exchanged || damage == .manifestLine ? 2 : 1), "\(result.output)")
        #expect(
            bad.allSatisfy {
                $0.contains("\"code\":\"\(damage.rawValue)\"")
                    || damage == .manifestLine && $0.contains("\"code\":\"object-unlisted\"")
            }, "\(bad)")
        let text = try await host.expect(1, "verify", "--all")
        #expect(text.output.contains("bad   "), "\(text.output)")
        // Presence alone finds what is gone, without fetching anything.
        if damage == .deleted || damage == .cut || damage == .manifestLine {
            try await host.expect(1, "verify", "--sample", "0")
        }
    }

    /// Without keys nothing is bound to anything, but by the digest in the manifest.
    @Test(arguments: [Damage.flipped, .exchanged]) func verifyComparesWhatIsNotEncrypted(damage: Damage) async throws {
        let host = try await archive("compress: { algorithm: none }", isEncrypted: false)
        try damage.apply(host.objects(), manifest: try #require(host.manifests().first))
        let result = try await host.expect(1, "verify", "--all", "--output", "json")
        let bad = result.output.split(separator: "\n").filter { $0.contains("\"ok\":false") }
        #expect(bad.count == (damage == .exchanged ? 2 : 1))
        #expect(bad.allSatisfy { $0.contains("\"code\":\"content-differs\"") }, "\(bad)")
    }
}
