import Base
import Glibc

/// How an object gets its name.
extension FolderStore {
    /// What a crash has left is removed after this time.
    private static let oldest = Duration.seconds(86_400)

    /// Gives a file that is written its name, and takes `temporary` away from it.
    func publish(
        _ file: borrowing FileHandle, _ temporary: String, in folder: borrowing FileHandle, as key: String,
        eTag: String,
        _ attributes: ObjectAttributes
    ) throws(ApusError) -> ObjectReceipt {
        let path = try FolderStore.path(key)
        try file.synchronize()
        let lock = try lock()
        let present = try presentStatus(key, attributes)
        try FolderStore.tellApart(file, present)
        let status = try file.status()
        let record = FolderRecord(
            key: key, size: Int64(status.st_size), modified: FolderRecord.nanoseconds(status.st_mtim), eTag: eTag,
            contentType: attributes.contentType,
            metadata: Dictionary(attributes.metadata.map { ($0.name, $0.value) }) { first, _ in first })
        let target = try tree.makeFolder(Array(path.dropLast()))
        try records.announce(record, present: present)
        let code =
            attributes.ifAbsent
            ? linkat(folder.descriptor, temporary, target.descriptor, String(path[path.count - 1]), 0)
            : renameat(folder.descriptor, temporary, target.descriptor, String(path[path.count - 1]))
        guard code == 0 else {
            if errno == EEXIST { throw FolderStore.exists(key) }
            throw FolderFailure.make("cannot give an object its name")
        }
        try target.synchronize()
        _ = lock
        return ObjectReceipt(eTag: eTag)
    }

    /// The kernel's clock for files goes in steps of milliseconds; size and mtime must tell two versions apart.
    private static func tellApart(_ file: borrowing FileHandle, _ present: stat?) throws(ApusError) {
        let own = try file.status()
        guard let present, present.st_size == own.st_size,
            FolderRecord.nanoseconds(present.st_mtim) == FolderRecord.nanoseconds(own.st_mtim)
        else { return }
        var later = own.st_mtim
        later.tv_nsec += 1
        if later.tv_nsec == 1_000_000_000 { (later.tv_sec, later.tv_nsec) = (later.tv_sec + 1, 0) }
        guard futimens(file.descriptor, [own.st_atim, later]) == 0 else {
            throw FolderFailure.make("cannot set an object's time")
        }
        try file.synchronize()
    }

    /// - Throws: `object-exists` where the attributes' condition does not hold.
    private func presentStatus(_ key: String, _ attributes: ObjectAttributes) throws(ApusError) -> stat? {
        guard let file = try tree.file(FolderStore.path(key)) else {
            if attributes.ifMatch != nil { throw FolderStore.exists(key) }
            return nil
        }
        let status = try file.status()
        if attributes.ifAbsent { throw FolderStore.exists(key) }
        if let wanted = attributes.ifMatch, try info(key, status).eTag != wanted { throw FolderStore.exists(key) }
        return status
    }

    /// Held as long as the handle is.
    func lock() throws(ApusError) -> FileHandle {
        let folder = try tree.makeFolder([".apus-store"])
        let file = try FileHandle(
            openat(folder.descriptor, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600), "cannot open the lock")
        while flock(file.descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FolderFailure.make("cannot lock the store") }
        }
        return file
    }

    /// Removes what a crash has left, at most once for each start.
    func sweep(_ folder: borrowing FileHandle) {
        isSwept = true
        let before = time.wallNow().nanosecondsSince1970 - FolderStore.oldest.wholeNanoseconds
        for entry in (try? FolderTree.entries(of: folder)) ?? [] {
            var status = stat()
            guard fstatat(folder.descriptor, entry.name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                FolderRecord.nanoseconds(status.st_mtim) < before
            else { continue }
            unlinkat(folder.descriptor, entry.name, 0)
        }
    }
}
