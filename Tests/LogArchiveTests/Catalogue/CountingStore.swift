import Base
import ObjectStore
import Synchronization

/// A store that counts what is asked of it, and can be away.
final class CountingStore: ObjectStore {
    private let store: SimulatedStore
    private let counts = Mutex((reads: 0, writes: 0, fails: false))

    init(_ store: SimulatedStore) {
        self.store = store
    }

    var reads: Int { counts.withLock { $0.reads } }
    var writes: Int { counts.withLock { $0.writes } }
    func fails(_ does: Bool) { counts.withLock { $0.fails = does } }

    var name: String { store.name }
    var limits: ObjectStoreLimits { store.limits }

    private func check() throws(ApusError) {
        if counts.withLock({ $0.fails }) { throw ApusError(code: "store-unreachable", "away", canRetry: true) }
    }

    func putObject(
        _ key: String, _ content: [UInt8], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        try check()
        counts.withLock { $0.writes += 1 }
        // Others come up meanwhile, as with a real store.
        await Task.yield()
        return try await store.putObject(key, content, attributes)
    }

    func head(_ key: String) async throws(ApusError) -> ObjectInfo? {
        try check()
        return try await store.head(key)
    }

    func read(_ key: String, range: Range<Int64>?) async throws(ApusError) -> [UInt8] {
        try check()
        counts.withLock { $0.reads += 1 }
        return try await store.read(key, range: range)
    }

    func list(_ prefix: String, after: String?, limit: Int) async throws(ApusError) -> ObjectPage {
        try check()
        return try await store.list(prefix, after: after, limit: limit)
    }

    func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws(ApusError) -> UploadID {
        try await store.beginUpload(key, attributes)
    }

    func uploadPart(_ upload: UploadID, _ number: Int, _ content: [UInt8]) async throws(ApusError) -> PartReceipt {
        try await store.uploadPart(upload, number, content)
    }

    func copyPart(
        _ upload: UploadID, _ number: Int, from key: String, range: Range<Int64>
    ) async throws(ApusError) -> PartReceipt {
        try await store.copyPart(upload, number, from: key, range: range)
    }

    func completeUpload(
        _ upload: UploadID, _ parts: [PartReceipt], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        try await store.completeUpload(upload, parts, attributes)
    }

    func abortUpload(_ upload: UploadID) async throws(ApusError) { try await store.abortUpload(upload) }

    func unfinishedUploads(_ prefix: String) async throws(ApusError) -> [UploadID] {
        try await store.unfinishedUploads(prefix)
    }

    func delete(_ key: String) async throws(ApusError) { try await store.delete(key) }
}
