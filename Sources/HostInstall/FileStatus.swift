import Glibc

/// Small questions to the file system.
enum FileStatus {
    static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func attributes(_ status: stat) -> HostFacts.Attributes {
        HostFacts.Attributes(mode: status.st_mode & 0o7777, user: status.st_uid, group: status.st_gid)
    }

    /// Why nothing can be created in `folder`, or in its nearest ancestor where it does not exist; nil when it can.
    static func hindrance(creatingIn folder: String) -> String? {
        var folder = folder
        while true {
            if faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 { return nil }
            guard errno == ENOENT, let slash = folder.lastIndex(of: "/"), folder != "/" else {
                return "cannot write to \(folder): \(String(cString: strerror(errno)))"
            }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
    }
}
