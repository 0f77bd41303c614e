import Base
import Glibc
import TestKit
import Testing

/// What needs no host but this one.
@Suite(.timeLimit(.minutes(2))) struct SyncLocalTests {
    private func sync(_ arguments: [String], in folder: TemporaryFolder) async throws -> (
        code: Int32, output: String, errors: String
    ) {
        let environment: [String: String?] = ["XDG_STATE_HOME": "\(folder.path)/state", "HOME": folder.path]
        let child = try ChildProcess(
            ApusProgram.path, ["sync"] + arguments, environment: environment, folder: folder.path)
        return (await child.wait(), child.output, child.errors)
    }

    private static let here = "hosts: { localhost: { local: true } }\n"

    @Test func aChangeShowsItsDiffsOnRequest() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file", "one\n\told\n")
        let site = try folder.write(
            "site.yaml", Self.here + "resources:\n  - file: { path: \(path), content: \"one\\n\\tnew\\n\" }\n")
        let run = try await sync(["apply", site, "--diff"], in: folder)
        #expect(run.code == 0 && run.output.contains("-\told") && run.output.contains("+\tnew"), "\(run)")
        try folder.write("file", "one\n\told\n")
        let without = try await sync(["apply", site], in: folder)
        #expect(without.code == 0 && !without.output.contains("old") && without.output.contains("sha256"), "\(without)")
    }

    @Test func factsNeedNoVariables() async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write(
            "site.yaml", Self.here + "resources:\n  - file: { path: \"/{{ nobody_knows }}\" }\n")
        let run = try await sync(["facts", site], in: folder)
        #expect(run.code == 0 && run.output.contains("facts.kernel = \"Linux\""), "\(run)")
    }

    @Test func whatIsAllDoneIsSaidByResume() async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write(
            "site.yaml", Self.here + "resources:\n  - file: { path: \(folder.path)/a, content: x }\n")
        #expect(try await sync(["apply", site], in: folder).code == 0)
        let run = try await sync(["apply", site, "--resume"], in: folder)
        #expect(run.code == 0 && run.output.contains("nothing left"), "\(run)")
    }

    /// Declarations that only facts show to be wrong are still the declarations' fault.
    @Test func whatFactsShowToBeRefusedIsRefused() async throws {
        let folder = try TemporaryFolder()
        let path = "\"\(folder.path)/{{ facts.kernel }}\""
        let site = try folder.write(
            "site.yaml",
            Self.here + "resources:\n  - file: { path: \(path), content: x }\n  - line: { path: \(path), line: y }\n")
        let run = try await sync(["apply", site], in: folder)
        #expect(run.code == 65 && run.output.contains("undo each other"), "\(run)")
    }

    @Test func aSiteWithoutHostsIsSaid() async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write("site.yaml", "resources: []\n")
        for verb in ["check", "plan", "apply"] {
            let run = try await ChildProcess.run(ApusProgram.path, ["sync", verb, site], folder: folder.path)
            #expect(run.code == 64 && run.errors.contains("no hosts"), "\(verb): \(run)")
        }
    }

    /// Between two checks, too: as a service it must end when it is told to.
    @Test(arguments: [SIGINT, SIGTERM]) func aRunThatGoesOnForGoodEndsWhenItIsTold(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write("site.yaml", "hosts: { localhost: { local: true } }\nresources: []\n")
        let child = try ChildProcess(
            ApusProgram.path, ["sync", "drift", site, "--every", "1h"], folder: folder.path)
        try await eventually("a check is over") { child.output.contains("localhost") }
        child.signal(signal)
        #expect(await child.wait() == 130)
    }
}
