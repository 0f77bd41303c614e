import Base
import Glibc
import TestKit
import Testing

/// Users that are not root, and how they become others.
@Suite(.timeLimit(.minutes(10))) struct SyncBecomeTests {
    private static let variable = "APUS_TEST_BECOME"
    private let bench: SyncBench

    init() async throws { bench = try await SyncBench() }

    private static let resources = """
        resources:
          - file: { path: /etc/apus-test, content: "mine\\n", owner: root, mode: "0600" }
          - command: { run: "id -un >/srv/who", creates: /srv/who }
        """

    private func site(user: String, become: String, _ resources: String = Self.resources) throws {
        try bench.site(resources, hosts: "  host1: { user: \(user), become: \(become) }\n")
    }

    private var password: String { bench.machines.adminPassword }

    /// Files on the host, written since it started, that hold the text.
    private func filesWith(_ text: String) async throws -> String {
        try bench.host.write("/srv/wanted", Array(text.utf8))
        let found = try await bench.host.run(
            "find / /run /dev/shm -xdev -type f ! -path /srv/wanted -newer /etc/hostname -exec grep -lF -f /srv/wanted {} +"
        )
        return found.output
    }

    @Test func aPasswordIsGivenToSudoAndSeenNowhere() async throws {
        try site(
            user: admin, become: "{ password: \"${env:\(Self.variable)}\" }",
            """
            resources:
              - file: { path: /etc/apus-test, content: "mine\\n", owner: root, mode: "0600" }
              - command: { run: "id -un >/srv/who; while [ ! -e /srv/go ]; do sleep 0.02; done", creates: /srv/who }
            """)
        let environment = [Self.variable: password]
        var runs: [SyncRun] = []
        let seen = try await ProcessWatch.during { watch in
            runs.append(try await bench.run("plan", environment: environment, output: "text"))
            let child = try bench.start("apply", ["--output", "json"], environment: environment)
            try await eventually("ssh, sudo and the command run") {
                watch.hasSeen("ssh -F ") && watch.hasSeen("sudo -H -S -p apus-password-") && bench.host.has("/srv/who")
            }
            try bench.host.write("/srv/go", [])
            runs.append(await SyncRun(of: child))
        }
        #expect(runs.last?.code == 0, "\(runs.last?.all ?? "")")
        #expect(bench.host.text("/srv/who") == "root\n")
        #expect(bench.host.ownership("/etc/apus-test") == "600 0:0")
        #expect(!seen.contains { $0.contains(password) })
        for run in runs { #expect(!run.all.contains(password)) }
        #expect(try await filesWith(password) == "")
        // What the search is worth.
        try bench.host.write("/srv/planted", Array("x \(password) y".utf8))
        #expect(try await filesWith(password) == "/srv/planted\n")

        let second = try await bench.run("apply", environment: environment)
        #expect(second.report?.status == "same", "\(second.all)")
    }

    private var admin: String { "admin" }

    @Test func aWrongPasswordIsRefusedAndChangesNothing() async throws {
        try site(user: admin, become: "{ password: \"${env:\(Self.variable)}\" }")
        let run = try await bench.run("apply", environment: [Self.variable: "wrong horse"])
        #expect(run.code == 1)
        #expect(run.report?.status == "failed")
        #expect(run.report?.error?.code == "become-failed", "\(run.all)")
        #expect(!run.all.contains("wrong horse"))
        #expect(!bench.host.has("/etc/apus-test"))
    }

    @Test func aMissingPasswordIsSaid() async throws {
        try site(user: admin, become: "true")
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.error?.code == "become-failed")
        #expect(run.report?.error?.message.contains("give become.password") == true, "\(run.all)")
    }

    @Test func sudoMayNeedNoPassword() async throws {
        for become in ["true", "{ password: \"${env:\(Self.variable)}\" }"] {
            try site(user: "ops", become: become)
            // A password that nobody asks for goes nowhere.
            let run = try await bench.run("apply", environment: [Self.variable: "unused"])
            #expect(run.code == 0, "\(run.all)")
            #expect(bench.host.ownership("/etc/apus-test") == "600 0:0")
            try await bench.host.prepare("rm -f /etc/apus-test /srv/who")
        }
    }

    @Test(arguments: ["root", "admin"]) func anotherUserIsBecome(login: String) async throws {
        let password = login == "root" ? "" : ", password: \"${env:\(Self.variable)}\""
        try site(
            user: login, become: "{ user: ops\(password) }",
            """
            resources:
              - file: { path: /home/ops/notes, content: "mine\\n", mode: "0640" }
              - command: { run: "id -un >/home/ops/who; echo $HOME >>/home/ops/who", creates: /home/ops/who }
            """)
        let environment = [Self.variable: self.password]
        let run = try await bench.run("apply", environment: environment)
        #expect(run.code == 0, "\(run.all)")
        #expect(bench.host.ownership("/home/ops/notes") == "640 1001:1001")
        #expect(bench.host.text("/home/ops/who") == "ops\n/home/ops\n")
        #expect(!bench.host.has("/var/lib/apus-sync"), "who is not root keeps the state at home")
        #expect(bench.host.has("/home/ops/.local/state/apus/sync/pending"))
        let second = try await bench.run("apply", environment: environment)
        #expect(second.report?.status == "same", "\(second.all)")
    }

    /// Without becoming anybody, what only root may is a failure that says so.
    @Test func withoutBecomeRootsFilesAreOutOfReach() async throws {
        try site(user: admin, become: "false")
        let run = try await bench.run("apply")
        #expect(run.code == 1)
        #expect(run.report?.status == "failed", "\(run.all)")
        #expect(run.report?.error?.message.contains("Permission denied") == true, "\(run.all)")
        #expect(!bench.host.has("/etc/apus-test"))
    }
}
