package import Base
import CloudAPI
import Crypto
import Glibc

/// A folder of this host (or of a mount) as an object store: `file:///var/lib/apus/archive/`.
///
/// Bytes on the disk, below the root:
///
///     web-1/access.log.zst                    the object, mode 0600, under its key
///     .apus-store/records/<aa>/<hash>         its metadata: JSON lines, see FolderRecords
///     .apus-store/temporary/<id>              an object that is being written
///     .apus-store/uploads/<id>/               an object that comes in parts, see FolderUpload
///     .apus-store/lock                        flock(2): one process at a time publishes or deletes
///
/// What always holds:
/// - An object appears whole: its bytes are on the disk before link(2) (with `ifAbsent`) or rename(2) gives it its
///   name, and its record before that; a crash at any moment leaves no half object. A record belongs to the object with
///   its size and mtime, so the record of an object that did not come to be is nobody's.
/// - No symbolic link below the root is followed.
/// - Parts of a key that begin with `.apus-` are refused. A key cannot be the folder of another one.
/// - ETag: 32 hexadecimal digits of SHA-256; of parts, those of the parts' ETags, and `-count`.
///
/// Calls come one after the other and block the thread as long as the disk takes: a folder is meant for disks, not for
/// hundreds of writers.
package actor FolderStore: ObjectStore {
    package nonisolated let name: String
    package nonisolated let limits = ObjectStoreLimits(minimumPartBytes: 1)
    let tree: FolderTree
    let records: FolderRecords
    let time: any TimeSource
    var uploads: [String: FolderUpload] = [:]
    var isSwept = false

    /// - Parameter root: An absolute path. Its last part is made on first use where it is missing.
    package init(root: String, time: any TimeSource) {
        let trimmed = root.hasSuffix("/") && root != "/" ? String(root.dropLast()) : root
        name = "file://\(trimmed)/"
        tree = FolderTree(root: trimmed)
        records = FolderRecords(tree: tree)
        self.time = time
    }

    package func putObject(
        _ key: String, _ content: [UInt8], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        let path = try FolderStore.path(key)
        if attributes.ifAbsent, try tree.file(path) != nil { throw FolderStore.exists(key) }
        let folder = try tree.makeFolder([".apus-store", "temporary"])
        if !isSwept { sweep(folder) }
        let temporary = FolderStore.newID()
        let file = try FolderTree.create(temporary, in: folder)
        defer { unlinkat(folder.descriptor, temporary, 0) }
        try file.write(content.span, at: 0)
        return try publish(
            file, temporary, in: folder, as: key, eTag: FolderStore.eTag(content), attributes)
    }

    package func head(_ key: String) async throws(ApusError) -> ObjectInfo? {
        guard let file = try tree.file(FolderStore.path(key)) else { return nil }
        return try info(key, file.status())
    }

    package func read(_ key: String, range: Range<Int64>?) async throws(ApusError) -> [UInt8] {
        guard let file = try tree.file(FolderStore.path(key)) else { throw FolderStore.missing(key) }
        let size = Int64(try file.status().st_size)
        guard (range?.count ?? Int(size)) <= limits.maximumReadBytes else {
            throw ApusError(code: "object-too-large", "more than \(limits.maximumReadBytes) bytes of \(key) at a time")
        }
        let wanted = (range ?? 0..<size).clamped(to: 0..<size)
        return try file.read(at: wanted.lowerBound, count: wanted.count)
    }

    package func delete(_ key: String) async throws(ApusError) {
        let path = try FolderStore.path(key)
        let lock = try lock()
        try tree.remove(path)
        try records.remove(key)
        _ = lock
    }

    func info(_ key: String, _ status: stat) throws(ApusError) -> ObjectInfo {
        let record = try records.record(key, status)
        let modified = FolderRecord.nanoseconds(status.st_mtim)
        return ObjectInfo(
            key: key, size: Int64(status.st_size),
            // Somebody else's file: what tells its versions apart.
            eTag: record?.eTag ?? "\(status.st_size)-\(modified)",
            lastModified: WallInstant(nanosecondsSince1970: modified), metadata: record?.metadata ?? [:])
    }
}

extension FolderStore {
    static func path(_ key: String) throws(ApusError) -> [Substring] {
        try ObjectKey.check(key)
        let parts = key.split(separator: "/")
        guard parts.allSatisfy({ $0.utf8.count <= 255 && !$0.hasPrefix(".apus-") }) else {
            throw ApusError(
                code: "key-invalid", "a part of a key has at most 255 bytes and does not begin with .apus-",
                kind: .declaration)
        }
        return parts
    }

    static func eTag(_ content: [UInt8]) -> String { Hex.encode(SHA256.hash(data: content).prefix(16)) }

    static func newID() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 16) + String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }

    static func exists(_ key: String) -> ApusError {
        ApusError(code: "object-exists", "the key \(key) is taken, or its object is another one")
    }

    static func missing(_ key: String) -> ApusError {
        ApusError(code: "object-missing", "there is no object \(key)")
    }
}
