import Base
import Glibc
import TestKit
import Testing

/// Whose key a host shows decides whether anything is said to it.
@Suite(.timeLimit(.minutes(10))) struct SyncHostKeyTests {
    private static let otherKey =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

    private let bench: SyncBench

    init() async throws {
        bench = try await SyncBench()
        try bench.site("resources:\n  - file: { path: /srv/a, content: x }")
    }

    private var known: String { "\(bench.folder.path)/known" }

    /// Runs with a known_hosts of the test's own.
    private func apply(_ arguments: String...) async throws -> SyncRun {
        let config = String(decoding: try Files.read("\(bench.folder.path)/ssh_config"), as: UTF8.self)
        try bench.folder.write("own_config", "UserKnownHostsFile \(known)\n" + config)
        return try await bench.run("apply", arguments, sshConfig: "own_config")
    }

    private func expectRefused(_ run: SyncRun, _ code: String) {
        #expect(run.code == 1)
        #expect(run.report?.status == "unreachable")
        #expect(run.report?.error?.code == code, "\(run.all)")
        #expect(!bench.host.has("/srv/a") && !bench.host.has("/var/lib/apus-sync"))
    }

    @Test func anUnknownKeyIsRefusedUnlessNewOnesAreTaken() async throws {
        try bench.folder.write("known", "")
        expectRefused(try await apply(), "host-key-unknown")
        #expect(try Files.read(known) == [])
        let taken = try await apply("--accept-new")
        #expect(taken.code == 0, "\(taken.all)")
        #expect(bench.host.has("/srv/a"))
        #expect(String(decoding: try Files.read(known), as: UTF8.self).contains(bench.host.hostKey))
        let next = try await apply()
        #expect(next.report?.status == "same", "\(next.all)")
    }

    @Test func aChangedKeyIsRefusedAlways() async throws {
        let line = "[127.0.0.1]:\(bench.host.port) \(Self.otherKey)\n"
        try bench.folder.write("known", line)
        expectRefused(try await apply(), "host-key-changed")
        expectRefused(try await apply("--accept-new"), "host-key-changed")
        #expect(String(decoding: try Files.read(known), as: UTF8.self) == line)
    }

    @Test func aKeyThatTheHostDoesNotTakeIsSaid() async throws {
        let key = try await ChildProcess.run(
            "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(bench.folder.path)/other"],
            folder: bench.folder.path)
        try #require(key.code == 0)
        try bench.site(
            "resources:\n  - file: { path: /srv/a, content: x }",
            hosts: "  host1: { identityFile: \(bench.folder.path)/other }\n")
        let config = String(decoding: try Files.read("\(bench.folder.path)/ssh_config"), as: UTF8.self)
        let lines = config.split(separator: "\n").filter { !$0.contains("IdentityFile") }.joined(separator: "\n")
        try bench.folder.write("no_identity", lines + "\n")
        let run = try await bench.run("apply", sshConfig: "no_identity")
        expectRefused(run, "authentication-failed")
    }
}
