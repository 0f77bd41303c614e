import Base
import CLinux
import Glibc

/// An open file of the kernel's.
final class SystemFile: LogFile {
    let descriptor: Int32
    private let name: String
    private let canWrite: Bool

    init(descriptor: Int32, name: String, canWrite: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.canWrite = canWrite
    }

    deinit { close(descriptor) }

    /// A full disk is told apart: it passes by itself when somebody makes room.
    static func code(_ number: Int32) -> String {
        number == ENOSPC || number == EDQUOT || number == EFBIG ? "disk-full" : "write-failed"
    }

    private func writeFailure() -> ApusError {
        ApusError(
            code: SystemFile.code(errno), "cannot write \(name): \(Files.reason(errno))", canRetry: errno == ENOSPC)
    }

    func state() throws(ApusError) -> FileState {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Files.failure("read-failed", "cannot look at \(name)") }
        return FileState(status)
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(ApusError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, Int(offset) + done)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw Files.failure("read-failed", "cannot read \(name)")
            }
            done += count
        }
        return done
    }

    func write(_ content: UnsafeRawBufferPointer, at offset: Int64) throws(ApusError) {
        var done = 0
        while done < content.count {
            let count = pwrite(descriptor, content.baseAddress! + done, content.count - done, Int(offset) + done)
            if count < 0 {
                if errno == EINTR { continue }
                throw writeFailure()
            }
            done += count
        }
    }

    func truncate(to size: Int64) throws(ApusError) {
        guard ftruncate(descriptor, Int(size)) == 0 else { throw writeFailure() }
    }

    func setModified(_ time: WallInstant) throws(ApusError) {
        // Rounded down: before 1970, too, the nanoseconds count forwards.
        let seconds = time.nanosecondsSince1970.flooredDivision(by: 1_000_000_000)
        let moment = timespec(
            tv_sec: Int(seconds), tv_nsec: Int(time.nanosecondsSince1970 - seconds * 1_000_000_000))
        guard futimens(descriptor, [moment, moment]) == 0 else { throw writeFailure() }
    }

    func sync() throws(ApusError) {
        guard fdatasync(descriptor) == 0 else { throw writeFailure() }
    }

    func collapse(_ length: Int64) throws(ApusError) {
        let code = apus_collapse(descriptor, length)
        if code != 0 {
            throw ApusError(code: "collapse-failed", "cannot cut \(name): \(Files.reason(code))")
        }
    }

    /// ext4 and XFS can; others answer EOPNOTSUPP. Asked with a length that no file system takes, so that nothing changes:
    /// EINVAL means that it looked at the length, hence knows the operation.
    var collapseUnit: Int64? {
        guard canWrite else { return nil }
        var figures = statvfs()
        guard fstatvfs(descriptor, &figures) == 0, figures.f_bsize > 0 else { return nil }
        return apus_collapse(descriptor, 1) == EINVAL ? Int64(figures.f_bsize) : nil
    }

    func firstBlock() -> UInt64? {
        var physical: UInt64 = 0
        return apus_first_extent(descriptor, &physical) == 0 ? physical : nil
    }

    func lock() throws(ApusError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ApusError(code: "log-locked", "another process rotates \(name)", canRetry: true)
        }
    }

    func keepOthersOut() -> Bool { canWrite && apus_keep_out(descriptor) == 1 }
    var keepsOthersOut: Bool { apus_keeps_out(descriptor) == 1 }
    func letOthersIn() { apus_let_in(descriptor) }

    func hasWriters() -> Bool? {
        // A descriptor of ours that may write counts as a writer.
        guard !canWrite else { return nil }
        switch apus_has_writers(descriptor) {
        case 0: return false
        case 1: return true
        // Neither root nor the owner, or a file system without leases.
        default: return (try? state()).map { !Writers.of($0.identity).isEmpty }
        }
    }
}
