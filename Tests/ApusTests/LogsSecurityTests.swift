import Base
import Glibc
import TestKit
import Testing

/// What was done to logrotate over the years, done to us: as root, in folders that others have a hand in.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: getuid() == 0, "rights are root's to give"))
struct LogsSecurityTests {
    /// Nobody's number on Debian; no account is needed for it.
    private static let other: UInt32 = 65534
    private static let su = "rotate: { su: { user: \"65534\", group: \"65534\" } }\n"

    @Test(arguments: [
        (0o777, UInt32(0), UInt32(0), "everybody"), (0o775, 0, 65534, "group 65534"), (0o755, 65534, 0, "user 65534"),
    ])
    func aFolderOfOthersIsRefused(mode: Int, user: UInt32, group: UInt32, who: String) async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        try TextFile.append(host.log(), "line\n")
        chown(host.logs, user, group)
        chmod(host.logs, mode_t(mode))
        let result = try await host.expect(3, "rotate", "--force")
        #expect(result.errors.contains("\(host.logs) may be changed by \(who): say rotate.su"), "\(result.errors)")
        #expect(host.names(host.logs) == ["app.log"] && TextFile.read(host.log()) == "line\n")
        #expect(host.objects() == [])
    }

    /// CVE-2011-1548 and its like: what is made there is made with the owner's rights, and is the owner's.
    @Test(arguments: [0o755, 0o777]) func aFolderOfOthersIsTheirsWithSu(mode: Int) async throws {
        let host = try LogsHost()
        try host.rule(
            LogsSecurityTests.su.replacing("rotate: { ", with: "rotate: { naming: number, ") + "compress: { level: 1 }")
        chown(host.logs, LogsSecurityTests.other, LogsSecurityTests.other)
        chmod(host.logs, mode_t(mode))
        try TextFile.append(host.log(), "line\n")
        chown(host.log(), LogsSecurityTests.other, LogsSecurityTests.other)
        chmod(host.log(), 0o640)
        // Of root's, beside it: its reader has no right to it.
        try TextFile.write(host.log("root.log"), "secret\n")
        chmod(host.log("root.log"), 0o600)
        let result = try await host.expect(3, "rotate", "--force")
        #expect(result.errors.contains("\(host.log("root.log"))") && result.errors.contains("Permission denied"))
        #expect(host.names(host.logs) == ["app.log", "app.log.1.zst", "root.log"])
        for name in ["app.log", "app.log.1.zst"] {
            #expect(TextFile.ownership(host.log(name)) == "640 65534:65534", "\(name)")
        }
        #expect(TextFile.ownership(host.log("root.log")) == "600 0:0")
        #expect(try await host.archived(host.log()) == "line\n")
    }

    @Test func aLinkInPlaceOfTheLogIsNotFollowed() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        let secret = try host.folder.write("out/secret", "secret\n")
        symlink(secret, host.log())
        try await host.expect(0, "rotate", "--force")
        #expect(host.objects() == [] && host.names(host.logs) == ["app.log"])
        #expect(TextFile.read(secret) == "secret\n")
        let named = try await host.expect(64, "rotate", "--force", host.log())
        #expect(named.errors.contains("is no plain file"))
    }

    @Test func aSecondNameIsRefusedUnlessItIsAllowed() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        try TextFile.append("\(host.out)/shadow", "secret\n")
        link("\(host.out)/shadow", host.log())
        let result = try await host.expect(3, "rotate", "--force")
        #expect(result.errors.contains("has 2 names: say rotate.allowHardLinks"), "\(result.errors)")
        #expect(host.objects() == [] && TextFile.read(host.log()) == "secret\n")
        try host.rule("rotate: { allowHardLinks: true }\n" + host.upload)
        try await host.expect(0, "rotate", "--force")
        #expect(try await host.archived(host.log()) == "secret\n")
    }

    @Test func aPipeHoldsNobodyUp() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        mkfifo(host.log("a.log"), 0o600)
        try TextFile.append(host.log("b.log"), "line\n")
        let child = try host.start(["rotate", "--force"])
        try await eventually("it ends", within: .seconds(20)) { child.hasEnded }
        #expect(await child.wait() == 0, "\(child.errors)")
        #expect(try await host.archived(host.log("b.log")) == "line\n")
    }

    /// CVE-2011-1154 and CVE-2011-1155: a name is one word to a shell and one field of the journal, whatever is in it.
    @Test func aNameIsNeverMoreThanAName() async throws {
        let names = [
            "a\nb.log", "$(touch pwned).log", "`touch pwned`.log", "'; touch pwned; '.log", "\"; touch pwned; \".log",
            " -rf.log", "a=b%0a,c\\n.log", "ä €.log",
        ]
        let host = try LogsHost()
        try host.rule(
            """
            rotate: { naming: number }
            hooks:
              preRotate: { shell: 'cd \(host.out) && printf "%s\\0" "$1" >> pre' }
              postRotate: { shell: 'cd \(host.out) && printf "%s\\0" "$1" "$2" "$APUS_ROTATED" >> post' }
              lastAction: { run: ["/bin/sh", "-c", "exit 0"] }
            """ + "\n" + host.upload)
        let logs = names.map { host.log($0) }
        for round in 1...2 {
            for log in logs { try TextFile.append(log, "round \(round) of \(log)\n") }
            try await host.expect(0, "rotate", "--force")
        }
        func words(_ name: String) -> [String] {
            TextFile.read("\(host.out)/\(name)").split(separator: "\0").map(String.init).sorted()
        }
        #expect(words("pre") == (logs + logs).sorted())
        let told = logs.flatMap { [$0, "\($0).1", "\($0).1"] }
        #expect(words("post") == (told + told).sorted())
        #expect(!host.names(host.out).contains("pwned") && !host.names(host.logs).contains("pwned"))
        for log in logs {
            #expect(try await host.archived(log) == "round 1 of \(log)\nround 2 of \(log)\n")
        }
        let verified = try await host.expect(0, "verify", "--all", "--output", "json").output
        #expect(verified.split(separator: "\n").count == 16 && host.objects().count == 16)
    }

    /// CVE-2022-1348: nobody else may read or lock what is ours, whatever the umask is.
    @Test func theStateIsNobodyElses() async throws {
        let host = try LogsHost()
        try host.rule(host.upload)
        try TextFile.append(host.log(), "line\n")
        let words = ["--rules", "\(host.folder.path)/rules", "--state", host.state]
        let script = "umask 0; exec \"$@\""
        try await host.peer("/bin/sh", ["-c", script, "sh", ApusProgram.path, "logs", "rotate", "--force"] + words)
        #expect(TextFile.ownership(host.state) == "700 0:0")
        #expect(host.names(host.state) == ["journal", "lock"])
        for name in host.names(host.state) {
            #expect(TextFile.ownership("\(host.state)/\(name)") == "600 0:0", "\(name)")
        }
        for object in host.objects() + host.manifests() { #expect(TextFile.ownership(object) == "600 0:0") }
    }

    /// logrotate's compressor that outlived it held its lock.
    @Test func aChildOfAHookHoldsNoLock() async throws {
        let host = try LogsHost()
        let pidFile = "\(host.out)/pid"
        try host.rule(
            """
            hooks: { postRotate: { shell: 'sleep 300 > /dev/null 2>&1 & echo $! > \(pidFile)' } }
            """ + "\n" + host.upload)
        try TextFile.append(host.log(), "one\n")
        try await host.expect(0, "rotate", "--force")
        let pid = try #require(Int32(TextFile.read(pidFile).split(separator: "\n").first ?? ""))
        defer { kill(pid, SIGKILL) }
        try #require(kill(pid, 0) == 0, "the child lives")
        let held = host.names("/proc/\(pid)/fd").compactMap { name -> String? in
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/\(pid)/fd/\(name)", &buffer, buffer.count)
            return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
        }
        #expect(held.allSatisfy { !$0.hasPrefix(host.state) && !$0.hasPrefix(host.logs) }, "\(held)")
        #expect(!held.isEmpty)
        try host.rule(host.upload)
        try TextFile.append(host.log(), "two\n")
        try await host.expect(0, "rotate", "--force")
        #expect(try await host.archived(host.log()) == "one\ntwo\n")
    }

    /// Between the rotation and the sealing somebody puts another file into the generation's place.
    @Test(arguments: ["link", "file", "hard link"]) func anotherFileIsNotTakenForTheGeneration(kind: String)
        async throws
    {
        let host = try LogsHost()
        let log = host.log()
        let writer = try await LogsWriter(host, log: log)
        try host.rule(
            "rotate: { naming: number }\nhooks: { postRotate: { run: [\"true\"] } }\ncompress: { level: 1 }\n"
                + host.upload)
        // Its writer is told nothing, so that it waits.
        let waiting = try await host.expect(3, "rotate", "--force", "--wait", "100ms")
        #expect(waiting.errors.contains("process \(writer.child.pid)") && waiting.errors.contains("still has it open"))
        let generation = "\(log).1"
        let secret = try host.folder.write("out/secret", "secret\n")
        rename(generation, "\(host.out)/real")
        switch kind {
        case "link": symlink(secret, generation)
        case "hard link": link(secret, generation)
        default: try TextFile.write(generation, "forged\n")
        }
        let written = try await writer.end()
        let result = try await host.expect(3, "rotate")
        #expect(result.errors.contains(generation), "\(result.errors)")
        #expect(host.objects() == [])
        #expect(TextFile.read(secret) == "secret\n" && TextFile.status(generation) != nil, "nothing of it is touched")
        // Put back, it goes on.
        rename("\(host.out)/real", generation)
        try await host.expect(0, "rotate")
        expectSame(try await host.archived(log) + TextFile.read(log), written, kind)
    }

    @Test func aNewLogIsGivenToWhomTheRuleSays() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { create: { mode: \"0662\", owner: \"65534\", group: \"adm\" }, naming: number }")
        try TextFile.append(host.log(), "line\n")
        chmod(host.log(), 0o604)
        try await host.expect(0, "rotate", "--force")
        #expect(TextFile.ownership(host.log()) == "662 65534:4", "the umask takes nothing from it")
        #expect(TextFile.ownership(host.log("app.log.1")) == "604 0:0", "the old one stays as it was")
        // Left out, the new one is as the old one was.
        try host.rule("rotate: { naming: number }")
        try TextFile.append(host.log(), "line\n")
        try await host.expect(0, "rotate", "--force")
        #expect(TextFile.ownership(host.log()) == "662 65534:4")
        // One that there is not: the log stays, and nothing is half done.
        try host.rule("rotate: { naming: number, create: { owner: nobody-of-that-name } }")
        try TextFile.append(host.log(), "more\n")
        let unknown = try await host.expect(3, "rotate", "--force")
        #expect(unknown.errors.contains("there is no user nobody-of-that-name"), "\(unknown.errors)")
        #expect(
            TextFile.read(host.log()) == "more\n" && host.names(host.logs) == ["app.log", "app.log.1", "app.log.2"])
    }
}
