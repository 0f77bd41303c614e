import Base
import Glibc
import TestKit
import Testing

/// Many kinds of resources on a Debian, as root: changed once, proven, mended after a drift, and taken away.
@Suite(.timeLimit(.minutes(10))) struct SyncKindsTests {
    private static let resources = """
        vars:
          greeting: Hello
        resources:
          - directory: { path: /srv/app, mode: "0750", owner: admin }
          - file: { path: /srv/app/inline, content: "one\\n", mode: "0640", owner: admin, group: admin }
          - file: { path: /srv/app/bytes, base64: "AAECAwr/" }
          - file: { path: /srv/app/large, source: large, mode: "0600" }
          - file: { path: /srv/app/motd, template: motd }
          - directory: { path: /srv/tree, source: tree }
          - symlink: { path: /srv/app/link, target: inline }
          - line: { path: /srv/app/lines, regexp: "^port=", line: port=8080, create: true }
          - block: { path: /srv/app/lines, block: "a\\nb", name: two }
          - group: { name: deploy, gid: 2000 }
          - user: { name: deployer, uid: 2001, group: deploy, groups: [sudo], shell: /bin/sh, comment: Deployer }
          - user: { name: visitor }
          - package: { name: apus-hello, version: "1.0" }
          - package: { name: apus-daemon }
          - service: { name: apus-daemon, running: true, enabled: true }
          - command: { run: "echo made >/srv/app/made", creates: /srv/app/made }
          - command: { run: "echo x >>/srv/app/appended", unless: "grep -q x /srv/app/appended" }
          - cron: { name: nightly, minute: "5", hour: "3", command: "date +%s >/dev/null" }
          - sysctl: { name: net.ipv4.ip_forward, value: "1" }
          - hostsEntry: { ip: 192.0.2.7, names: [db, db.example], inPlace: true }

        """

    private let bench: SyncBench
    private let large: [UInt8]

    init() async throws {
        bench = try await SyncBench()
        large = SyncBench.noise(3 << 20)
        try Files.writeAtomically(large, to: "\(bench.folder.path)/large")
        try bench.folder.write("motd", "{{ greeting }} from {{ facts.hostname }}, {{ facts.os.id }}, {{ host }}\n")
        mkdir("\(bench.folder.path)/tree", 0o755)
        mkdir("\(bench.folder.path)/tree/inner", 0o755)
        try bench.folder.write("tree/top", "top\n")
        try bench.folder.write("tree/inner/below", "below\n")
        try bench.site(Self.resources)
    }

    private func apply() async throws -> SyncRun { try await bench.run("apply") }

    private func expectDeclared() async throws {
        let second = try await apply()
        #expect(second.code == 0)
        #expect(second.report?.status == "same", "\(second.all)")
        #expect(second.report?.resources.allSatisfy { $0.status == "same" } == true, "\(second.all)")
        #expect(second.report?.resources.count == 20)
        // One leg, and nothing is left of the run.
        #expect(second.report?.legs == 1)
        #expect(bench.host.has("/var/lib/apus-sync/lock") == false)
        let plan = try await bench.run("plan", ["--detailed-exitcode"])
        #expect(plan.code == 0, "\(plan.all)")
    }

    @Test func changesOnceAndThenNothing() async throws {
        let before = try await bench.run("plan", ["--detailed-exitcode"])
        #expect(before.code == 2)
        #expect(before.report?.titles("same") == [])
        #expect(!bench.host.has("/srv/app") && !bench.host.has("/var/lib/apus-sync"), "a plan changes nothing")

        let first = try await apply()
        #expect(first.code == 0, "\(first.all)")
        #expect(first.report?.status == "changed")
        // The service was started by its package: it is looked at again after it, and is as declared.
        #expect(first.report?.titles("changed").count == 19, "\(first.all)")
        #expect(first.report?.titles("same") == ["service apus-daemon"])
        #expect(first.report?.item("service apus-daemon")?.message == nil, "why it had to wait is past")

        let host = bench.host
        #expect(host.ownership("/srv/app") == "750 1000:0")
        #expect(host.text("/srv/app/inline") == "one\n")
        #expect(host.ownership("/srv/app/inline") == "640 1000:1000")
        #expect(host.bytes("/srv/app/bytes") == [0, 1, 2, 3, 10, 255])
        #expect(host.bytes("/srv/app/large") == large)
        #expect(host.ownership("/srv/app/large") == "600 0:0")
        #expect(host.text("/srv/app/motd") == "Hello from host1, debian, host1\n")
        #expect(host.text("/srv/tree/inner/below") == "below\n")
        #expect(
            host.text("/srv/app/lines") == """
                port=8080
                # BEGIN APUS MANAGED BLOCK two
                a
                b
                # END APUS MANAGED BLOCK two

                """)
        #expect(host.text("/etc/cron.d/nightly")?.hasSuffix("5 3 * * * root date +\\%s >/dev/null\n") == true)
        #expect(host.text("/etc/hosts")?.hasSuffix("192.0.2.7\tdb db.example\n") == true)
        let live = try await host.run(
            """
            readlink /srv/app/link; id -nG deployer; getent passwd deployer; apus-hello; cat /proc/sys/net/ipv4/ip_forward
            systemctl is-active apus-daemon; systemctl is-enabled apus-daemon; cat /srv/app/made /srv/app/appended
            """)
        #expect(
            live.output == """
                inline
                deploy sudo
                deployer:x:2001:2000:Deployer:/home/deployer:/bin/sh
                1.0
                1
                active
                enabled
                made
                x

                """)
        try await expectDeclared()
    }

    @Test func namesAndMendsWhatHasDrifted() async throws {
        try #require(try await apply().code == 0)
        try await bench.host.prepare(
            """
            chmod 0777 /srv/app/inline; echo two >/srv/app/motd; userdel -r visitor 2>/dev/null; rm /srv/app/link
            sed -i s/8080/9090/ /srv/app/lines; systemctl stop apus-daemon; apt-get -qq remove apus-hello >/dev/null
            echo 0 >/proc/sys/net/ipv4/ip_forward; rm /srv/app/made; rm -r /srv/tree/inner
            """)
        let drifted = [
            "file /srv/app/inline", "file /srv/app/motd", "directory /srv/tree", "symlink /srv/app/link",
            "line /srv/app/lines: ^port=", "user visitor", "package apus-hello", "service apus-daemon",
            "command echo made >/srv/app/made", "sysctl net.ipv4.ip_forward",
        ]
        let plan = try await bench.run("plan", ["--detailed-exitcode"])
        #expect(plan.code == 2)
        #expect(plan.report?.titles("changed") == drifted, "\(plan.all)")
        let mode = plan.report?.item("file /srv/app/inline")?.differences
        #expect(mode?.map(\.what) == ["mode"], "only what differs is named")
        #expect(plan.report?.item("file /srv/app/motd")?.differences?.first?.diff?.contains("-two") == true)
        let mended = try await apply()
        #expect(mended.code == 0, "\(mended.all)")
        #expect(mended.report?.titles("changed") == drifted, "\(mended.all)")
        try await expectDeclared()
    }

    @Test func takesAwayWhatIsDeclaredAbsent() async throws {
        try #require(try await apply().code == 0)
        try bench.site(
            """
            resources:
              - absent: { path: /srv/app, recursive: true }
              - absent: { path: /srv/tree/top }
              - user: { name: deployer, state: absent, removeHome: true }
              - group: { name: deploy, state: absent }
              - package: { name: [apus-hello, apus-daemon], state: absent, purge: true }
              - cron: { name: nightly, state: absent }
              - sysctl: { name: net.ipv4.ip_forward, state: absent }
              - hostsEntry: { ip: 192.0.2.7, state: absent, inPlace: true }
            """)
        let first = try await apply()
        #expect(first.code == 0, "\(first.all)")
        #expect(first.report?.titles("changed").count == 8, "\(first.all)")
        let host = bench.host
        for path in ["/srv/app", "/srv/tree/top", "/home/deployer", "/usr/bin/apus-hello", "/etc/cron.d/nightly"] {
            #expect(!host.has(path), "\(path)")
        }
        #expect(host.has("/srv/tree/inner/below"), "what is not declared stays")
        #expect(host.text("/etc/passwd")?.contains("deployer") == false)
        #expect(host.text("/etc/group")?.contains("deploy") == false)
        #expect(host.text("/etc/hosts")?.contains("192.0.2.7") == false)
        let second = try await apply()
        #expect(second.report?.status == "same", "\(second.all)")
    }
}
