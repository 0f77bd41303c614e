import Base
import Glibc

/// An open file or folder; it is closed when it goes.
struct FileHandle: ~Copyable {
    let descriptor: Int32

    /// Takes over what `openat(2)` gave.
    ///
    /// - Throws: what `FolderFailure` makes of errno.
    init(_ descriptor: Int32, _ what: @autoclosure () -> String) throws(ApusError) {
        guard descriptor >= 0 else { throw FolderFailure.make(what()) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func status() throws(ApusError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FolderFailure.make("cannot look at a file") }
        return status
    }

    func synchronize() throws(ApusError) {
        guard fsync(descriptor) == 0 else { throw FolderFailure.make("cannot write to the disk") }
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: borrowing Span<UInt8>, at offset: Int64) throws(ApusError) {
        let code = bytes.withUnsafeBytes { bytes -> Int32 in
            var done = 0
            while done < bytes.count {
                let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + done)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                done += count
            }
            return 0
        }
        guard code == 0 else { throw FolderFailure.make("cannot write", code) }
    }

    /// At most `count` bytes from `offset`, fewer at the end of the file.
    func read(at offset: Int64, count: Int) throws(ApusError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset) + done)
                if got == 0 { break }
                if got < 0 {
                    if errno == EINTR { continue }
                    code = errno
                    break
                }
                done += got
            }
        }
        guard code == 0 else { throw FolderFailure.make("cannot read", code) }
        return bytes
    }
}

/// errno in the words of `ObjectStore`.
enum FolderFailure {
    static func make(_ what: String, _ code: Int32 = errno) -> ApusError {
        let reason = "\(what): \(Files.reason(code))"
        switch code {
        case ENOSPC, EDQUOT, EFBIG: return ApusError(code: "store-full", reason, canRetry: true)
        case EACCES, EPERM, EROFS: return ApusError(code: "store-denied", reason)
        case EIO, ESTALE, ETIMEDOUT: return ApusError(code: "store-unreachable", reason, canRetry: true)
        case ENOTDIR, EISDIR:
            return ApusError(code: "store-failed", "\(reason) (one key is a folder of another)")
        case ELOOP: return ApusError(code: "store-failed", "\(what): a symbolic link stands in the way")
        default: return ApusError(code: "store-failed", reason)
        }
    }
}
