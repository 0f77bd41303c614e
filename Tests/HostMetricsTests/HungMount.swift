import Base
import Glibc
import TestKit

@testable import HostMetrics

/// A FUSE mount whose statfs hangs until it is told to answer (Tests/peers/fuse). A test that cannot have one fails and
/// says why. Call `stop` in a `defer`: a mount that is left behind hangs the next df.
final class HungMount: Sendable {
    let folder: String
    private let script: String

    /// - Throws: `ApusError` `fuse-unavailable` with what is missing.
    init() throws {
        var template = Array("/tmp/apus-hung-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ApusError(code: "fuse-unavailable", "no folder for the mount: \(Files.reason(errno))")
        }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        script = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/peers/fuse/hungfs.sh"
        do {
            try command("start")
        } catch {
            stop()
            throw error
        }
    }

    func answer() throws { try command("answer") }

    /// Returns when the kernel has passed on a statfs and nobody has answered it.
    func waitUntilAsked() throws { try command("await-held") }

    func mount(in table: MountTable) throws -> Mount {
        guard let mount = table.mount(holding: RawName(Array("\(folder)/mnt".utf8))), mount.type == "fuse.hungfs" else {
            throw ApusError(code: "fuse-unavailable", "\(folder)/mnt is not mounted")
        }
        return mount
    }

    /// Unmounts and leaves nothing behind; what still hangs in it is let go with an error.
    func stop() {
        _ = system("'\(script)' stop '\(folder)' && rm -rf --one-file-system '\(folder)'")
    }

    private func command(_ word: String) throws {
        guard system("'\(script)' \(word) '\(folder)' 2>'\(folder)/errors'") != 0 else { return }
        let said = (try? Files.read("\(folder)/errors", limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) }
        throw ApusError(code: "fuse-unavailable", "hungfs.sh \(word) failed: \(said ?? "it said nothing")")
    }
}

/// The children of this process as the kernel lists them.
enum ChildProcesses {
    /// Those that ended and were not collected.
    static func zombies() -> [pid_t] { all().filter { $0.state == "Z" }.map(\.pid) }

    static func count() -> Int { all().count }

    private static func all() -> [(pid: pid_t, state: Character)] {
        var children: [(pid: pid_t, state: Character)] = []
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            // "pid (name) state parent …"; the name may hold anything, also ")".
            guard let pid = pid_t(name), let bytes = try? Files.read("/proc/\(name)/stat", limit: 4096) else {
                continue
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.lastIndex(of: ")") else { continue }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 1, pid_t(fields[1]) == getpid(), let state = fields[0].first else { continue }
            children.append((pid, state))
        }
        return children
    }
}
