import Base
import Glibc
import TestKit
import Testing

/// What `cat` and `decrypt` print of archives that are large, damaged or exchanged.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsReadingTests {
    private static let second = "2026-11-28T11:00:00Z second\n"

    private func archive(_ segments: [String], isEncrypted: Bool = true) async throws -> LogsHost {
        let host = try LogsHost()
        if isEncrypted { try await host.expect(0, "key", "create", "\(host.out)/keys") }
        let key = isEncrypted ? "encrypt: { key_id: \"file:\(host.out)/keys\" }\n" : ""
        try host.rule(key + "compress: { level: 1 }\n" + host.upload)
        for segment in segments {
            try TextFile.append(host.log(), segment)
            try await host.expect(0, "rotate", "--force")
        }
        return host
    }

    /// Runs one through a program of Python, which has `words`.
    private func python(_ host: LogsHost, _ program: String, _ words: [String]) async throws -> String {
        let rules = words.first == "decrypt" ? [] : ["--rules", "\(host.folder.path)/rules", "--state", host.state]
        return try await host.peer(
            Peers.python,
            ["-c", "import sys\nwords = sys.argv[1:]\n" + program, ApusProgram.path, "logs"] + words + rules)
    }

    /// 128 MiB of one line, and of one byte without a line feed.
    @Test(arguments: ["2026-11-28T10:00:00Z the same again\n", "a"]) func memoryHasABound(unit: String) async throws {
        let host = try await archive([String(repeating: unit, count: (128 << 20) / unit.utf8.count)])
        let object = try #require(host.objects().first)
        let measure = """
            import resource, subprocess
            code = subprocess.run(words, stdout=subprocess.DEVNULL).returncode
            print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
            """
        for words in [
            ["cat", host.log()], ["cat", host.log(), "--grep", "nothing"],
            ["cat", host.log(), "--from", "2026-11-28"], ["verify", "--all"], ["decrypt", object],
        ] {
            let result = try await python(host, measure, words).split(separator: "\n").last.map(String.init) ?? ""
            let numbers = result.split(separator: " ").compactMap { Int($0) }
            try #require(numbers.count == 2, "\(result)")
            #expect(numbers[0] == 0 && numbers[1] < 100, "\(words): code \(numbers[0]), \(numbers[1]) MiB")
        }
    }

    @Test func whatIsNotSealedIsNotPrinted() async throws {
        let host = try await archive(["first\n", LogsReadingTests.second])
        let object = try #require(host.objects().first)
        // Of the same size, so that nothing else tells.
        let size = Int(TextFile.status(object)?.st_size ?? 0)
        try TextFile.write(object, String(repeating: "forged\n", count: size / 7 + 1).prefix(size).description)
        let result = try await host.expect(1, "cat", host.log())
        #expect(result.output == LogsReadingTests.second)
        #expect(result.errors.contains("not a sealed file") && result.errors.contains(host.log()), "\(result.errors)")
        #expect(result.errors.contains(host.objects()[0].split(separator: "/").last ?? "?"))
    }

    @Test func anotherSegmentIsNotPrinted() async throws {
        let host = try await archive(["first\n", LogsReadingTests.second])
        let objects = host.objects()
        try Files.writeAtomically(try Files.read(objects[1]), to: objects[0])
        let result = try await host.expect(1, "cat", host.log())
        #expect(!result.output.contains("first"))
        #expect(result.output.components(of: LogsReadingTests.second) <= 1, "\(result.output)")
    }

    @Test func aMissingSegmentHoldsNothingUp() async throws {
        let host = try await archive(["first\n", LogsReadingTests.second, "third\n"])
        unlink(host.objects()[1])
        let result = try await host.expect(1, "cat", host.log())
        #expect(result.output == "first\nthird\n")
        #expect(result.errors.contains("\(host.log()), generation "), "\(result.errors)")
    }

    /// Without a key the digest tells; by then it is printed.
    @Test func whatDiffersIsTold() async throws {
        let host = try await archive(["first\n", LogsReadingTests.second], isEncrypted: false)
        try host.rule("compress: { algorithm: none }\n" + host.upload)
        try TextFile.append(host.log(), "third\n")
        try await host.expect(0, "rotate", "--force")
        try TextFile.write(try #require(host.objects().last), "forge\n")
        let result = try await host.expect(1, "cat", host.log())
        #expect(result.errors.contains("is not what was archived"), "\(result.errors)")
    }

    @Test func aLineInTwoSegmentsIsFound() async throws {
        let host = try await archive(["2026-11-28T10:00:00Z one\n2026-11-28T10:00:01Z two ha", "lves\nlast\n"])
        #expect(
            try await host.expect(0, "cat", host.log(), "--grep", "halves").output
                == "2026-11-28T10:00:01Z two halves\n")
        let timed = try await host.expect(
            0, "cat", host.log(), "--from", "2026-11-28T10:00:01Z", "--to", "2026-11-28T10:00:02Z", "--grep", "halves$")
        #expect(timed.output == "2026-11-28T10:00:01Z two halves\n")
    }

    @Test func decryptTakesWhatIsSealedOnly() async throws {
        let host = try await archive(["first\n"])
        let object = try #require(host.objects().first)
        let piped = try await python(
            host, "import subprocess\nprint(subprocess.run(words, input=open(\"\(object)\", 'rb').read()).returncode)",
            ["decrypt", "-"])
        #expect(piped == "first\n0\n")
        let plain = try host.folder.write("plain", "plain\n")
        let refused = try await host.expect(1, "decrypt", plain)
        #expect(refused.output.isEmpty && refused.errors.contains("not a sealed file"), "\(refused.errors)")
        let empty = try await host.expect(1, "decrypt", try host.folder.write("empty", ""))
        #expect(empty.errors.contains("it is empty"), "\(empty.errors)")
    }

    /// `cat | head -1`, with SIGPIPE ignored as services have it.
    @Test func aReaderThatGoesEndsItSilently() async throws {
        let host = try await archive([String(repeating: "a line\n", count: 200_000)])
        let program = """
            import os, signal, subprocess
            child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, restore_signals=False)
            child.stdout.readline()
            child.stdout.close()
            print(child.stderr.read(), child.wait())
            """
        #expect(try await python(host, program, ["cat", host.log()]) == "b'' -13\n")
    }

    @Test func aRelativePathIsOfTheFolder() async throws {
        let host = try await archive(["first\n"])
        let program = "import subprocess\nprint(subprocess.run(words, cwd=\"\(host.folder.path)\").returncode)"
        for path in ["logs/app.log", "./out/../logs/app.log"] {
            #expect(try await python(host, program, ["cat", path]) == "first\n0\n")
        }
    }

    @Test func wrongTimesAndPatternsAreUsage() async throws {
        let host = try await archive(["2026-11-28T10:00:00 first\n2026-11-28T18:31:00 later\n"])
        for words in [
            ["--from", "1h", "--to", "2h"], ["--from", "2026-11-28T1"], ["--from", "18"],
            ["--from", "2026-11-28 10:00x"],
            ["--grep", String(repeating: "(", count: 5000)], ["--grep", "(((a{1,255}){1,255}){1,255})"],
        ] {
            let result = try await host.run(["cat", host.log()] + words)
            #expect(result.code == 64 && result.output.isEmpty, "\(words): \(result)")
        }
        for from in ["2026-11-28 18:00", "2026-11-28T18:31", "2026-11-28T18:31:00", "2026-11-28 18:30:59.5"] {
            let result = try await host.expect(0, "cat", host.log(), "--from", from)
            #expect(result.output == "2026-11-28T18:31:00 later\n", "\(from)")
        }
        for from in ["18:00", "18:00:30", "00:00Z"] {
            let code = try await host.run(["cat", host.log(), "--from", from]).code
            #expect(code == 0 || code == 1, "\(from)")
        }
    }
}

extension String {
    /// How often `part` is in it.
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
