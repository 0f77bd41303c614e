import Base
import Glibc
import Synchronization
import TestKit
import Testing

/// Disks that are full or read-only: said clearly, nothing half-written, and mended by the next run.
@Suite(.timeLimit(.minutes(10))) struct SyncStorageTests {
    private let bench: SyncBench
    private let large = SyncBench.noise(200_000)
    private var host: SSHHosts.Host { bench.host }

    init() async throws {
        bench = try await SyncBench()
        try Files.writeAtomically(large, to: "\(bench.folder.path)/large")
        try bench.site(
            """
            resources:
              - file: { path: /mnt/disk/large, source: large }
              - line: { path: /mnt/disk/lines, line: new, create: true }
            """)
        try await host.prepare(
            "mkdir /mnt/disk && mount -t tmpfs -o size=64k tmpfs /mnt/disk && cd /mnt/disk && echo old >large && echo old >lines"
        )
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isRaised: Bool { value.load(ordering: .relaxed) }
        func raise() { value.store(true, ordering: .relaxed) }
    }

    private func expectOld() async throws {
        #expect(host.text("/mnt/disk/large") == "old\n")
        #expect(host.text("/mnt/disk/lines") == "old\n")
        #expect(try await host.run("ls -A /mnt/disk").output == "large\nlines\n")
        #expect(!host.has("/var/lib/apus-sync/lock"))
    }

    private func expectMended() async throws {
        let next = try await bench.run("apply")
        #expect(next.code == 0, "\(next.all)")
        #expect(host.bytes("/mnt/disk/large") == large)
        #expect(host.text("/mnt/disk/lines") == "old\nnew\n")
        #expect(try await host.run("ls -A /mnt/disk").output == "large\nlines\n")
        let last = try await bench.run("apply")
        #expect(last.report?.status == "same", "\(last.all)")
    }

    /// Whoever opens the file while it is replaced, again and again, finds the one or the other whole.
    @Test func nobodyEverSeesHalfAFile() async throws {
        let (small, big) = (SyncBench.noise(2 << 20, seed: 1), SyncBench.noise(3 << 20, seed: 2))
        try Files.writeAtomically(small, to: "\(bench.folder.path)/small")
        try Files.writeAtomically(big, to: "\(bench.folder.path)/big")
        try host.write("/srv/file", small)
        let path = host.root + "/srv/file"
        let isOver = Flag()
        let reader = Task.detached {
            var seen: Set<Int> = []
            while !isOver.isRaised {
                var status = stat()
                seen.insert(stat(path, &status) == 0 ? Int(status.st_size) : -1)
                await Task.yield()
            }
            return seen
        }
        for name in ["big", "small", "big"] {
            try bench.site("resources:\n  - file: { path: /srv/file, source: \(name) }")
            let run = try await bench.run("apply")
            #expect(run.code == 0, "\(run.all)")
        }
        isOver.raise()
        #expect(await reader.value == [small.count, big.count])
        #expect(host.bytes("/srv/file") == big)
    }

    @Test func aFullDiskKeepsTheOldFile() async throws {
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.error?.message.contains("No space left on device") == true, "\(run.all)")
        #expect(run.report?.error?.message.contains("/mnt/disk/large") == true, "\(run.all)")
        try await expectOld()
        try await host.prepare("mount -o remount,size=2m /mnt/disk")
        try await expectMended()
    }

    @Test func aReadOnlyDiskIsSaid() async throws {
        try await host.prepare("mount -o remount,size=2m,ro /mnt/disk")
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.error?.message.contains("Read-only file system") == true, "\(run.all)")
        try await expectOld()
        try await host.prepare("mount -o remount,rw /mnt/disk")
        try await expectMended()
    }

    /// Contents that cannot be unpacked are never taken for commands, though they hold some.
    @Test(arguments: ["debian", "busybox"]) func aFullStateFolderRunsNothing(kind: String) async throws {
        let bench = try await SyncBench(kind: kind)
        let line = "\ntouch /srv/taken-for-a-command\n"
        try bench.folder.write("evil", String(repeating: line, count: 40_000))
        try bench.folder.write("small", line)
        try bench.site(
            """
            resources:
              - file: { path: /srv/small, source: small }
              - file: { path: /srv/evil, source: evil }
              - command: { run: "touch /srv/ran", creates: /srv/ran }
            """)
        let state = "/var/lib/apus-sync"
        try await bench.host.prepare("mkdir -p \(state) && mount -t tmpfs -o size=64k tmpfs \(state)")
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.error?.code == "stage-failed", "\(run.all)")
        #expect(run.report?.error?.message.contains("No space left on device") == true, "\(run.all)")
        #expect(run.report?.titles("not-run").count == 3)
        for path in ["/srv/small", "/srv/evil", "/srv/ran", "/srv/taken-for-a-command"] {
            #expect(!bench.host.has(path), "\(path)")
        }
        try await eventually("the shell has ended") { !bench.host.has("\(state)/lock") }
        try await bench.host.prepare("mount -o remount,size=8m \(state)")
        let next = try await bench.run("apply")
        #expect(next.code == 0, "\(next.all)")
        #expect(bench.host.bytes("/srv/evil")?.count == 40_000 * line.utf8.count)
        #expect(!bench.host.has("/srv/taken-for-a-command"))
    }

    @Test(arguments: ["/var/lib/apus-sync", "/var/lib/apus-sync/pending"])
    func aReadOnlyStateFolderIsSaid(folder: String) async throws {
        try await host.prepare(
            """
            mkdir /var/lib/apus-sync && mount -t tmpfs tmpfs /var/lib/apus-sync && mkdir -p \(folder)
            mount -o remount,ro /var/lib/apus-sync
            """)
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.error?.code == "state-folder", "\(run.all)")
        #expect(run.report?.error?.message.contains("Read-only file system") == true, "\(run.all)")
        let plan = try await bench.run("plan", ["--detailed-exitcode"])
        #expect(plan.code == 2, "who only looks needs no state: \(plan.all)")
        try await expectOld()
        try await host.prepare("umount /var/lib/apus-sync; mount -o remount,size=2m /mnt/disk")
        try await expectMended()
    }
}
