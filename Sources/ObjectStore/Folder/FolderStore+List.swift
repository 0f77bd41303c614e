package import Base
import Glibc

extension FolderStore {
    /// Keys in order of their bytes: a folder takes its place as its name with `/`, as in the keys below it.
    package func list(_ prefix: String, after: String?, limit: Int) async throws(ApusError) -> ObjectPage {
        var walk = FolderWalk(prefix: Array(prefix.utf8), after: after.map { Array($0.utf8) }, limit: limit)
        let root = try tree.openRoot()
        try collect(root, path: "", &walk)
        var objects: [ObjectInfo] = []
        for found in walk.found.prefix(limit) { objects.append(try info(found.key, found.status)) }
        return ObjectPage(objects: objects, isCut: walk.found.count > limit)
    }

    private func collect(_ folder: borrowing FileHandle, path: String, _ walk: inout FolderWalk) throws(ApusError) {
        let entries = try FolderTree.entries(of: folder).compactMap { entry -> (key: String, name: String)? in
            guard !entry.name.hasPrefix(".apus-") else { return nil }
            switch entry.kind {
            case S_IFDIR: return (path + entry.name + "/", entry.name)
            case S_IFREG: return (path + entry.name, entry.name)
            default: return nil
            }
        }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for entry in entries where !walk.isFull && walk.mayHold(entry.key) {
            if entry.key.hasSuffix("/") {
                let descriptor = openat(
                    folder.descriptor, entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                // Removed in the meantime.
                if descriptor < 0, errno == ENOENT { continue }
                let below = try FileHandle(descriptor, "cannot open a folder")
                try collect(below, path: entry.key, &walk)
            } else {
                var status = stat()
                guard fstatat(folder.descriptor, entry.name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                walk.found.append((entry.key, status))
            }
        }
    }
}

/// What a listing has found, and what it still looks for.
struct FolderWalk {
    let prefix: [UInt8]
    let after: [UInt8]?
    let limit: Int
    var found: [(key: String, status: stat)] = []

    init(prefix: [UInt8], after: [UInt8]?, limit: Int) {
        self.prefix = prefix
        self.after = after
        self.limit = limit
    }

    /// One more than is asked for tells that there is more.
    var isFull: Bool { found.count > limit }

    /// Whether the key, or any key below a folder (`key` ends in `/`), is wanted.
    func mayHold(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        let isFolder = bytes.last == UInt8(ascii: "/")
        guard bytes.starts(with: prefix) || isFolder && prefix.starts(with: bytes) else { return false }
        guard let after else { return true }
        return after.lexicographicallyPrecedes(bytes) || isFolder && after.starts(with: bytes)
    }
}
