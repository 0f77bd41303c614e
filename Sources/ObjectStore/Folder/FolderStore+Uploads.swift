package import Base
import CloudAPI
import Crypto
import Glibc

extension FolderStore {
    private static let mostUploads = 1000
    private static let chunk = 1 << 20

    package func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws(ApusError) -> UploadID {
        _ = try FolderStore.path(key)
        let id = FolderStore.newID()
        let folder = try tree.makeFolder([".apus-store", "uploads", Substring(id)])
        let record = FolderRecord(
            key: key, size: 0, modified: time.wallNow().nanosecondsSince1970, eTag: "",
            contentType: attributes.contentType,
            metadata: Dictionary(attributes.metadata.map { ($0.name, $0.value) }) { first, _ in first })
        try FolderTree.replace("upload", in: folder, Array(record.line.utf8))
        uploads[id] = FolderUpload(record: record)
        return UploadID(key: key, id: id)
    }

    package func uploadPart(
        _ upload: UploadID, _ number: Int, _ content: [UInt8]
    ) async throws(ApusError) -> PartReceipt {
        try storePart(upload, number, size: Int64(content.count)) { file, offset throws(ApusError) in
            try file.write(content.span, at: offset)
            return (FolderStore.eTag(content), CRC32C.of(content))
        }
    }

    package func copyPart(
        _ upload: UploadID, _ number: Int, from key: String, range: Range<Int64>
    ) async throws(ApusError) -> PartReceipt {
        guard let source = try tree.file(FolderStore.path(key)) else { throw FolderStore.missing(key) }
        guard range.lowerBound >= 0, range.upperBound <= Int64(try source.status().st_size) else {
            throw ApusError(code: "store-failed", "the object \(key) does not have that range")
        }
        return try storePart(upload, number, size: Int64(range.count)) { file, offset throws(ApusError) in
            try FolderStore.copy(source, range, to: file, at: offset)
        }
    }

    package func completeUpload(
        _ upload: UploadID, _ parts: [PartReceipt], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        let wanted = parts.sorted { $0.number < $1.number }
        let eTag = FolderStore.multipartETag(wanted)
        do throws(ApusError) {
            let state = try state(upload)
            let folder = try folder(upload)
            let found = try FolderStore.parts(wanted, of: state)
            let name = state.isInOrder(found) ? "data" : "whole"
            if name == "whole" { try assemble(found, in: folder) }
            let file = try FileHandle(
                openat(folder.descriptor, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC), "cannot open an upload")
            if try !isPublished(file, as: upload.key) {
                // Behind the last part may stand a part that is not wanted, or half of one.
                guard ftruncate(file.descriptor, off_t(found.reduce(0) { $0 + $1.size })) == 0 else {
                    throw FolderFailure.make("cannot cut an upload")
                }
                var object = ObjectAttributes(contentType: state.record.contentType, ifAbsent: attributes.ifAbsent)
                object.ifMatch = attributes.ifMatch
                object.metadata = state.record.metadata.map { (name: $0.key, value: $0.value) }
                _ = try publish(file, name, in: folder, as: upload.key, eTag: eTag, object)
            }
        } catch {
            // Its bytes are the object's already, and a crash or a lost answer came between.
            let isGone = error.code == "upload-missing" || error.code == "store-failed"
            guard isGone, let info = try await head(upload.key), info.eTag == eTag else { throw error }
        }
        try remove(upload.id)
        return ObjectReceipt(eTag: eTag)
    }

    package func abortUpload(_ upload: UploadID) async throws(ApusError) {
        guard FolderStore.isID(upload.id) else { return }
        try remove(upload.id)
    }

    package func unfinishedUploads(_ prefix: String) async throws(ApusError) -> [UploadID] {
        guard let folder = try tree.folder([".apus-store", "uploads"]) else { return [] }
        var found: [UploadID] = []
        for entry in try FolderTree.entries(of: folder) where FolderStore.isID(entry.name) {
            guard found.count < FolderStore.mostUploads else { break }
            guard let record = try record(of: entry.name) else { continue }
            if record.key.utf8.starts(with: prefix.utf8) { found.append(UploadID(key: record.key, id: entry.name)) }
        }
        return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}

extension FolderStore {
    /// The ETag of an object that was made of parts.
    static func multipartETag(_ parts: [PartReceipt]) -> String {
        "\(eTag(Array(parts.map(\.eTag).joined().utf8)))-\(parts.count)"
    }

    private static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 32 && text.utf8.allSatisfy { Hex.decode("0\(Unicode.Scalar($0))") != nil }
    }

    private static func uploadMissing(_ upload: UploadID) -> ApusError {
        ApusError(code: "upload-missing", "the upload of \(upload.key) is not there any more")
    }

    private func folder(_ upload: UploadID) throws(ApusError) -> FileHandle {
        guard FolderStore.isID(upload.id),
            let folder = try tree.folder([".apus-store", "uploads", Substring(upload.id)])
        else { throw FolderStore.uploadMissing(upload) }
        return folder
    }

    /// Whether the object under the key is this very file: an end that a crash has cut short.
    private func isPublished(_ file: borrowing FileHandle, as key: String) throws(ApusError) -> Bool {
        let own = try file.status()
        guard own.st_nlink > 1, let object = try tree.file(FolderStore.path(key)) else { return false }
        return try object.status().st_ino == own.st_ino
    }

    private func state(_ upload: UploadID) throws(ApusError) -> FolderUpload {
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

    private func record(of id: String) throws(ApusError) -> FolderRecord? {
        guard let file = try tree.file([".apus-store", "uploads", Substring(id), "upload"]) else { return nil }
        return FolderRecord(try file.read(at: 0, count: 256 << 10).prefix { $0 != UInt8(ascii: "\n") })
    }

    /// Writes a part to its place; then its line, when its bytes are on the disk.
    private func storePart(
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
        let file = try FileHandle(
            openat(
                folder.descriptor, temporary, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (isNext ? 0 : O_TRUNC), 0o600),
            "cannot open an upload")
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

    private func add(
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

    private func absorbEarlyParts(_ state: inout FolderUpload, _ folder: borrowing FileHandle) throws(ApusError) {
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

    private func assemble(_ parts: [FolderUpload.Part], in folder: borrowing FileHandle) throws(ApusError) {
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
    private static func parts(
        _ wanted: [PartReceipt], of state: FolderUpload
    ) throws(ApusError) -> [FolderUpload.Part] {
        guard !wanted.isEmpty else { throw ApusError(code: "store-failed", "an upload has at least one part") }
        var found: [FolderUpload.Part] = []
        for receipt in wanted {
            guard let part = state.parts[receipt.number], part.eTag == receipt.eTag else {
                throw ApusError(
                    code: "checksum-mismatch", "part \(receipt.number) of \(state.record.key) is not the one that was sent")
            }
            found.append(part)
        }
        return found
    }

    /// Copies a range and hashes it on the way.
    private static func copy(
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

    private func remove(_ id: String) throws(ApusError) {
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
