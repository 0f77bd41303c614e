import Base
import Glibc

/// The folders under a store's root, always walked part by part from the root's descriptor and never through a symbolic
/// link: nothing that stands in the tree leads out of it.
struct FolderTree: Sendable {
    let root: String

    func openRoot() throws(ApusError) -> FileHandle {
        var descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT {
            // Only the last part: a mount that is missing must not be written beneath.
            guard mkdir(root, 0o700) == 0 || errno == EEXIST else { throw FolderFailure.make("cannot make \(root)") }
            descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        return try FileHandle(descriptor, "cannot open \(root)")
    }

    /// The folder at `path` below the root, made where it is not there; each new one is on the disk with its name.
    func makeFolder(_ path: [Substring]) throws(ApusError) -> FileHandle {
        var folder = try openRoot()
        for part in path {
            let name = String(part)
            if mkdirat(folder.descriptor, name, 0o700) == 0 {
                try folder.synchronize()
            } else if errno != EEXIST {
                throw FolderFailure.make("cannot make a folder")
            }
            folder = try FileHandle(FolderTree.openFolder(folder.descriptor, name), "cannot open a folder")
        }
        return folder
    }

    /// Nil where it is not there.
    func folder(_ path: [Substring]) throws(ApusError) -> FileHandle? {
        var folder = try openRoot()
        for part in path {
            let descriptor = FolderTree.openFolder(folder.descriptor, String(part))
            if descriptor < 0, errno == ENOENT || errno == ENOTDIR { return nil }
            folder = try FileHandle(descriptor, "cannot open a folder")
        }
        return folder
    }

    /// A regular file below the root for reading; nil where there is none.
    func file(_ path: [Substring]) throws(ApusError) -> FileHandle? {
        guard let name = path.last, let folder = try folder(Array(path.dropLast())) else { return nil }
        let descriptor = openat(
            folder.descriptor, String(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        let file = try FileHandle(descriptor, "cannot open an object")
        guard try file.status().st_mode & S_IFMT == S_IFREG else { return nil }
        return file
    }

    /// Removes the file and then its folders as far up as they are empty. One that is not there is no error.
    func remove(_ path: [Substring]) throws(ApusError) {
        guard let name = path.last, let folder = try folder(Array(path.dropLast())) else { return }
        guard unlinkat(folder.descriptor, String(name), 0) == 0 || errno == ENOENT else {
            throw FolderFailure.make("cannot remove an object")
        }
        try folder.synchronize()
        for length in stride(from: path.count - 1, to: 0, by: -1) {
            guard let above = try self.folder(Array(path.prefix(length - 1))),
                unlinkat(above.descriptor, String(path[length - 1]), AT_REMOVEDIR) == 0
            else { return }
        }
    }

    /// A new file that nobody else has.
    static func create(_ name: String, in folder: borrowing FileHandle) throws(ApusError) -> FileHandle {
        try FileHandle(
            openat(folder.descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600),
            "cannot make a file")
    }

    /// Replaces a small file whole: the old content or the new one is there, whenever the power goes.
    static func replace(
        _ name: String, in folder: borrowing FileHandle, _ content: [UInt8]
    ) throws(ApusError) {
        let temporary = ".new-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let file = try create(temporary, in: folder)
        do throws(ApusError) {
            try file.write(content.span, at: 0)
            try file.synchronize()
            guard renameat(folder.descriptor, temporary, folder.descriptor, name) == 0 else {
                throw FolderFailure.make("cannot rename a file")
            }
        } catch {
            unlinkat(folder.descriptor, temporary, 0)
            throw error
        }
        try folder.synchronize()
    }

    private static func openFolder(_ folder: Int32, _ name: String) -> Int32 {
        openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }

    /// The names in a folder but `.` and `..`, in no order, with whether each is a folder, a file or something else.
    static func entries(of folder: borrowing FileHandle) throws(ApusError) -> [(name: String, kind: mode_t)] {
        // A descriptor of its own: closedir(3) closes it, and the place in the folder is the descriptor's.
        let descriptor = openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            throw FolderFailure.make("cannot list a folder")
        }
        defer { closedir(stream) }
        var found: [(name: String, kind: mode_t)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var status = stat()
            guard fstatat(folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            found.append((name, status.st_mode & S_IFMT))
        }
        return found
    }
}
