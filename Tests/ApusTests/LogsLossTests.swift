import Base
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// An archive of which something is gone, damaged, doubled or not to be reached: what is left is given, and what is not is
/// told.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsLossTests {
    private func archive(_ more: String = "", segments: Int = 3) async throws -> LogsHost {
        let host = try LogsHost()
        try host.rule(more + "\n" + host.upload)
        for number in 0..<segments {
            try TextFile.append(host.log(), "segment \(number)\n")
            try await host.expect(0, "rotate", "--force")
        }
        return host
    }

    private func lines(_ host: LogsHost) throws -> [String] {
        TextFile.read(try #require(host.manifests().first)).split(separator: "\n").map(String.init)
    }

    private func write(_ lines: [String], _ host: LogsHost) throws {
        try TextFile.write(try #require(host.manifests().first), lines.map { $0 + "\n" }.joined())
    }

    @Test func nothingToVerifyIsNoProof() async throws {
        let host = try await archive()
        for words in [["verify", "--host", "nosuch"], ["verify", "/nosuch.log"], ["verify", "--from", "2099-01-01"]] {
            let result = try await host.run(words)
            #expect(result.code == 1 && result.errors.contains("nothing is archived"), "\(words): \(result)")
        }
        try await host.peer("rm", ["-rf", "\(host.store)/apus-manifest"])
        let result = try await host.expect(1, "verify")
        #expect(result.output.split(separator: "\n").filter { $0.contains("no manifest names it") }.count == 3)
        #expect(result.output.contains("it says that it is \(host.log()) of "))
        for name in host.names(host.store) { try await host.peer("rm", ["-rf", "\(host.store)/\(name)"]) }
        let empty = try await host.expect(1, "verify")
        #expect(empty.errors.contains("nothing is archived"), "\(empty)")
    }

    @Test func aLostLineIsFoundAndMadeAgain() async throws {
        let host = try await archive("tags: { team: web }")
        let all = try lines(host)
        try write([all[0], all[2]], host)
        let found = try await host.expect(1, "verify", "--all")
        #expect(found.output.hasSuffix("2 segments there, 2 compared byte for byte, 1 bad\n"), "\(found.output)")
        let repaired = try await host.expect(0, "verify", "--all", "--repair")
        #expect(repaired.errors.contains("has its line in the manifest again"))
        #expect(repaired.output == "3 segments there, 3 compared byte for byte, all good\n")
        // The same line, but for the digest, which only the sender knew.
        let made = try #require(try lines(host).last)
        #expect(
            made.split(separator: ",").filter { !$0.contains("digest") }
                == all[1].split(separator: ",").filter { !$0.contains("digest") })
        try await host.peer("rm", ["-rf", "\(host.store)/apus-manifest"])
        try await host.expect(0, "verify", "--all", "--repair")
        #expect(try await host.archived(host.log()) == "segment 0\nsegment 1\nsegment 2\n")
    }

    @Test func aDamagedManifestIsMended() async throws {
        let host = try await archive()
        let all = try lines(host)
        let later = #"{"v":2,"of":"a later version"}"#
        try write([all[0], all[1], "{\"generation\":", all[0], later], host)
        let repaired = try await host.expect(1, "verify", "--all", "--repair")
        #expect(repaired.errors.contains("2 lines taken out of manifests"), "\(repaired.errors)")
        #expect(repaired.output.contains("3 segments there, 3 compared byte for byte, all good"))
        #expect(try lines(host).filter { $0 == later }.count == 1, "what we cannot read may be right")
        try write(try lines(host).filter { $0 != later }, host)
        try await host.expect(0, "verify", "--all")
    }

    /// Only the journal knows of what has neither line nor object.
    @Test func theJournalIsHeldAgainstTheStore() async throws {
        let host = try await archive("rotate: { keep: 5 }")
        try await host.expect(0, "verify")
        let all = try lines(host)
        try write([all[0], all[2]], host)
        unlink(host.objects()[1])
        let result = try await host.expect(1, "verify", "--output", "json")
        #expect(result.output.contains("neither line nor object"), "\(result.output)")
        #expect(result.output.contains("\"code\":\"object-missing\""))
    }

    @Test func missingObjectsAreNotCompared() async throws {
        let host = try await archive()
        unlink(host.objects()[1])
        let result = try await host.expect(1, "verify", "--all")
        #expect(result.output.hasSuffix("2 segments there, 2 compared byte for byte, 1 bad\n"), "\(result.output)")
    }

    @Test func oneBadSegmentDoesNotKeepTheOthersBack() async throws {
        let host = try await archive()
        let key = "\"key\":\"../../../etc/passwd\""
        var all = try lines(host)
        all[1].replace(/"key":"[^"]*"/, with: key)
        try write(all, host)
        let generation = try #require(all[1].firstMatch(of: /"generation":"([0-9a-f]+)"/)?.1)
        for command in ["restore", "fetch"] {
            let result = try await host.expect(1, command, "--into", host.out)
            #expect(result.output.split(separator: "\n").count == 2, "\(result)")
            #expect(result.errors.contains("\(host.log()), generation \(generation), "), "\(result.errors)")
        }
        // A damaged line: what it named is not known, so not all can have been given.
        all[1] = "{"
        try write(all, host)
        for words in [["list"], ["verify"], ["restore", "--into", host.out], ["fetch", "--into", host.out]] {
            #expect(try await host.run(words).code == 1, "\(words)")
        }
    }

    @Test func aSecondCopySkipsWhatIsThere() async throws {
        let host = try await archive()
        for command in ["restore", "fetch"] {
            let first = try await host.expect(0, command, "--into", host.out).output.split(separator: "\n")
            #expect(first.count == 3)
            let again = try await host.expect(0, command, "--into", host.out)
            #expect(again.output.isEmpty && again.errors.contains("is there already, and the same"))
            unlink(String(first[0]))
            // The same length.
            var bytes = try Files.read(String(first[1]))
            bytes[bytes.count - 1] ^= 1
            try Files.writeAtomically(bytes, to: String(first[1]))
            let mixed = try await host.expect(1, command, "--into", host.out)
            #expect(mixed.output == "\(first[0])\n")
            #expect(mixed.errors.contains("\(first[1]) is there already, with another content"), "\(mixed.errors)")
        }
    }

    @Test func aDoubledLineCountsOnce() async throws {
        let host = try await archive()
        let all = try lines(host)
        try write(all + [all[0]], host)
        #expect(try await host.archived(host.log()) == "segment 0\nsegment 1\nsegment 2\n")
        try await host.expect(0, "verify", "--all")
        try write(all + [all[0].replacing("\"lines\":1", with: "\"lines\":2")], host)
        let result = try await host.expect(1, "verify", "--all")
        #expect(result.output.contains("two lines in the manifest that differ"), "\(result.output)")
    }

    /// What is on this host is given, whatever the store does.
    @Test func whatIsHereIsGivenWhileTheStoreIsAway() async throws {
        let host = try await archive("rotate: { keep: 5 }\ncompress: { level: 3 }")
        // No folder any more: nothing can be read there.
        rename(host.store, "\(host.store).away")
        try TextFile.write(host.store, "")
        let list = try await host.expect(3, "list", "--output", "json")
        #expect(list.output.split(separator: "\n").count == 3)
        #expect(list.errors.contains("cannot be read"), "\(list.errors)")
        #expect(try await host.expect(3, "cat", host.log()).output == "segment 0\nsegment 1\nsegment 2\n")
        #expect(
            try await host.expect(3, "restore", "--into", host.out).output.split(separator: "\n").count == 3)
        try await host.expect(1, "list", "/nosuch")
        let verified = try await host.expect(1, "verify", "--all")
        #expect(verified.output.contains("bad   file://\(host.store)"), "\(verified.output)")
        #expect(verified.output.hasSuffix("3 segments there, 3 compared byte for byte, 1 bad\n"))
        unlink(host.store)
        rename("\(host.store).away", host.store)
        try await host.expect(0, "list")
    }

    @Test func rewrapTellsWhatStaysUnderTheOldKey() async throws {
        for upload in ["", "yes"] {
            let host = try LogsHost()
            try await host.expect(0, "key", "create", "\(host.out)/keys")
            let encrypt = "encrypt: { key_id: \"file:\(host.out)/keys\" }\nrotate: { keep: 5 }\n"
            try host.rule(encrypt + (upload.isEmpty ? "" : host.upload))
            try TextFile.append(host.log(), "line\n")
            try await host.expect(0, "rotate", "--force")
            let listed = try await host.expect(0, "list", "--output", "json").output
            #expect(listed.contains("\"encryptionKey\":\"file:\(host.out)/keys"), "\(listed)")
            try await host.expect(0, "rewrap")
            try await host.expect(0, "key", "rotate", "\(host.out)/keys")
            let result = try await host.expect(3, "rewrap")
            #expect(result.errors.contains("is on this host and still needs file:"), "\(result)")
            #expect(result.output.contains("\(upload.isEmpty ? 0 : 1) rewrapped, 1 file here under an older key"))
        }
    }

    /// Without a store the files here are the archive.
    @Test func aFileThatIsGoneFromHereIsFound() async throws {
        let host = try LogsHost()
        try host.rule("rotate: { keep: 5 }")
        for text in ["one\n", "two\n"] {
            try TextFile.append(host.log(), text)
            try await host.expect(0, "rotate", "--force")
        }
        #expect(try await host.expect(0, "verify").output.hasPrefix("2 segments there, "))
        unlink("\(host.logs)/\(try #require(host.names(host.logs).first { $0 != "app.log" }))")
        let result = try await host.expect(1, "verify", "--all")
        #expect(result.output.hasSuffix("1 segment there, 1 compared byte for byte, 1 bad\n"), "\(result.output)")
    }

    /// A new host that has nothing but the store's name.
    @Test func aStoreIsReadWithoutRules() async throws {
        let host = try await archive()
        let store = "file://\(host.store)/"
        let name = try #require(host.names("\(host.store)/apus-manifest").first)
        for rules in ["\(host.out)/missing", host.out] {
            let words = ["--rules", rules, "--state", "\(host.out)/state", "--store", store]
            func run(_ command: [String]) async throws -> LogsHost.Result {
                let child = try ChildProcess(
                    ApusProgram.path, ["logs"] + command + words, environment: [:], folder: host.out)
                let code = await child.wait()
                return (code, child.output, child.errors)
            }
            let list = try await run(["list", "--host", "*"])
            #expect(list.code == 0 && list.output.split(separator: "\n").count == 4, "\(list)")
            #expect(list.output.contains("Host") && list.output.contains(name), "\(list.output)")
            #expect(try await run(["cat", host.log()]).output == "segment 0\nsegment 1\nsegment 2\n")
            #expect(try await run(["verify", "--all"]).code == 0)
        }
        let short = try await host.expect(64, "list", "--store", "s3://b/p/")
        #expect(short.errors.contains("a bucket's name has 3 to 63"), "\(short.errors)")
    }
}
