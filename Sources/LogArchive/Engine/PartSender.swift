import Base
import Crypto
import ObjectStore

/// Sends the parts of one try: as one request where there is only one, else as an upload in parts, some at a time, while the
/// next are sealed.
///
/// Memory: `limits.partsAtOnce` parts on their way and the one that is being filled.
final class PartSender {
    /// Parts that are stored, for `produce` to fill again.
    let spares = SpareParts()
    /// The object's ETag as the store answered it; nil where that answer was lost.
    private(set) var answeredTag: String?
    private let archive: Archive
    private let store: any ObjectStore
    private let id: String
    private let attempt: SealAttempt
    private let limits: ShipLimits
    private let metadata: [(name: String, value: String)]
    private var upload: UploadID?
    private var number = 0
    private var size: Int64 = 0
    private var partDigests: [[UInt8]] = []
    private var receipts: [Int: PartReceipt] = [:]

    init(
        archive: Archive, store: any ObjectStore, id: String, attempt: SealAttempt, limits: ShipLimits,
        metadata: [(name: String, value: String)]
    ) {
        self.archive = archive
        self.store = store
        self.id = id
        self.attempt = attempt
        self.limits = limits
        self.metadata = metadata
        upload = attempt.upload
    }

    /// Of the whole: the SHA-256 of the parts' SHA-256s, with the length of a part before it; of a single part its own.
    var digest: String {
        guard partDigests.count > 1 else { return "sha256:" + Hexadecimal.text(partDigests.first ?? []) }
        return "sha256-\(attempt.partBytes):" + Hexadecimal.text(SHA256.hash(data: partDigests.flatMap { $0 }))
    }

    typealias Sink = (_ part: [UInt8], _ isLast: Bool) async throws -> Void

    /// Runs `produce` and sends what it gives.
    ///
    /// - Returns: The bytes of the object.
    func run(_ produce: (Sink) async throws -> Void) async throws -> Int64 {
        try await withThrowingTaskGroup(of: PartReceipt.self) { group in
            var underWay = 0
            try await produce { part, isLast in
                if isLast, number == 0, attempt.upload == nil { return try await sendWhole(part) }
                guard let prepared = try await prepare(part) else { return }
                if underWay >= limits.partsAtOnce, let receipt = try await group.next() {
                    underWay -= 1
                    try confirm(receipt)
                }
                let box = PartBox(part)
                group.addTask { [store, limits, spares] in
                    let part = box.take()
                    await limits.gate.take(part.count)
                    let receipt = try await store.uploadPart(
                        prepared.upload, prepared.number, part, sha256: prepared.sha256)
                    spares.give(part)
                    return receipt
                }
                underWay += 1
            }
            while let receipt = try await group.next() { try confirm(receipt) }
        }
        if number > 0 { try await complete() }
        return size
    }

    private var attributes: ObjectAttributes {
        ObjectAttributes(contentType: "application/octet-stream", metadata: metadata, ifAbsent: true)
    }

    private func sendWhole(_ content: [UInt8]) async throws {
        size = Int64(content.count)
        let digest = Array(SHA256.hash(data: content))
        partDigests = [digest]
        await limits.gate.take(content.count)
        do throws(ApusError) {
            answeredTag = try await store.putObject(attempt.key, content, sha256: digest, attributes).eTag
        } catch {
            // An answer that was lost: `head` tells whether it is ours.
            if error.code != "object-exists" { throw error }
        }
    }

    /// Counts the part and writes its digest down; nil where the store has it already.
    private func prepare(_ part: [UInt8]) async throws -> (upload: UploadID, number: Int, sha256: [UInt8])? {
        number += 1
        size += Int64(part.count)
        let digest = Array(SHA256.hash(data: part))
        partDigests.append(digest)
        let upload = try await begin()
        let text = Hexadecimal.text(digest)
        if attempt.parts.indices.contains(number - 1) {
            let known = attempt.parts[number - 1]
            guard known.digest == text else {
                throw ApusError(code: "part-differs", "part \(number) came out differently than before")
            }
            if let receipt = known.receipt {
                receipts[number] = receipt
                return nil
            }
        } else {
            try archive.journal.record(id, .partSealed(number: number, digest: text))
        }
        return (upload, number, digest)
    }

    private func begin() async throws -> UploadID {
        if let upload { return upload }
        // One that was begun before a crash, and not written down: it is ours, since the key is.
        for orphan in try await store.unfinishedUploads(attempt.key) where orphan.key == attempt.key {
            try await store.abortUpload(orphan)
        }
        let begun = try await store.beginUpload(attempt.key, attributes)
        try archive.journal.record(id, .uploadBegun(begun.id))
        upload = begun
        return begun
    }

    private func confirm(_ receipt: PartReceipt) throws {
        receipts[receipt.number] = receipt
        try archive.journal.record(id, .partSent(receipt))
    }

    private func complete() async throws {
        guard let upload else { return }
        let parts = receipts.values.sorted { $0.number < $1.number }
        do throws(ApusError) {
            answeredTag = try await store.completeUpload(upload, parts, attributes).eTag
        } catch {
            // Completed before, and the answer was lost? Then the object is there, and is ours.
            guard error.code == "object-exists" || error.code == "upload-missing" else { throw error }
            let info = try await store.head(attempt.key)
            if info?.metadata["apus-generation"] != id { throw error }
        }
    }
}
