import Base
import Glibc
import TestKit
import Testing

/// A Debian of a test's own, by `SSHHosts`, entered without ssh: gone with its last reference.
final class ThrowAwayHost: Sendable {
    let shell: ShellHost
    private let hosts: SSHHosts
    private let folder: TemporaryFolder

    /// Where this machine cannot have one (no root, no namespaces, no mmdebstrap), the test is told of as cancelled.
    static func start(kind: String = "debian") async throws -> ThrowAwayHost {
        do {
            return try ThrowAwayHost(try await SSHHosts.start(kind: kind))
        } catch let error as ApusError where error.code == "no-test-hosts" {
            try Test.cancel("\(error)")
        }
    }

    private init(_ hosts: SSHHosts) throws {
        self.hosts = hosts
        folder = try TemporaryFolder()
        var shell = ShellHost(shell: ["sh"], folder: folder.path)
        let host = hosts.hosts[0]
        shell.root = host.root
        shell.entry = ["nsenter", "--target", "\(host.pid)", "--mount", "--uts", "--ipc", "--net", "--root", "--wd"]
        self.shell = shell
    }
}
