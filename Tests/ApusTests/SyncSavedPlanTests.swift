import Base
import Glibc
import TestKit
import Testing

/// A saved plan is applied as it was, or not at all.
@Suite(.timeLimit(.minutes(10))) struct SyncSavedPlanTests {
    private let bench: SyncBench

    init() async throws {
        bench = try await SyncBench(2)
        try bench.folder.write("template", "{{ greeting }}\n")
        try bench.site(
            """
            vars: { greeting: hello }
            resources:
              - file: { path: /srv/a, content: "a of {{ host }}" }
              - file: { path: /srv/t, template: template }
            """)
    }

    private func plan(_ arguments: String...) async throws {
        let run = try await bench.run("plan", ["--out", "\(bench.folder.path)/plan.json"] + arguments)
        try #require(run.code == 0, "\(run.all)")
    }

    private func applyPlan() async throws -> SyncRun { try await bench.run("apply", file: "plan.json") }

    private var isUntouched: Bool { bench.hosts.allSatisfy { !$0.has("/srv/a") && !$0.has("/srv/t") } }

    @Test func isAppliedAsItIs() async throws {
        try await plan()
        let run = try await applyPlan()
        #expect(run.code == 0, "\(run.all)")
        #expect(bench.hosts.map { $0.text("/srv/a") } == ["a of host1", "a of host2"])
        #expect(bench.hosts.map { $0.text("/srv/t") } == ["hello\n", "hello\n"])
        let again = try await applyPlan()
        #expect(again.code == 1, "the hosts have moved: by the plan itself")
        #expect(again.reports.allSatisfy { $0.error?.code == "host-moved" }, "\(again.all)")
    }

    @Test func holdsItsVariablesAndHosts() async throws {
        try await plan("--var", "greeting=hi", "--hosts", "host2")
        let run = try await applyPlan()
        #expect(run.code == 0, "\(run.all)")
        #expect(run.reports.map(\.host) == ["host2"])
        #expect(bench.hosts[1].text("/srv/t") == "hi\n")
        #expect(!bench.hosts[0].has("/srv/t"))
    }

    @Test func aHostThatHasMovedIsRefusedAndTheOthersAreNot() async throws {
        try await plan()
        try bench.host.write("/srv/a", Array("of somebody else".utf8))
        let run = try await applyPlan()
        #expect(run.code == 3)
        #expect(run.report("host1")?.error?.code == "host-moved", "\(run.all)")
        #expect(bench.host.text("/srv/a") == "of somebody else")
        #expect(!bench.host.has("/srv/t"))
        #expect(run.report("host2")?.status == "changed")
        #expect(bench.hosts[1].text("/srv/a") == "a of host2")
    }

    private func change(_ file: String) throws {
        let path = "\(bench.folder.path)/\(file)"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        try Files.writeAtomically(Array((text + "# more\n").utf8), to: path)
    }

    @Test func aChangedSiteIsRefused() async throws {
        try await plan()
        try change("site.yaml")
        let run = try await applyPlan()
        #expect(run.code == 1)
        #expect(run.errors.contains("has changed since the plan was made"), "\(run.all)")
        #expect(run.reports.isEmpty)
        #expect(isUntouched)
    }

    /// What files hold is known when a host is compared with them.
    @Test func aChangedContentIsRefused() async throws {
        try await plan()
        try change("template")
        let run = try await applyPlan()
        #expect(run.code == 1)
        #expect(run.reports.count == 2 && run.reports.allSatisfy { $0.error?.code == "host-moved" }, "\(run.all)")
        #expect(isUntouched)
    }

    @Test func aPlanThatDoesNotReadIsRefused() async throws {
        try await plan()
        let text = String(decoding: try Files.read("\(bench.folder.path)/plan.json"), as: UTF8.self)
        try bench.folder.write("plan.json", String(text.prefix(text.count / 2)))
        let run = try await applyPlan()
        #expect(run.code == 65, "\(run.all)")
        #expect(isUntouched)
    }

    @Test(arguments: [["--hosts", "host1"], ["--tags", "x"], ["--var", "a=b"], ["--local"]])
    func aSavedPlanTakesNoOtherSelection(options: [String]) async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write("site.yaml", "hosts: { localhost: { local: true } }\nresources: []\n")
        let plan = "\(folder.path)/plan.json"
        let made = try await ChildProcess.run(
            ApusProgram.path, ["sync", "plan", site, "--out", plan], folder: folder.path)
        try #require(made.code == 0, "\(made)")
        let run = try await ChildProcess.run(
            ApusProgram.path, ["sync", "apply", plan] + options, folder: folder.path)
        #expect(run.code == 64 && run.errors.contains(options[0]), "\(run)")
    }
}
