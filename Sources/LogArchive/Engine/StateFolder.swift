import Base
import Glibc

/// The folder of the journal, which one process has at a time.
final class StateFolder: Sendable {
    let folder: any LogFolder
    private let lock: Int32

    /// Makes it, 0700, where it is missing.
    ///
    /// - Throws: `state-locked` with the number of the process that has it.
    init(_ path: String, disk: any LogDisk) throws(ApusError) {
        try StateFolder.make(path)
        folder = try disk.folder(path, as: nil)
        let name = "\(path)/lock"
        lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Files.failure("state-unusable", "cannot open \(name)") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? Files.read(name, limit: 32)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(lock)
            let who = holder.isEmpty ? "another process" : "process \(holder)"
            throw ApusError(
                code: "state-locked", "\(who) works with \(path): only one may at a time", canRetry: true)
        }
        ftruncate(lock, 0)
        let text = Array("\(getpid())".utf8)
        pwrite(lock, text, text.count, 0)
    }

    deinit { close(lock) }

    private static func make(_ path: String) throws(ApusError) {
        var current = ""
        for part in path.split(separator: "/") {
            current += (current.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
            if mkdir(current, 0o700) != 0, errno != EEXIST {
                throw Files.failure("state-unusable", "cannot make \(current)")
            }
        }
    }
}
