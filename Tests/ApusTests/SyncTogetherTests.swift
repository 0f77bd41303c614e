import Base
import Glibc
import TestKit
import Testing

/// Many new files of one folder are put in place together; what goes wrong meanwhile leaves each absent or whole.
@Suite(.timeLimit(.minutes(10))) struct SyncTogetherTests {
    private static let count = 60
    private let bench: SyncBench
    private var host: SSHHosts.Host { bench.host }

    init() async throws { bench = try await SyncBench() }

    private func site(_ folder: String, size: Int = 3000, more: String = "") throws {
        try bench.site(
            """
            resources:
              - file:
                  path: "\(folder)/f{{ item }}"
                  content: "{{ item }} {{ 'x' * \(size) }}\\n"
                  mode: "0640"
                  group: daemon
                loop: "{{ range(\(Self.count)) | list }}"
            \(more)
            """)
    }

    private func expectWhole(_ folder: String, size: Int = 3000) -> Int {
        var found = 0
        for number in 0..<Self.count {
            guard let text = host.text("\(folder)/f\(number)") else { continue }
            found += 1
            #expect(text == "\(number) \(String(repeating: "x", count: size))\n", "\(folder)/f\(number)")
            #expect(host.ownership("\(folder)/f\(number)") == "640 0:1", "\(folder)/f\(number)")
        }
        return found
    }

    private func expectNothingLeft(_ folder: String) async throws {
        #expect(try await host.run("ls -A \(folder) | grep apus").output == "")
        #expect(!host.has("/var/lib/apus-sync/temporary"))
        #expect(!host.has("/var/lib/apus-sync/stage"))
    }

    @Test func allAreMadeAsDeclared() async throws {
        try site("/srv", more: "  - file: { path: /srv/last, content: last }")
        let first = try await bench.run("apply")
        #expect(first.code == 0 && first.report?.titles("changed").count == Self.count + 1, "\(first.all)")
        #expect(expectWhole("/srv") == Self.count)
        try await expectNothingLeft("/srv")
        let second = try await bench.run("apply")
        #expect(second.report?.status == "same", "\(second.all)")
    }

    @Test func asAnotherUserToo() async throws {
        try await host.prepare("mkdir -m 0700 /srv/own && chown ops /srv/own")
        let hosts = "  \(host.name): { user: ops }\n"
        let files = (0..<8).map { "  - file: { path: /srv/own/f\($0), content: \"\($0)\" }" }.joined(separator: "\n")
        try bench.site("resources:\n\(files)", hosts: hosts)
        let run = try await bench.run("apply")
        #expect(run.code == 0 && run.report?.titles("changed").count == 8, "\(run.all)")
        #expect(try await host.run("stat -c %U:%a /srv/own/* | sort -u; cat /srv/own/*").output == "ops:644\n01234567")
    }

    @Test func onASmallHostToo() async throws {
        let bench = try await SyncBench(kind: "busybox")
        try bench.site(
            """
            resources:
              - file: { path: "/srv/f{{ item }}", content: "{{ item }} {{ 'x' * 3000 }}", mode: "0640" }
                loop: "{{ range(\(Self.count)) | list }}"
            """)
        let run = try await bench.run("apply")
        #expect(run.code == 0 && run.report?.titles("changed").count == Self.count, "\(run.all)")
        for number in 0..<Self.count {
            #expect(bench.host.text("/srv/f\(number)") == "\(number) \(String(repeating: "x", count: 3000))")
        }
        #expect(try await bench.host.run("ls -A /srv | grep -c apus").output == "0\n")
        #expect(try await bench.run("apply").report?.status == "same")
    }

    @Test func aFullDiskIsToldOfTheFileThatMeetsIt() async throws {
        try await host.prepare("mkdir /mnt/disk && mount -t tmpfs -o size=64k tmpfs /mnt/disk")
        try site("/mnt/disk")
        let run = try await bench.run("apply")
        #expect(run.code == 1, "\(run.all)")
        #expect(run.report?.error?.message.contains("No space left on device") == true, "\(run.all)")
        let made = expectWhole("/mnt/disk")
        #expect(made > 0 && made < Self.count)
        #expect(run.report?.titles("changed").count == made && run.report?.titles("failed").count == 1, "\(run.all)")
        try await expectNothingLeft("/mnt/disk")
        try await host.prepare("mount -o remount,size=4m /mnt/disk")
        let next = try await bench.run("apply")
        #expect(next.code == 0, "\(next.all)")
        #expect(expectWhole("/mnt/disk") == Self.count)
    }

    /// The step alone dies, as when memory runs out: each file is then made by itself.
    @Test func theOrdinaryWayFollowsOneThatDied() async throws {
        try await host.prepare(
            "mv /usr/bin/sync /usr/bin/sync.real; printf '#!/bin/sh\\nkill -9 $PPID\\n' >/usr/bin/sync; chmod +x /usr/bin/sync"
        )
        try site("/srv")
        let run = try await bench.run("apply")
        #expect(run.code == 0 && run.report?.titles("changed").count == Self.count, "\(run.all)")
        #expect(expectWhole("/srv") == Self.count)
        try await expectNothingLeft("/srv")
    }

    /// Everything dies when half of the files are in place.
    @Test func theNextRunCleansUpBehindOneThatWasKilled() async throws {
        try await host.prepare(
            """
            mv /usr/bin/mv /usr/bin/mv.real
            cat >/usr/bin/mv <<'END'
            #!/bin/sh
            case $* in */f9*) ;; *) exec mv.real "$@";; esac
            mv.real -f ./f1* ..
            read -r a b c parent rest </proc/$PPID/stat
            kill -9 "$parent" $PPID
            END
            chmod +x /usr/bin/mv
            """)
        try site("/srv")
        let cut = try await bench.run("apply")
        #expect(cut.code == 1, "\(cut.all)")
        let made = expectWhole("/srv")
        #expect(made == 11)
        #expect(cut.report?.titles("failed").count == Self.count, "\(cut.all)")
        try await host.prepare("mv.real -f /usr/bin/mv.real /usr/bin/mv")
        let next = try await bench.applyWhenFree()
        #expect(next.code == 0 && next.report?.titles("changed").count == Self.count - made, "\(next.all)")
        #expect(expectWhole("/srv") == Self.count)
        try await expectNothingLeft("/srv")
    }
}
