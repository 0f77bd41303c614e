import Base
import Glibc
import TestKit
import Testing

/// A Debian of a test's own, by `Tests/peers/sync/hosts.py`: gone with its last reference.
final class ThrowAwayHost: Sendable {
    let shell: ShellHost
    private let supervisor: ChildProcess
    private let lifeline: Int32
    private let folder: TemporaryFolder

    /// - Returns: Nil where this machine cannot have one (no root, no namespaces, no mmdebstrap).
    static func start(kind: String = "debian") async throws -> ThrowAwayHost? {
        guard getuid() == 0, let file = realpath(#filePath, nil) else { return nil }
        defer { free(file) }
        let tests = String(cString: file).split(separator: "/").dropLast(3).joined(separator: "/")
        let folder = try TemporaryFolder()
        // It works until its standard input ends: that of a pipe whose other end is ours.
        let pipe = "\(folder.path)/lifeline"
        mkfifo(pipe, 0o600)
        let lifeline = open(pipe, O_RDWR | O_CLOEXEC)
        let child = try ChildProcess(
            "python3", ["/\(tests)/peers/sync/hosts.py", "start", "--dir", "\(folder.path)/hosts", "--kind", kind],
            folder: folder.path, input: pipe)
        try await eventually("a test host", within: .seconds(300)) { child.output.contains("\n") || child.hasEnded }
        guard let start = child.output.firstRange(of: "\"pid\": "),
            let pid = Int(child.output[start.upperBound...].prefix(while: \.isNumber))
        else {
            close(lifeline)
            return nil
        }
        return ThrowAwayHost(pid: pid, child, lifeline, folder)
    }

    private init(pid: Int, _ supervisor: ChildProcess, _ lifeline: Int32, _ folder: TemporaryFolder) {
        var shell = ShellHost(shell: ["sh"], folder: folder.path)
        shell.root = "/proc/\(pid)/root"
        shell.entry = ["nsenter", "--target", "\(pid)", "--mount", "--uts", "--ipc", "--net", "--root", "--wd"]
        self.shell = shell
        self.supervisor = supervisor
        self.lifeline = lifeline
        self.folder = folder
    }

    deinit {
        supervisor.signal(SIGTERM)
        close(lifeline)
        // The host's mounts stand in the folder, which goes after this.
        while !supervisor.hasEnded { usleep(2000) }
    }
}
