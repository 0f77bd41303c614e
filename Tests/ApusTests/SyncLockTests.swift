import Base
import Glibc
import TestKit
import Testing

/// One run at a time on a host: others are refused, what died is cleaned up behind, and Ctrl-C lets go.
@Suite(.timeLimit(.minutes(10))) struct SyncLockTests {
    private static let folder = "/var/lib/apus-sync"

    /// A step that says when it runs, and waits until it may end.
    private static let waiting = """
        resources:
          - file: { path: /srv/before, content: x }
          - command: { run: "touch /srv/reached; while [ ! -e /srv/go ]; do sleep 0.02; done", creates: /srv/reached }
            name: slow
          - file: { path: /srv/after, content: x }
        """

    private func reached(_ bench: SyncBench, _ child: ChildProcess) async throws {
        try await eventually("the slow command runs") { bench.host.has("/srv/reached") || child.hasEnded }
        try #require(!child.hasEnded, "\(child.output)\(child.errors)")
    }

    @Test func whoComesSecondIsRefused() async throws {
        let bench = try await SyncBench()
        try bench.site(Self.waiting)
        let first = try bench.start("apply", ["--output", "json"], environment: ["USER": "anna"])
        try await reached(bench, first)
        let second = try await bench.run("apply")
        #expect(second.code == 1)
        #expect(second.report?.status == "failed", "\(second.all)")
        #expect(second.report?.error?.code == "host-locked")
        #expect(second.report?.error?.message.contains("anna@") == true, "\(second.all)")
        let plan = try await bench.run("plan")
        #expect(plan.code == 0, "who only looks needs no lock: \(plan.all)")
        try bench.host.write("/srv/go", [])
        let run = await SyncRun(of: first)
        #expect(run.code == 0, "\(run.all)")
        let third = try await bench.run("apply")
        #expect(third.report?.status == "same", "\(third.all)")
    }

    /// What may stand there after a death: of a process that is gone, of before the last boot, or half made.
    @Test(arguments: [
        "999999 $(cat /proc/sys/kernel/random/boot_id) 7", "1 0b5cbd6e-0000-4000-8000-000000000000 7", "",
        // A process with the number lives, and is another one.
        "1 $(cat /proc/sys/kernel/random/boot_id) 7",
        "garbage", "999999 $(cat /proc/sys/kernel/random/boot_id) and more",
    ])
    func theLockOfADeadRunIsTakenOver(owner: String) async throws {
        let bench = try await SyncBench()
        try bench.site("resources:\n  - file: { path: /srv/a, content: new }")
        try await bench.host.prepare(
            """
            mkdir -p \(Self.folder)/lock \(Self.folder)/stage \(Self.folder)/pending; echo x >\(Self.folder)/stage/c0-0
            printf '%s\\nanna@gone\\n' "\(owner)" >\(Self.folder)/lock/owner
            [ -n "\(owner)" ] || : >\(Self.folder)/lock/owner
            touch /srv/.apus-0123456789abcdef /srv/mine
            printf '%s\\n' /srv/.apus-0123456789abcdef /srv/mine >\(Self.folder)/temporary
            """)
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(bench.host.text("/srv/a") == "new")
        #expect(!bench.host.has("/srv/.apus-0123456789abcdef"), "what a dead run left is removed")
        #expect(bench.host.has("/srv/mine"), "and nothing else, whatever the list says")
        #expect(try await bench.host.run("ls -A \(Self.folder)").output == "pending\n")
    }

    /// Many runs find the same dead lock at once: one of them has the host at a time.
    @Test func runsNeverInterleave() async throws {
        let bench = try await SyncBench(8)
        try bench.site(
            """
            resources:
              - command: { run: "echo begin $PPID >>/srv/log; sleep 0.1; echo end $PPID >>/srv/log" }
              - command: { run: "echo done >>/srv/log" }
            """)
        for host in bench.hosts {
            try await host.prepare(
                """
                mkdir -p \(Self.folder)/lock \(Self.folder)/pending
                printf '999999 %s\\nanna@gone\\n' "$(cat /proc/sys/kernel/random/boot_id)" >\(Self.folder)/lock/owner
                """)
        }
        let children = try (0..<4).map { _ in try bench.start("apply", ["--output", "json"]) }
        var runs: [SyncRun] = []
        for child in children { runs.append(await SyncRun(of: child)) }
        let reports = runs.flatMap(\.reports)
        for host in bench.hosts {
            let own = reports.filter { $0.host == host.name }
            #expect(own.count == 4)
            let done = own.filter { $0.status == "changed" }.count
            #expect(done >= 1)
            for report in own where report.status != "changed" {
                #expect(report.error?.code == "host-locked", "\(report)")
            }
            let lines = (host.text("/srv/log") ?? "").split(separator: "\n")
            #expect(lines.count == done * 3, "\(lines)")
            for index in lines.indices where index % 3 == 0 && index + 2 < lines.count {
                let number = lines[index].dropFirst("begin ".count)
                #expect(lines[index + 1] == "end \(number)" && lines[index + 2] == "done", "\(lines)")
            }
        }
    }

    /// The shell of a run is killed, as when memory runs out, and what it was at goes on.
    @Test func aStepThatOutlivesItsShellKeepsOthersOut() async throws {
        let bench = try await SyncBench()
        try bench.site(Self.waiting)
        let first = try bench.start("apply", ["--output", "json"])
        try await reached(bench, first)
        let shell = String(try #require(bench.host.text("\(Self.folder)/lock/owner")).prefix { $0 != " " })
        try await bench.host.prepare("kill -9 \(shell)")
        #expect(await SyncRun(of: first).code == 1)
        let second = try await bench.run("apply")
        #expect(second.report?.error?.code == "host-locked", "\(second.all)")
        try bench.host.write("/srv/go", [])
        let third = try await bench.applyWhenFree()
        #expect(third.code == 0, "\(third.all)")
    }

    @Test(arguments: [SIGINT, SIGTERM]) func anInterruptTellsWhatWasDoneAndLetsGo(signal: Int32) async throws {
        let bench = try await SyncBench(3)
        try bench.site(Self.waiting)
        let journal = "\(bench.folder.path)/journal"
        let child = try bench.start("apply", ["--output", "json", "--forks", "1", "--journal", journal])
        try await reached(bench, child)
        let shell = String(try #require(bench.host.text("\(Self.folder)/lock/owner")).prefix { $0 != " " })
        child.signal(signal)
        let run = await SyncRun(of: child)
        #expect(run.code == 130, "\(run.all)")
        let report = try #require(run.report("host1"), "\(run.all)")
        #expect(report.status == "interrupted")
        #expect(report.titles("changed") == ["file /srv/before"], "\(run.all)")
        #expect(report.resources.first { $0.name == "slow" }?.message?.contains("cut off") == true, "\(run.all)")
        #expect(report.item("file /srv/after")?.status == "not-run")
        #expect(run.reports.dropFirst().allSatisfy { $0.status == "interrupted" && $0.resources.isEmpty })
        #expect(run.errors.contains("interrupted"))
        #expect(String(decoding: try Files.read(journal), as: UTF8.self).contains(#""stopped":"interrupted""#))

        // What it has started goes on until it ends; the lock goes with it.
        try bench.host.write("/srv/go", [])
        try await eventually("the shell of the run is gone") { try await bench.host.run("kill -0 \(shell)").code != 0 }
        #expect(!bench.host.has("\(Self.folder)/lock"))
        #expect(!bench.host.has("/srv/after"), "nothing more was done")
        for host in bench.hosts { try host.write("/srv/go", []) }
        let next = try await bench.run("apply")
        #expect(next.code == 0, "\(next.all)")
        #expect(next.report("host1")?.titles("changed").contains("file /srv/after") == true, "\(next.all)")
    }
}
