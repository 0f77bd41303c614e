import Base
import Glibc
import TestKit
import Testing

/// Handlers run once, in their order, and are never lost, whoever dies.
@Suite(.timeLimit(.minutes(10))) struct SyncHandlerTests {
    private let bench: SyncBench
    private var host: SSHHosts.Host { bench.host }

    init() async throws { bench = try await SyncBench() }

    private static let handlers = """
        handlers:
          - name: first
            command: { run: "echo first >>/srv/log" }
          - name: second
            command: { run: "echo second >>/srv/log; [ ! -e /srv/broken ]" }
          - name: never
            command: { run: "echo never >>/srv/log" }

        """

    /// Two changes, and `between` them and the handlers.
    private func site(_ between: String = "", flush: Bool = false) throws {
        try bench.site(
            """
            resources:
              - file: { path: /srv/a, content: "{{ content }}" }
                notify: [second, first]
              - file: { path: /srv/b, content: "{{ content }}" }
                notify: second
            \(flush ? "  - flush" : "")
            \(between)
            vars: { content: new }
            \(Self.handlers)
            """)
    }

    private var log: String { host.text("/srv/log") ?? "" }

    private func expectQuiet() async throws {
        let before = log
        let run = try await bench.run("apply")
        #expect(run.code == 0)
        #expect(run.report?.status == "same", "\(run.all)")
        #expect(run.report?.notes == nil)
        #expect(log == before)
        #expect(try await host.run("ls -A /var/lib/apus-sync/pending").output == "")
    }

    @Test func severalChangesRunEachHandlerOnceInDeclaredOrder() async throws {
        try site()
        let plan = try await bench.run("plan")
        #expect(plan.report?.titles("changed").suffix(2) == ["handler first", "handler second"], "\(plan.all)")
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(log == "first\nsecond\n")
        let handlers = run.report?.resources.filter { $0.handler == true }
        #expect(handlers?.map(\.title) == ["handler first", "handler second"])
        try await expectQuiet()
        // One change notifies one handler.
        try host.write("/srv/b", Array("drifted".utf8))
        #expect(try await bench.run("apply").code == 0)
        #expect(log == "first\nsecond\nsecond\n")
    }

    @Test func aFlushRunsThemBeforeWhatFollows() async throws {
        try site("  - command: { run: \"echo resource >>/srv/log\", creates: /srv/made }", flush: true)
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(log == "first\nsecond\nresource\n")
    }

    @Test func whatIsDeferredStillNotifies() async throws {
        try bench.site(
            """
            resources:
              - package: { name: apus-daemon }
              - service: { name: apus-daemon, enabled: false }
                notify: second
              - file: { path: /srv/a, content: x }
                notify: first
            \(Self.handlers)
            """)
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(log == "first\nsecond\n")
        try await expectQuiet()
    }

    @Test func aFailedResourceLeavesThemForTheNextRun() async throws {
        try site("  - command: { run: \"[ -e /srv/mended ]\", creates: /srv/mended }")
        let failed = try await bench.run("apply")
        #expect(failed.code == 1)
        #expect(failed.report?.status == "failed", "\(failed.all)")
        #expect(log == "")
        try host.write("/srv/mended", [])
        let plan = try await bench.run("plan", ["--detailed-exitcode"])
        #expect(plan.code == 2, "a handler that was left is something to do")
        #expect(plan.report?.titles("changed") == ["handler first", "handler second"], "\(plan.all)")
        #expect(plan.report?.notes?.count == 2)
        let next = try await bench.run("apply")
        #expect(next.code == 0, "\(next.all)")
        #expect(log == "first\nsecond\n")
        try await expectQuiet()
    }

    @Test func aFailedHandlerRunsAgain() async throws {
        try host.write("/srv/broken", [])
        try site()
        let failed = try await bench.run("apply")
        #expect(failed.code == 1)
        #expect(failed.report?.error?.message.contains("handler second") == true, "\(failed.all)")
        #expect(log == "first\nsecond\n")
        unlink(host.root + "/srv/broken")
        #expect(try await bench.run("apply").code == 0)
        #expect(log == "first\nsecond\nsecond\n", "the one that failed, and only that")
        try await expectQuiet()
    }

    /// The shell of the run dies with SIGKILL after the changes: nothing of it can clean up or go on.
    @Test func aRunWhoseShellIsKilledLosesNone() async throws {
        let kill = "kill -9 $(head -n 1 /var/lib/apus-sync/lock/owner | cut -d' ' -f1)"
        try site("  - command: { run: \"\(kill)\", unless: \"[ -e /srv/mended ]\" }")
        let killed = try await bench.run("apply")
        #expect(killed.code == 1)
        #expect(killed.report?.error?.code == "connection-lost", "\(killed.all)")
        #expect(host.text("/srv/a") == "new" && host.text("/srv/b") == "new" && log == "")
        #expect(host.has("/var/lib/apus-sync/lock/owner"), "it could not even let go of its lock")
        try host.write("/srv/mended", [])
        let next = try await bench.run("apply")
        #expect(next.code == 0, "\(next.all)")
        #expect(next.report?.titles("changed") == ["handler first", "handler second"])
        #expect(log == "first\nsecond\n")
        try await expectQuiet()
    }

    /// apus dies with SIGKILL; what it has started on the host either goes on to its end or leaves the rest to the next.
    @Test(arguments: [false, true]) func aRunWhoseProgramIsKilledLosesNone(killsShellToo: Bool) async throws {
        try site(
            """
              - command:
                  run: "touch /srv/reached; while [ ! -e /srv/go ]; do sleep 0.02; done"
                  unless: "[ -e /srv/mended ]"
            """)
        let child = try bench.start("apply")
        try await eventually("the command runs") { host.has("/srv/reached") || child.hasEnded }
        child.signal(SIGKILL)
        #expect(await child.wait() == 128 + SIGKILL)
        let owner = try #require(host.text("/var/lib/apus-sync/lock/owner"))
        let shell = String(owner.prefix { $0 != " " })
        if killsShellToo { try await host.prepare("kill -9 \(shell)") }
        try host.write("/srv/go", [])
        try host.write("/srv/mended", [])
        try await eventually("the shell of the dead run is gone") {
            try await host.run("kill -0 \(shell)").code != 0
        }
        if killsShellToo { #expect(log == "") }
        let next = try await bench.run("apply")
        #expect(next.code == 0, "\(next.all)")
        #expect(log == "first\nsecond\n", "each ran once, in one of the two runs")
        try await expectQuiet()
    }

    @Test func aHandlerThatIsNotDeclaredAnyMoreIsTold() async throws {
        try site("  - command: { run: \"false\" }")
        #expect(try await bench.run("apply").code == 1)
        try bench.site("resources:\n  - file: { path: /srv/a, content: new }")
        let run = try await bench.run("apply")
        #expect(run.code == 0)
        #expect(run.report?.notes?.count == 2, "\(run.all)")
        #expect(run.report?.notes?.allSatisfy { $0.contains("of another site") && $0.contains("pending/") } == true)
    }
}
