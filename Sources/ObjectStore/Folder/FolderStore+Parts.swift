import Base
import CloudAPI
import Crypto
import Glibc

/// Parts on the disk, as FolderUpload describes them.
extension FolderStore {
    private static let chunk = 1 << 20

    /// The ETag of an object that was made of parts.
    static func multipartETag(_ parts: [PartReceipt]) -> String {
        "\(eTag(Array(parts.map(\.eTag).joined().utf8)))-\(parts.count)"
    }

    static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 32 && text.utf8.allSatisfy { Hex.decode("0\(Unicode.Scalar($0))") != nil }
    }

    static func uploadMissing(_ upload: UploadID) -> ApusError {
        ApusError(code: "upload-missing", "the upload of \(upload.key) is not there any more")
    }

    func folder(_ upload: UploadID) throws(ApusError) -> FileHandle {
        guard FolderStore.isID(upload.id),
            let folder = try tree.folder([".apus-store", "uploads", Substring(upload.id)])
        else { throw FolderStore.uploadMissing(upload) }
        return folder
    }

    /// Whether the object under the key is this very file: an end that a crash has cut short.
    func isPublished(_ file: borrowing FileHandle, as key: String) throws(ApusError) -> Bool {
        let own = try file.status()
        guard own.st_nlink > 1, let object = try tree.file(FolderStore.path(key)) else { return false }
        return try object.status().st_ino == own.st_ino
    }

    func state(_ upload: UploadID) throws(ApusError) -> FolderUpload {
        if let known = uploads[upload.id] { return known }
        guard FolderStore.isID(upload.id), let record = try record(of: upload.id), record.key == upload.key else {
            throw FolderStore.uploadMissing(upload)
        }
        var lines: [UInt8] = []
        if let file = try tree.file([".apus-store", "uploads", Substring(upload.id), "parts"]) {
            lines = try file.read(at: 0, count: min(Int(try file.status().st_size), 16 << 20))
        }
        let state = FolderUpload(record: record, lines: lines)
        uploads[upload.id] = state
        return state
    }

    func record(of id: String) throws(ApusError) -> FolderRecord? {
        guard let file = try tree.file([".apus-store", "uploads", Substring(id), "upload"]) else { return nil }
        return FolderRecord(try file.read(at: 0, count: 256 << 10).prefix { $0 != UInt8(ascii: "\n") })
    }

    /// Writes a part to its place; then its line, when its bytes are on the disk.
    func storePart(
        _ upload: UploadID, _ number: Int, size: Int64,
        _ write: (borrowing FileHandle, Int64) throws(ApusError) -> (eTag: String, crc: CRC32C)
    ) throws(ApusError) -> PartReceipt {
        guard (1...limits.maximumParts).contains(number) else {
            throw ApusError(code: "store-failed", "a part's number is 1 to \(limits.maximumParts)")
        }
        var state = try state(upload)
        let folder = try folder(upload)
        let isNext = number == state.lastInData + 1 && state.parts[number] == nil
        let name = isNext ? "data" : "part-\(number)"
        let temporary = isNext ? name : name + ".new"
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (isNext ? 0 : O_TRUNC)
        let file = try FileHandle(openat(folder.descriptor, temporary, flags, 0o600), "cannot open an upload")
        // Published already: its bytes are an object's.
        guard try file.status().st_nlink == 1 else { throw FolderStore.uploadMissing(upload) }
        let (eTag, crc) = try write(file, isNext ? state.dataEnd : 0)
        try file.synchronize()
        if !isNext, renameat(folder.descriptor, temporary, folder.descriptor, name) != 0 {
            throw FolderFailure.make("cannot rename a part")
        }
        let checksum = Base64Text.encode(crc.bytes)
        try add(
            FolderUpload.Part(
                number: number, size: size, eTag: eTag, crc32c: checksum, offset: isNext ? state.dataEnd : nil),
            to: &state, folder)
        try absorbEarlyParts(&state, folder)
        uploads[upload.id] = state
        return PartReceipt(number: number, eTag: eTag, crc32c: checksum)
    }

    func add(
        _ part: FolderUpload.Part, to state: inout FolderUpload, _ folder: borrowing FileHandle
    ) throws(ApusError) {
        let file = try FileHandle(
            openat(folder.descriptor, "parts", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600),
            "cannot open an upload")
        // A line begins with a new one: half a line of a crash ends there.
        try file.write(Array("\n\(part.line)".utf8).span, at: Int64(try file.status().st_size))
        try file.synchronize()
        try folder.synchronize()
        state.add(part)
    }

    func absorbEarlyParts(_ state: inout FolderUpload, _ folder: borrowing FileHandle) throws(ApusError) {
        while let part = state.parts[state.lastInData + 1], part.offset == nil {
            let name = "part-\(part.number)"
            let source = try FileHandle(
                openat(folder.descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "cannot open a part")
            let data = try FileHandle(
                openat(folder.descriptor, "data", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600),
                "cannot open an upload")
            _ = try FolderStore.copy(source, 0..<part.size, to: data, at: state.dataEnd)
            try data.synchronize()
            let moved = FolderUpload.Part(
                number: part.number, size: part.size, eTag: part.eTag, crc32c: part.crc32c, offset: state.dataEnd)
            try add(moved, to: &state, folder)
            unlinkat(folder.descriptor, name, 0)
        }
    }

    func assemble(_ parts: [FolderUpload.Part], in folder: borrowing FileHandle) throws(ApusError) {
        // A new file: the old one may be an object's already.
        guard unlinkat(folder.descriptor, "whole", 0) == 0 || errno == ENOENT else {
            throw FolderFailure.make("cannot remove a file")
        }
        let whole = try FolderTree.create("whole", in: folder)
        var end: Int64 = 0
        for part in parts {
            let name = part.offset == nil ? "part-\(part.number)" : "data"
            let source = try FileHandle(
                openat(folder.descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "cannot open a part")
            let start = part.offset ?? 0
            _ = try FolderStore.copy(source, start..<(start + part.size), to: whole, at: end)
            end += part.size
        }
    }

    /// - Throws: `checksum-mismatch` where a part that is wanted is not the one that is here.
    static func parts(
        _ wanted: [PartReceipt], of state: FolderUpload
    ) throws(ApusError) -> [FolderUpload.Part] {
        guard !wanted.isEmpty else { throw ApusError(code: "store-failed", "an upload has at least one part") }
        var found: [FolderUpload.Part] = []
        for receipt in wanted {
            guard let part = state.parts[receipt.number], part.eTag == receipt.eTag else {
                throw ApusError(
                    code: "checksum-mismatch",
                    "part \(receipt.number) of \(state.record.key) is not the one that was sent")
            }
            found.append(part)
        }
        return found
    }

    /// Copies a range and hashes it on the way.
    static func copy(
        _ source: borrowing FileHandle, _ range: Range<Int64>, to target: borrowing FileHandle, at offset: Int64
    ) throws(ApusError) -> (eTag: String, crc: CRC32C) {
        var hash = SHA256()
        var crc = CRC32C()
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(Int64(chunk), range.upperBound - position))
            let bytes = try source.read(at: position, count: count)
            guard bytes.count == count else { throw ApusError(code: "store-failed", "a file became shorter") }
            try target.write(bytes.span, at: offset + position - range.lowerBound)
            hash.update(data: bytes)
            crc.update(bytes.span)
            position += Int64(count)
        }
        return (Hex.encode(hash.finalize().prefix(16)), crc)
    }

    func remove(_ id: String) throws(ApusError) {
        uploads[id] = nil
        guard let above = try tree.folder([".apus-store", "uploads"]),
            let folder = try tree.folder([".apus-store", "uploads", Substring(id)])
        else { return }
        // Without its record it is no upload any more, whatever a crash leaves of it.
        for name in ["upload"] + (try FolderTree.entries(of: folder).map(\.name)) {
            guard unlinkat(folder.descriptor, name, 0) == 0 || errno == ENOENT else {
                throw FolderFailure.make("cannot remove an upload")
            }
        }
        guard unlinkat(above.descriptor, id, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw FolderFailure.make("cannot remove an upload")
        }
    }
}
