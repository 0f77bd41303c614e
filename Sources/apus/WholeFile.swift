import Base
import Glibc

/// A file that appears under its name when it is whole: written beside it, synced, and linked to a name that must be free.
final class WholeFile {
    private let descriptor: Int32
    private let temporary: String
    private let path: String

    /// - Throws: `write-failed`, `file-exists`.
    init(folder: String, name: String) throws(ApusError) {
        path = "\(folder)/\(name)"
        temporary = "\(folder)/.\(name).apus-\(getpid())"
        guard access(path, F_OK) != 0 else { throw ApusError(code: "file-exists", "\(path) is there already") }
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Files.failure("write-failed", "cannot create \(temporary)") }
    }

    deinit {
        close(descriptor)
        unlink(temporary)
    }

    func write(_ content: [UInt8]) throws(ApusError) {
        try Files.writeAll(content, to: descriptor, name: path)
    }

    func finish() throws(ApusError) {
        guard fsync(descriptor) == 0 else { throw Files.failure("write-failed", "cannot write \(path)") }
        guard link(temporary, path) == 0 else {
            throw Files.failure(errno == EEXIST ? "file-exists" : "write-failed", "cannot make \(path)")
        }
    }
}
