import Base
import Glibc
import TestKit
import Testing

/// `apus disk` beside `df` on the file systems of this machine.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DiskCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func disk(_ arguments: String..., environment: [String: String?] = [:]) async throws -> (
        code: Int32, output: String, errors: String
    ) {
        try await ChildProcess.run(
            ApusProgram.path, ["disk"] + arguments, environment: environment, folder: folder.path)
    }

    /// The comparison is Python's: it reads both, twice if a mount changed in between.
    @Test(arguments: ["mounts", "all", "paths"]) func theFiguresAreThoseOfDf(what: String) async throws {
        try await Peers.run("disk/df.py", [what, ApusProgram.path], folder: folder)
    }

    @Test func theTableAndThePrometheusFormHoldEveryMount() async throws {
        let mounts = try await disk("--output", "prometheus").output.split(separator: "\n")
            .filter { $0.hasPrefix("apus_disk_size_bytes{") }
            .compactMap { $0.split(separator: "\"").dropFirst().first.map(String.init) }
        #expect(mounts.contains("/"))
        let table = try await disk().output
        for mount in mounts where !mount.contains("/tmp") {
            #expect(table.split(separator: "\n").contains { $0.hasPrefix("\(mount) ") }, "\(mount) in \(table)")
        }
    }

    @Test func promtoolReadsThePrometheusForm() async throws {
        try Peers.require("promtool")
        let text = try folder.write("disk.prom", try await disk("--output", "prometheus").output)
        let promtool = try ChildProcess("promtool", ["check", "metrics"], folder: folder.path, input: text)
        #expect(await promtool.wait() == 0, "\(promtool.output)\(promtool.errors)")
    }

    @Test func theLimitsSetTheExitCode() async throws {
        let full = try TemporaryFileSystem("\(folder.path)/full")
        try Files.writeAtomically([UInt8](repeating: 1, count: 600 << 10), to: "\(full.path)/fill")
        let use = try await percent(full.path)
        #expect((50...70).contains(use))
        #expect(try await disk(full.path).code == 0)
        #expect(try await disk("--fail", "\(use + 1)", full.path).code == 0)
        #expect(try await disk("--fail", "\(use)", full.path).code == 3, "a figure equal to the limit counts")
        let warned = try await disk("--warn", "\(use)", "--fail", "100", full.path)
        #expect(warned.code == 0)
        #expect(warned.errors.contains(full.path) && warned.errors.contains("\(use) %"))
        #expect(try await disk("--warn", "90", "--fail", "80").code == 64)
        #expect(try await disk("--warn", "101").code == 64)
    }

    private func percent(_ path: String) async throws -> Int {
        let lines = try await ChildProcess.run("df", ["--output=pcent", path], folder: folder.path).output
        let last = lines.split(separator: "\n").last?.filter(\.isNumber) ?? ""
        return try #require(Int(String(last)))
    }

    @Test func aPathThatDoesNotExistIsSaid() async throws {
        let result = try await disk("/nowhere/at-all", "/")
        #expect(result.code == 1)
        #expect(result.errors.contains("/nowhere/at-all: No such file or directory"))
        #expect(result.output.contains("\n/ "), "the others are shown")
    }

    @Test func aMountThatHangsHoldsNobodyUp() async throws {
        let place = "\(folder.path)/fuse"
        mkdir(place, 0o755)
        let script = Peers.script("fuse/hungfs.sh")
        let start = try await ChildProcess.run(script, ["start", place], folder: folder.path)
        try #require(
            start.code == 0, "FUSE does not work here (77: no root or no /dev/fuse): \(start.errors)\(Peers.hint)")
        let mount = "\(place)/mnt"
        for _ in 0..<2 {
            let began = ContinuousClock.now
            let result = try await disk("--timeout", "500ms")
            let spent = ContinuousClock.now - began
            let lines = result.output.split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("\(mount) ") && $0.hasSuffix("timed out") }, "\(result.output)")
            #expect(lines.contains { $0.hasPrefix("/ ") && $0.contains("%") })
            #expect(result.code == 1)
            // Five seconds is the usual time-out: the one that was asked for holds, and the end waits for nobody.
            #expect(spent < .seconds(5))
        }
        let json = try await disk("--timeout", "500ms", "--output", "json", mount, "/")
        #expect(json.output.contains(#""mount":"\#(mount)""#) && json.output.contains(#""error":"timed out""#))
        let answer = try await ChildProcess.run(script, ["answer", place], folder: folder.path)
        #expect(answer.code == 0)
        let again = try await disk(mount)
        #expect(again.code == 0 && again.output.contains("67%"), "\(again.output)")
        let stop = try await ChildProcess.run(script, ["stop", place], folder: folder.path)
        #expect(stop.code == 0)
    }

    @Test func coloursAreForTerminals() async throws {
        #expect(try await !disk().output.contains("\u{1B}"))
        let command = "\(ApusProgram.path) disk /"
        func onTerminal(_ environment: [String: String?]) async throws -> String {
            try await ChildProcess.run(
                "script", ["-qec", command, "/dev/null"], environment: environment, folder: folder.path
            ).output
        }
        try Peers.require("script")
        let colour: [String: String?] = ["TERM": "xterm-256color", "NO_COLOR": nil, "CI": nil]
        #expect(try await onTerminal(colour).contains("\u{1B}["))
        #expect(try await !onTerminal(["TERM": "xterm-256color", "NO_COLOR": "1"]).contains("\u{1B}["))
        #expect(try await !onTerminal(["TERM": "dumb", "NO_COLOR": nil]).contains("\u{1B}["))
    }
}
