import Base
import Glibc
import TestKit
import Testing

/// What a failed resource does to the others, and what one resource does to another.
@Suite(.timeLimit(.minutes(10))) struct SyncFailureTests {
    private let bench: SyncBench
    private var host: SSHHosts.Host { bench.host }

    init() async throws { bench = try await SyncBench() }

    private static let resources = """
        resources:
          - file: { path: /srv/before, content: x }
          - command: { run: "echo run >>/srv/broken; echo why it failed >&2; exit 3", creates: /srv/never }
            name: broken
          - file: { path: /srv/after, content: x }
          - file: { path: /srv/dependent, content: x }
            name: dependent
            requires: broken
          - file: { path: /srv/indirect, content: x }
            requires: dependent
          - package: { name: apus-daemon }
          - service: { name: apus-daemon, enabled: false }
        """

    private func isThere(_ paths: String...) -> [Bool] { paths.map { host.has("/srv/\($0)") } }

    @Test func aFailureStopsWhatFollows() async throws {
        try bench.site(Self.resources)
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.titles("failed").count == 1, "\(run.all)")
        #expect(run.report?.titles("changed") == ["file /srv/before"])
        #expect(run.report?.titles("not-run").count == 5)
        #expect(run.report?.error?.code == "resource-failed")
        #expect(run.report?.error?.message.contains("why it failed") == true)
        #expect(isThere("before", "after", "dependent", "indirect") == [true, false, false, false])
    }

    /// Also over several rounds: the service is decided on after its package.
    @Test func keepGoingLeavesOutWhatRequiresTheFailed() async throws {
        try bench.site(Self.resources)
        let run = try await bench.run("apply", ["--keep-going"])
        #expect(run.code == 1)
        #expect(run.report?.status == "failed", "\(run.all)")
        #expect(isThere("before", "after", "dependent", "indirect") == [true, true, false, false], "\(run.all)")
        #expect(host.text("/srv/broken") == "run\n", "what failed is not tried again in the same run")
        #expect(run.report?.item("service apus-daemon")?.status == "changed", "\(run.all)")
        #expect(try await host.run("systemctl is-enabled apus-daemon").output == "disabled\n")
    }

    @Test func anIgnoredErrorIsToldAndNothingMore() async throws {
        try bench.site(
            """
            resources:
              - command: { run: "echo run >>/srv/broken; exit 3" }
                ignoreErrors: true
              - package: { name: apus-daemon }
              - service: { name: apus-daemon, enabled: false }
            """)
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(run.report?.titles("failed").count == 1)
        #expect(run.report?.titles("changed") == ["package apus-daemon", "service apus-daemon"], "\(run.all)")
        #expect(host.text("/srv/broken") == "run\n")
        #expect(try await host.run("systemctl is-enabled apus-daemon").output == "disabled\n")
    }

    /// Each resource undoes the other: no run may say that the host is as declared.
    @Test func resourcesThatUndoEachOtherAreNoSuccess() async throws {
        try bench.site(
            """
            resources:
              - file: { path: /srv/app/a, mode: "0600", content: x }
              - directory: { path: /srv/app, recurse: true, fileMode: "0644" }
            """)
        try await host.prepare("mkdir /srv/app; touch /srv/app/a; chmod 0644 /srv/app/a")
        let run = try await bench.run("apply")
        #expect(run.code == 1, "\(run.all)")
        #expect(run.report?.error?.message.contains("/srv/app") == true, "\(run.all)")
    }

    /// A later resource breaks what was as declared before it: that is seen, and mended in the same run.
    @Test func whatALaterResourceBreaksIsMended() async throws {
        try bench.site(
            """
            resources:
              - file: { path: /srv/a, mode: "0600", content: x }
              - command: { run: "chmod 0644 /srv/a; touch /srv/done", creates: /srv/done }
            """)
        try host.write("/srv/a", Array("x".utf8))
        try await host.prepare("chmod 0600 /srv/a")
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(host.ownership("/srv/a") == "600 0:0")
        #expect(run.report?.item("file /srv/a")?.status == "changed", "\(run.all)")
    }
}
