package import Base
import Glibc

extension FolderStore {
    private static let mostUploads = 1000

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
