package import Base
import CLinux
import Glibc

/// The kernel's disk.
package struct SystemDisk: LogDisk {
    package init() {}

    package func folder(_ path: String, as account: DiskAccount?) throws(ApusError) -> any LogFolder {
        // A log folder may be reached by links of the administrator's (/var/log on another disk): where it leads now is
        // opened, and held from then on.
        guard let resolved = realpath(path, nil) else { throw Files.failure("folder-missing", "cannot open \(path)") }
        defer { free(resolved) }
        let real = String(cString: resolved)
        let descriptor = try SystemFolder.acting(as: account) { () throws(ApusError) in
            let descriptor = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            if descriptor < 0 { throw Files.failure("folder-missing", "cannot open \(path)") }
            return descriptor
        }
        let folder = SystemFolder(path: real, descriptor: descriptor, account: account)
        try folder.checkSafety()
        return folder
    }

    package func unnamable(_ pattern: String) -> [String] { PathGlob.unnamable(pattern) }

    package func matches(_ pattern: String) -> [String] {
        PathGlob.matches(pattern).filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
    }
}

final class SystemFolder: LogFolder {
    let path: String
    let descriptor: Int32
    private let account: DiskAccount?

    init(path: String, descriptor: Int32, account: DiskAccount?) {
        self.path = path
        self.descriptor = descriptor
        self.account = account
    }

    deinit { close(descriptor) }

    /// Where others may rename and link, a name means nothing: what root does there by a name is done to what they choose
    /// (CVE-2011-1098 of logrotate). `su` makes us one of them.
    func checkSafety() throws(ApusError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Files.failure("folder-missing", "cannot look at \(path)") }
        let owner = account?.user ?? geteuid()
        let isForeign = status.st_uid != owner && status.st_uid != 0
        let isOpenToGroup = status.st_mode & S_IWGRP != 0 && status.st_gid != 0 && account == nil
        // As root there, a link of anybody's would lead anywhere; as another user only as far as that one's rights go.
        let isOpenToAll = status.st_mode & S_IWOTH != 0 && (account == nil || owner == 0)
        guard isForeign || isOpenToGroup || isOpenToAll else { return }
        let who =
            isOpenToAll ? "everybody" : isForeign ? "user \(status.st_uid)" : "group \(status.st_gid)"
        throw ApusError(
            code: "folder-unsafe",
            "\(path) may be changed by \(who): say rotate.su with the user who owns it, or take that right away")
    }

    /// Runs `body` with the file system seeing `account`. It must not suspend: the identity is the thread's.
    static func acting<Result>(
        as account: DiskAccount?, _ body: () throws(ApusError) -> Result
    ) throws(ApusError) -> Result {
        guard let account, account.user != geteuid() else { return try body() }
        var groups = [gid_t](repeating: 0, count: 256)
        let count = max(0, Int(getgroups(256, &groups)))
        let code = apus_identity_enter(account.user, account.group)
        defer { apus_identity_leave(geteuid(), getegid(), groups, count) }
        guard code == 0 else {
            throw ApusError(
                code: "su-failed", "cannot become user \(account.user), group \(account.group): \(Files.reason(code))")
        }
        return try body()
    }

    func names() throws(ApusError) -> [String] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            if copy >= 0 { close(copy) }
            throw Files.failure("read-failed", "cannot list \(path)")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    func status(_ name: String) throws(ApusError) -> FileState? {
        var status = stat()
        if fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return FileState(status) }
        if errno == ENOENT { return nil }
        throw Files.failure("read-failed", "cannot look at \(path)/\(name)")
    }

    func open(_ name: String, _ access: FileAccess, allowHardLinks: Bool) throws(ApusError) -> any LogFile {
        try SystemFolder.acting(as: account) { () throws(ApusError) in
            let flags = (access == .read ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
            let file = openat(descriptor, name, flags)
            guard file >= 0 else {
                let code = errno == ENOENT ? "file-missing" : errno == ELOOP ? "file-unsafe" : "read-failed"
                throw Files.failure(code, "cannot open \(path)/\(name)")
            }
            let opened = SystemFile(descriptor: file, name: "\(path)/\(name)", canWrite: access == .readWrite)
            let state = try opened.state()
            guard state.isRegular else {
                throw ApusError(code: "file-unsafe", "\(path)/\(name) is not a regular file")
            }
            guard state.links <= 1 || allowHardLinks else {
                throw ApusError(
                    code: "file-unsafe",
                    "\(path)/\(name) has \(state.links) names: say rotate.allowHardLinks if that is right")
            }
            return opened
        }
    }

    func create(_ name: String, _ attributes: FileAttributes) throws(ApusError) -> any LogFile {
        try SystemFolder.acting(as: account) { () throws(ApusError) in
            let file = openat(descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard file >= 0 else {
                throw Files.failure(
                    errno == EEXIST ? "file-exists" : SystemFile.code(errno), "cannot create \(path)/\(name)")
            }
            let created = SystemFile(descriptor: file, name: "\(path)/\(name)", canWrite: true)
            var status = stat()
            fstat(file, &status)
            let user = attributes.user ?? status.st_uid
            let group = attributes.group ?? status.st_gid
            if user != status.st_uid || group != status.st_gid, fchown(file, user, group) != 0 {
                let failure = Files.failure("write-failed", "cannot give \(path)/\(name) to \(user):\(group)")
                unlinkat(descriptor, name, 0)
                throw failure
            }
            guard fchmod(file, attributes.mode) == 0 else {
                let failure = Files.failure("write-failed", "cannot set the mode of \(path)/\(name)")
                unlinkat(descriptor, name, 0)
                throw failure
            }
            return created
        }
    }

    func rename(_ name: String, to folder: any LogFolder, as newName: String) throws(ApusError) {
        guard let target = folder as? SystemFolder else { preconditionFailure("folders of one disk") }
        try SystemFolder.acting(as: account) { () throws(ApusError) in
            let code = apus_rename_new(descriptor, name, target.descriptor, newName)
            if code == 0 { return }
            let word = code == EEXIST ? "file-exists" : code == ENOENT ? "file-missing" : "rename-failed"
            let hint =
                code == EXDEV ? " (rotate.oldDir must be on the log's file system, or method be copytruncate)" : ""
            throw ApusError(
                code: word,
                "cannot rename \(path)/\(name) to \(target.path)/\(newName): \(Files.reason(code))\(hint)")
        }
    }

    func replace(_ name: String, by newContent: String) throws(ApusError) {
        try SystemFolder.acting(as: account) { () throws(ApusError) in
            guard renameat(descriptor, newContent, descriptor, name) == 0 else {
                throw Files.failure("rename-failed", "cannot rename \(path)/\(newContent) to \(name)")
            }
        }
    }

    func remove(_ name: String, _ identity: FileIdentity) throws(ApusError) {
        try SystemFolder.acting(as: account) { () throws(ApusError) in
            guard let state = try status(name), state.identity == identity else { return }
            guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
                throw Files.failure("remove-failed", "cannot delete \(path)/\(name)")
            }
        }
    }

    func sync() throws(ApusError) {
        guard fsync(descriptor) == 0 else { throw Files.failure("write-failed", "cannot sync \(path)") }
    }

    func subfolder(_ name: String, make: FileAttributes?) throws(ApusError) -> any LogFolder {
        let child = try SystemFolder.acting(as: account) { () throws(ApusError) in
            if let make, mkdirat(descriptor, name, make.mode) == 0 {
                let made = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                if made >= 0 {
                    if make.user != nil || make.group != nil {
                        fchown(made, make.user ?? UInt32.max, make.group ?? UInt32.max)
                    }
                    fchmod(made, make.mode)
                    return made
                }
            }
            let found = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            guard found >= 0 else { throw Files.failure("folder-missing", "cannot open \(path)/\(name)") }
            return found
        }
        let folder = SystemFolder(path: "\(path)/\(name)", descriptor: child, account: account)
        try folder.checkSafety()
        return folder
    }
}

extension FileState {
    init(_ status: stat) {
        self.init(
            identity: FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)),
            size: Int64(status.st_size), mode: status.st_mode & 0o7777, user: status.st_uid, group: status.st_gid,
            links: Int(status.st_nlink), isRegular: status.st_mode & S_IFMT == S_IFREG,
            isFolder: status.st_mode & S_IFMT == S_IFDIR, modifiedAt: FileState.instant(status.st_mtim),
            changedAt: FileState.instant(status.st_ctim))
    }

    private static func instant(_ time: timespec) -> WallInstant {
        WallInstant(nanosecondsSince1970: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
