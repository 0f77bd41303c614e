package import Base
import FoundationEssentials
import Glibc

/// Real SSH hosts of a test's own, by `Tests/peers/sync/hosts.py` (its head says what they are): gone with the last
/// reference, and also when the tests are killed.
package final class SSHHosts: Sendable {
    /// One of them.
    package struct Host: Sendable, Decodable {
        package let name: String
        package let port: Int
        package let pid: Int32
        /// The host's root folder as seen from outside. Absolute symbolic links in it lead to the outside.
        package let root: String
        /// As known_hosts has it: `ssh-ed25519 AAAA…`.
        package let hostKey: String
    }

    private struct Description: Decodable {
        let identityFile: String
        let knownHosts: String
        let sshConfig: String
        let adminPassword: String
        let hosts: [Host]
    }

    package let hosts: [Host]
    /// The private key that root, admin and ops of every host take.
    package let identityFile: String
    package let knownHosts: String
    /// An ssh_config(5) in which each host stands under its name.
    package let sshConfig: String
    /// What sudo asks admin for; ops is not asked.
    package let adminPassword: String
    private let supervisor: ChildProcess
    private let lifeline: Int32
    private let folder: TemporaryFolder

    private init(_ description: Description, _ supervisor: ChildProcess, _ lifeline: Int32, _ folder: TemporaryFolder) {
        hosts = description.hosts
        identityFile = description.identityFile
        knownHosts = description.knownHosts
        sshConfig = description.sshConfig
        adminPassword = description.adminPassword
        self.supervisor = supervisor
        self.lifeline = lifeline
        self.folder = folder
    }

    deinit {
        supervisor.signal(SIGTERM)
        close(lifeline)
        // The hosts' mounts stand in the folder, which goes after this.
        while !supervisor.hasEnded { usleep(2000) }
    }

    /// Starts hosts and waits until they answer. The first ones of a kind wait for its root to be built.
    ///
    /// - Parameter kind: `debian`, `debian-python` or `busybox`.
    /// - Throws: `ApusError` `no-test-hosts` where this machine cannot have such hosts, with what it lacks.
    package static func start(_ count: Int = 1, kind: String = "debian") async throws -> SSHHosts {
        let folder = try TemporaryFolder()
        // They work until their standard input ends: that of a pipe whose other end is ours.
        let pipe = "\(folder.path)/lifeline"
        guard mkfifo(pipe, 0o600) == 0 else { throw Files.failure("no-test-hosts", "cannot make a pipe") }
        let lifeline = open(pipe, O_RDWR | O_CLOEXEC)
        do {
            let options = ["--dir", "\(folder.path)/hosts", "--kind", kind, "--count", "\(count)"]
            let arguments = [try peer("hosts.py"), "start"] + options
            let child = try ChildProcess("python3", arguments, folder: folder.path, input: pipe)
            try await eventually("\(count) test hosts", within: .seconds(600)) {
                child.output.hasSuffix("\n") || child.hasEnded
            }
            guard child.output.hasSuffix("\n") else {
                throw ApusError(code: "no-test-hosts", child.errors.isEmpty ? "hosts.py died" : child.errors)
            }
            let description = try JSONDecoder().decode(Description.self, from: Data(child.output.utf8))
            return SSHHosts(description, child, lifeline, folder)
        } catch {
            close(lifeline)
            throw error
        }
    }
}

extension SSHHosts {
    /// A program of `Tests/peers/sync`, also where this folder is a link into the checkout.
    package static func peer(_ name: String) throws(ApusError) -> String {
        guard let path = realpath(#filePath, nil) else {
            throw Files.failure("no-checkout", "cannot find the checkout")
        }
        defer { free(path) }
        let root = String(cString: path).split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(root)/Tests/peers/sync/\(name)"
    }
}

extension SSHHosts.Host {
    /// Runs shell text on the host as root, not by ssh.
    @discardableResult
    package func run(_ script: String) async throws -> (code: Int32, output: String, errors: String) {
        let folder = try TemporaryFolder()
        let entry = ["--target", "\(pid)", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        return try await ChildProcess.run("nsenter", entry + ["sh", "-c", script], folder: folder.path)
    }

    /// As `run`, for what prepares a test.
    ///
    /// - Throws: `ApusError` `host-command-failed` when it ends with another code than 0.
    package func prepare(_ script: String) async throws {
        let result = try await run(script)
        guard result.code == 0 else {
            throw ApusError(code: "host-command-failed", "\(name): \(script): \(result.errors)")
        }
    }

    /// The content of a file, nil where there is none. No component of the path may be an absolute link.
    package func bytes(_ path: String) -> [UInt8]? { try? Files.read(root + path, limit: 256 << 20) }

    package func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Writes a file of root's with mode 0644; its folder must be there.
    package func write(_ path: String, _ bytes: [UInt8]) throws {
        try Files.writeAtomically(bytes, to: root + path, mode: 0o644)
    }

    /// Whether anything stands at the path, links not followed.
    package func has(_ path: String) -> Bool {
        var status = stat()
        return lstat(root + path, &status) == 0
    }

    /// Mode and numbers of owner and group, `640 1000:1000`; nil where nothing stands there.
    package func ownership(_ path: String) -> String? {
        var status = stat()
        guard lstat(root + path, &status) == 0 else { return nil }
        return "\(String(status.st_mode & 0o7777, radix: 8)) \(status.st_uid):\(status.st_gid)"
    }
}
