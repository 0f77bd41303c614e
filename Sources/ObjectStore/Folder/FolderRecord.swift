import Base
import CloudAPI
import Glibc

/// What a folder keeps beside an object: one JSON line.
struct FolderRecord: Equatable {
    var key: String
    var size: Int64
    /// The object's mtime in nanoseconds since 1970: with the size it tells which record belongs to the object that is
    /// there.
    var modified: Int64
    var eTag: String
    var contentType: String
    var metadata: [String: String]

    func fits(_ status: stat) -> Bool {
        size == Int64(status.st_size) && modified == FolderRecord.nanoseconds(status.st_mtim)
    }

    static func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) }

    var line: String {
        let pairs = metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        return JSON.object([
            JSON.Member("key", .string(key)), JSON.Member("size", .number("\(size)")),
            JSON.Member("modified", .number("\(modified)")), JSON.Member("eTag", .string(eTag)),
            JSON.Member("contentType", .string(contentType)), JSON.Member("metadata", .object(pairs)),
        ]).text + "\n"
    }

    init(key: String, size: Int64, modified: Int64, eTag: String, contentType: String, metadata: [String: String]) {
        self.key = key
        self.size = size
        self.modified = modified
        self.eTag = eTag
        self.contentType = contentType
        self.metadata = metadata
    }

    /// Nil for a line that is none.
    init?(_ line: some Sequence<UInt8>) {
        guard let json = try? JSON.parse(Array(line)), let key = json["key"]?.string, let size = json["size"]?.integer,
            let modified = json["modified"]?.integer, let eTag = json["eTag"]?.string,
            let contentType = json["contentType"]?.string, case .object(let pairs) = json["metadata"]
        else { return nil }
        self.init(
            key: key, size: size, modified: modified, eTag: eTag, contentType: contentType,
            metadata: Dictionary(pairs.map { ($0.name, $0.value.string ?? "") }) { first, _ in first })
    }
}

/// The records of a store, `.apus-store/records/<aa>/<hash of the key>`: at most two lines, the object's that is there
/// and that of one that is about to take its place.
struct FolderRecords: Sendable {
    let tree: FolderTree

    /// The record of the object with this status; nil where somebody else wrote the object.
    func record(_ key: String, _ status: stat) throws(ApusError) -> FolderRecord? {
        try records(key).first { $0.fits(status) }
    }

    /// Writes the record of an object that will appear, and keeps that of the one that is there.
    func announce(_ record: FolderRecord, present: stat?) throws(ApusError) {
        let kept = try present.flatMap { status throws(ApusError) in try self.record(record.key, status) }
        let (folder, name) = FolderRecords.place(record.key)
        let handle = try tree.makeFolder(folder)
        try FolderTree.replace(name, in: handle, Array(((kept?.line ?? "") + record.line).utf8))
    }

    func remove(_ key: String) throws(ApusError) {
        let (folder, name) = FolderRecords.place(key)
        try tree.remove(folder + [Substring(name)])
    }

    private func records(_ key: String) throws(ApusError) -> [FolderRecord] {
        let (folder, name) = FolderRecords.place(key)
        guard let file = try tree.file(folder + [Substring(name)]) else { return [] }
        return try file.read(at: 0, count: 256 << 10).split(separator: UInt8(ascii: "\n"))
            .compactMap { FolderRecord($0) }.filter { $0.key == key }
    }

    private static func place(_ key: String) -> (folder: [Substring], name: String) {
        let hash = SigningDigest.sha256(Array(key.utf8))
        return ([".apus-store", "records", hash.prefix(2)], hash)
    }
}
