package import Base
import Glibc

/// A key ring's file: read only where nobody else can read or replace it, written whole or not at all.
///
/// What always holds: mode 0600 (no bit for group or others), a regular file and no link, owned by us or by root;
/// `create` never replaces a file; two `rotate` at once add two versions, since each holds flock(2) on the file that it
/// replaces; a crash leaves the old ring or the new one.
package struct KeyRingFile: Sendable {
    static let maximumBytes = 256 << 10
    /// How often, and after how many microseconds each, a lock that someone else has is tried again: 10 s in all.
    private static let lockAttempts = 1000
    private static let lockPause: UInt32 = 10_000

    package let path: String

    package init(_ path: String) { self.path = path }

    /// - Throws: `ApusError` `key-ring-missing`, `key-ring-unsafe`, `key-ring-bad`, or `read-failed`.
    package func read() throws(ApusError) -> KeyRing {
        let (descriptor, _) = try open()
        defer { close(descriptor) }
        return try parse(descriptor)
    }

    /// Writes a new ring of one version.
    ///
    /// - Throws: `ApusError` `key-ring-exists`, or `write-failed`.
    @discardableResult
    package func create(now: WallInstant) throws(ApusError) -> KeyRing {
        let ring = KeyRing(now: now)
        let temporary = try writeBeside(ring, owner: nil)
        defer { unlink(temporary) }
        // link(2), other than rename(2), refuses a name that is taken.
        guard link(temporary, path) == 0 else {
            if errno == EEXIST {
                throw ApusError(code: "key-ring-exists", "\(path) exists; a key ring is never replaced, only rotated")
            }
            throw Files.failure("write-failed", "cannot create \(path)")
        }
        syncFolder()
        return ring
    }

    /// Adds a version, which wraps from now on; what the others wrapped still opens.
    ///
    /// - Throws: As `read`; `key-ring-full`; `key-ring-busy` (canRetry) when someone else holds it for 10 s;
    ///   `write-failed`.
    @discardableResult
    package func rotate(now: WallInstant) throws(ApusError) -> KeyRing {
        let (descriptor, status) = try lock()
        defer { close(descriptor) }
        var ring = try parse(descriptor)
        try ring.rotate(now: now)
        let temporary = try writeBeside(ring, owner: (status.st_uid, status.st_gid))
        guard rename(temporary, path) == 0 else {
            let failure = Files.failure("write-failed", "cannot replace \(path)")
            unlink(temporary)
            throw failure
        }
        syncFolder()
        return ring
    }

    private func parse(_ descriptor: Int32) throws(ApusError) -> KeyRing {
        let text = try Files.read(descriptor: descriptor, name: path, limit: KeyRingFile.maximumBytes)
        return try KeyRing(parsing: text, name: path)
    }

    /// Opens the file if it is safe.
    private func open() throws(ApusError) -> (descriptor: Int32, status: stat) {
        // O_NONBLOCK: a FIFO must not hold us up before it is refused.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        if descriptor < 0 {
            switch errno {
            case ENOENT: throw ApusError(code: "key-ring-missing", "there is no key ring at \(path)")
            case ELOOP: throw unsafe("it is a symbolic link")
            default: throw Files.failure("read-failed", "cannot read \(path)")
            }
        }
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        if let reason = isKnown ? whyUnsafe(status) : "it cannot be examined" {
            close(descriptor)
            throw unsafe(reason)
        }
        return (descriptor, status)
    }

    private func whyUnsafe(_ status: stat) -> String? {
        if status.st_mode & S_IFMT != S_IFREG { return "it is not a regular file" }
        if status.st_uid != geteuid() && status.st_uid != 0 { return "it belongs to another user (\(status.st_uid))" }
        if status.st_mode & 0o077 != 0 {
            return "its mode is \(String(status.st_mode & 0o7777, radix: 8)); make it 600"
        }
        return nil
    }

    private func unsafe(_ reason: String) -> ApusError {
        ApusError(code: "key-ring-unsafe", "the key ring \(path) is not safe: \(reason)", kind: .declaration)
    }

    /// Locks the file that stands at `path`. One that was replaced while we waited for its lock is not it any more.
    private func lock() throws(ApusError) -> (descriptor: Int32, status: stat) {
        for _ in 0..<KeyRingFile.lockAttempts {
            let (descriptor, status) = try open()
            let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
            var current = stat()
            if isLocked, lstat(path, &current) == 0, current.st_ino == status.st_ino, current.st_dev == status.st_dev {
                return (descriptor, status)
            }
            close(descriptor)
            if !isLocked { usleep(KeyRingFile.lockPause) }
        }
        throw ApusError(code: "key-ring-busy", "another process keeps \(path) locked", canRetry: true)
    }

    /// Writes a file of mode 0600 beside the ring's and syncs it.
    ///
    /// - Returns: Its path; the caller gives it its name, or removes it.
    private func writeBeside(_ ring: KeyRing, owner: (uid_t, gid_t)?) throws(ApusError) -> String {
        let temporary = "\(path).apus-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Files.failure("write-failed", "cannot create \(temporary)") }
        defer { close(descriptor) }
        do throws(ApusError) {
            try Files.writeAll(Array(ring.reveal().utf8), to: descriptor, name: temporary)
            let isOwned = owner.map { fchown(descriptor, $0.0, $0.1) == 0 } ?? true
            guard fchmod(descriptor, 0o600) == 0, isOwned, fsync(descriptor) == 0 else {
                throw Files.failure("write-failed", "cannot write \(temporary)")
            }
        } catch {
            unlink(temporary)
            throw error
        }
        return temporary
    }

    private func syncFolder() {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
