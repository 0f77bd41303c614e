import Base
import Glibc
import TestKit
import Testing

/// Hosts that have little: busybox for everything, or programs missing.
@Suite(.timeLimit(.minutes(10))) struct SyncSmallHostTests {
    private static let resources = """
        resources:
          - directory: { path: /srv/app, mode: "0750", owner: admin, group: admin }
          - file: { path: /srv/app/text, content: "one\\n", mode: "0640", owner: admin }
          - file: { path: /srv/app/large, source: large }
          - file: { path: /srv/app/facts, content: "{{ facts.hostname }} {{ facts.kernel }}\\n" }
          - line: { path: /etc/profile, line: "export EDITOR=vi", create: true }
          - symlink: { path: /srv/app/link, target: text }
          - command: { run: "echo made >/srv/app/made", creates: /srv/app/made }
        """

    private func changesOnce(_ bench: SyncBench) async throws {
        let large = SyncBench.noise(1 << 20)
        try Files.writeAtomically(large, to: "\(bench.folder.path)/large")
        try bench.site(Self.resources)
        let first = try await bench.run("apply")
        #expect(first.code == 0, "\(first.all)")
        #expect(first.report?.titles("changed").count == 7, "\(first.all)")
        let host = bench.host
        #expect(host.ownership("/srv/app") == "750 1000:1000")
        #expect(host.text("/srv/app/text") == "one\n")
        #expect(host.ownership("/srv/app/text") == "640 1000:0")
        #expect(host.bytes("/srv/app/large") == large)
        #expect(host.text("/srv/app/facts") == "host1 Linux\n")
        #expect(host.text("/etc/profile")?.contains("export EDITOR=vi\n") == true)
        #expect(try await host.run("readlink /srv/app/link; cat /srv/app/made").output == "text\nmade\n")
        let second = try await bench.run("apply")
        #expect(second.code == 0)
        #expect(second.report?.status == "same", "\(second.all)")

        try await host.prepare(
            "chmod 0600 /srv/app/text; chown ops /srv/app; echo x >>/srv/app/large; rm /srv/app/link")
        let plan = try await bench.run("plan", ["--detailed-exitcode"])
        #expect(plan.code == 2)
        let drifted = ["directory /srv/app", "file /srv/app/text", "file /srv/app/large", "symlink /srv/app/link"]
        #expect(plan.report?.titles("changed") == drifted, "\(plan.all)")
        #expect(try await bench.run("apply").code == 0)
        let last = try await bench.run("apply")
        #expect(last.report?.status == "same", "\(last.all)")
        let left = try await host.run("ls -A /srv /srv/app | grep -F .apus-; ls -A /var/lib/apus-sync")
        #expect(left.output == "pending\n")
    }

    @Test func busyboxIsEnough() async throws {
        try await changesOnce(try await SyncBench(kind: "busybox"))
    }

    /// busybox runs its own programs whatever stands in its folders, so it is a Debian that loses them here.
    @Test(arguments: ["stat", "sha256sum"]) func aProgramMayBeMissing(program: String) async throws {
        let bench = try await SyncBench()
        // Without sha256sum there must be another one that knows SHA-256.
        try await bench.host.prepare("rm /usr/bin/\(program)")
        try #require(try await bench.host.run("command -v \(program)").code != 0)
        try await changesOnce(bench)
    }

    @Test func withoutTarNothingIsDone() async throws {
        let bench = try await SyncBench()
        try await bench.host.prepare("rm /usr/bin/tar /bin/tar 2>/dev/null; ! command -v tar")
        try bench.site("resources:\n  - file: { path: /srv/text, content: one }")
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.error?.code == "stage-failed")
        #expect(run.report?.error?.message.contains("tar") == true, "\(run.all)")
        #expect(!bench.host.has("/srv/text"))
    }

    /// Long texts travel compressed where the host can unpack them, else as they are.
    @Test func withoutGzipContentsTravelAsTheyAre() async throws {
        let bench = try await SyncBench()
        try await bench.host.prepare("rm /usr/bin/gzip /bin/gzip 2>/dev/null; ! command -v gzip")
        let text = String(repeating: "one of many lines\n", count: 4000)
        try bench.host.write("/srv/text", Array("old\n".utf8))
        try bench.folder.write("long", text)
        try bench.site("resources:\n  - file: { path: /srv/text, template: long }")
        let run = try await bench.run("apply")
        #expect(run.code == 0, "\(run.all)")
        #expect(bench.host.text("/srv/text") == text)
        #expect(try await bench.host.run("ls -A /srv").output == "text\n")
    }
}
