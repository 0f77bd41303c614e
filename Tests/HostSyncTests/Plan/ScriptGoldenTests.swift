import Base
import Glibc
import SSHTransport
import TestKit
import Testing

@testable import HostSync

/// What is sent to a host, as files to read: `Golden/NAME.yaml` is a site, `NAME.probe.sh` its questions and `NAME.apply.sh` its
/// change of a host that has nothing. UPDATE_GOLDEN=1 writes them anew.
@Suite struct ScriptGoldenTests {
    private static let folder = "\(ApusProgram.root())/Tests/HostSyncTests/Golden"

    private func scripts(_ name: String) throws -> (probe: String, apply: String) {
        let loaded = try SiteReader.read("\(ScriptGoldenTests.folder)/\(name).yaml")
        let host = try #require(loaded.site.inventory.hosts.first)
        var expansion = HostExpansion(host: host, site: loaded, facts: nil, tags: TagSelection())
        let tasks = try expansion.expand(loaded.site.plays[0])
        var request = tasks.request
        request.ask(HandlerJournal.query, "")
        var answer = ProbeAnswer()
        answer.paths["/etc"] = .present(PathStatus(kind: .directory, mode: 0o755, owner: "root", group: "root"))
        answer.paths["/srv/old.conf"] = .present(
            PathStatus(
                kind: .file, mode: 0o600, owner: "root", group: "root", size: 4,
                digest: ContentDigest.of(Array("a=1\n".utf8))))
        answer.contents["/srv/old.conf"] = Array("a=1\n".utf8)
        let plan = HostPlanner().plan(tasks, answer)
        let (script, probe) = HostRun.script(plan, request, handlersToo: true, keepsGoing: false)
        let questions = [ProbeScript.prelude, HostLock.folder, HostLock.take(owner: "anna@laptop")] + probe.chunks
        return (questions.joined(separator: "\n") + "\n", script.text(nonce: "NONCE"))
    }

    /// What is the same in every script stands in its source, with its lines as they are sent.
    private func withoutFunctions(_ text: String) -> String {
        text.replacing(ApplyPrelude.text, with: "# ApplyPrelude").replacing(ProbeScript.prelude, with: "# ProbeScript")
            .replacing(HostLock.take(owner: "anna@laptop"), with: "# HostLock")
    }

    @Test(arguments: ["files", "actions", "many"]) func areAsTheyWere(name: String) throws {
        let scripts = try scripts(name)
        for (kind, text) in [("probe", scripts.probe), ("apply", scripts.apply)] {
            let path = "\(ScriptGoldenTests.folder)/\(name).\(kind).sh"
            let text = withoutFunctions(text)
            if getenv("UPDATE_GOLDEN") != nil { try Files.writeAtomically(Array(text.utf8), to: path) }
            let golden = String(decoding: try Files.read(path), as: UTF8.self)
            #expect(text == golden, "\(path) differs: read the difference, then UPDATE_GOLDEN=1")
        }
    }

    /// Every shell that a host may have reads them.
    @Test(arguments: ["dash", "bash --posix", "busybox sh"], ["files", "actions", "many"])
    func areReadByEveryShell(shell: String, name: String) async throws {
        let folder = try TemporaryFolder()
        let scripts = try scripts(name)
        for text in [scripts.probe, scripts.apply] {
            let file = try folder.write("script", text)
            let words = shell.split(separator: " ").map(String.init)
            let result = try await ChildProcess.run(
                words[0], Array(words.dropFirst()) + ["-n", file], folder: folder.path)
            #expect(result.code == 0, "\(result.errors)")
        }
    }
}
