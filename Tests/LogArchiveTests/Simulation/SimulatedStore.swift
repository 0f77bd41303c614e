import Base
import Crypto
import LogArchive
import ObjectStore
import Synchronization

/// A store in memory that shares the machine's power: a call may die before it reaches the store, or after, when its answer is
/// lost. It fails by lot, too.
final class SimulatedStore: ObjectStore {
    struct Object: Sendable {
        var bytes: [UInt8]
        var attributes: ObjectAttributes
        var eTag: String
    }

    struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: (key: String, parts: [Int: [UInt8]])] = [:]
        var next = 0
        /// Objects that were made under a key that was taken: must stay 0.
        var overwritten = 0
    }

    let name = "sim://store/"
    let limits = ObjectStoreLimits(minimumPartBytes: 1, maximumParts: 10_000, maximumReadBytes: 1 << 24)
    /// `@unchecked`: the state is touched under the lock only.
    private final class Box: @unchecked Sendable {
        let lock = SimulationLock()
        var state = State()
    }

    private let box = Box()
    private let power: Power

    init(power: Power) {
        self.power = power
    }

    func peek<Result>(_ body: (State) -> Result) -> Result {
        box.lock.lock()
        defer { box.lock.unlock() }
        return body(box.state)
    }

    private func with<Result>(_ body: (inout State) throws(ApusError) -> Result) throws(ApusError) -> Result {
        box.lock.lock()
        defer { box.lock.unlock() }
        return try body(&box.state)
    }

    private func call<Result>(_ body: (inout State) throws(ApusError) -> Result) throws(ApusError) -> Result {
        guard power.spend() else { throw machineIsDead }
        if power.hasFault {
            // Before or after it took effect: who asks cannot know.
            if power.chance(0.5) { _ = try? with(body) }
            throw ApusError(code: "store-unreachable", "no answer", canRetry: true)
        }
        let result: Result
        do throws(ApusError) {
            result = try with(body)
        } catch {
            throw power.spend() ? error : machineIsDead
        }
        // Death after the effect, before the answer.
        guard power.spend() else { throw machineIsDead }
        return result
    }

    private static func tag(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).prefix(8).map { String($0, radix: 16) }.joined()
    }

    func putObject(
        _ key: String, _ content: [UInt8], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        try call { (state) throws(ApusError) in try SimulatedStore.put(&state, key, content, attributes) }
    }

    private static func put(
        _ state: inout State, _ key: String, _ content: [UInt8], _ attributes: ObjectAttributes
    ) throws(ApusError) -> ObjectReceipt {
        if let old = state.objects[key] {
            let isAllowed = attributes.ifMatch.map { $0 == old.eTag } ?? !attributes.ifAbsent
            guard isAllowed else { throw ApusError(code: "object-exists", "\(key) is there") }
            if !key.hasPrefix("apus-manifest/") { state.overwritten += 1 }
        } else if attributes.ifMatch != nil {
            throw ApusError(code: "object-exists", "\(key) is not there")
        }
        let tag = tag(content)
        state.objects[key] = Object(bytes: content, attributes: attributes, eTag: tag)
        return ObjectReceipt(eTag: tag)
    }

    func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws(ApusError) -> UploadID {
        try call { (state) throws(ApusError) in
            state.next += 1
            state.uploads["u\(state.next)"] = (key, [:])
            return UploadID(key: key, id: "u\(state.next)")
        }
    }

    func uploadPart(_ upload: UploadID, _ number: Int, _ content: [UInt8]) async throws(ApusError) -> PartReceipt {
        try call { (state) throws(ApusError) in
            guard state.uploads[upload.id] != nil else { throw ApusError(code: "upload-missing", "no upload") }
            state.uploads[upload.id]?.parts[number] = content
            return PartReceipt(number: number, eTag: SimulatedStore.tag(content))
        }
    }

    func copyPart(
        _ upload: UploadID, _ number: Int, from key: String, range: Range<Int64>
    ) async throws(ApusError) -> PartReceipt {
        try call { (state) throws(ApusError) in
            guard let object = state.objects[key] else { throw ApusError(code: "object-missing", "no \(key)") }
            let bytes = Array(object.bytes[Int(range.lowerBound)..<Int(range.upperBound)])
            state.uploads[upload.id]?.parts[number] = bytes
            return PartReceipt(number: number, eTag: SimulatedStore.tag(bytes))
        }
    }

    func completeUpload(
        _ upload: UploadID, _ parts: [PartReceipt], _ attributes: ObjectAttributes
    ) async throws(ApusError) -> ObjectReceipt {
        try call { (state) throws(ApusError) in
            guard let found = state.uploads[upload.id] else { throw ApusError(code: "upload-missing", "no upload") }
            var content: [UInt8] = []
            for part in parts {
                guard let bytes = found.parts[part.number], SimulatedStore.tag(bytes) == part.eTag else {
                    throw ApusError(code: "store-failed", "part \(part.number) is not what was said")
                }
                content += bytes
            }
            let receipt = try SimulatedStore.put(&state, upload.key, content, attributes)
            state.uploads[upload.id] = nil
            return receipt
        }
    }

    func abortUpload(_ upload: UploadID) async throws(ApusError) {
        try call { (state) throws(ApusError) in state.uploads[upload.id] = nil }
    }

    func unfinishedUploads(_ prefix: String) async throws(ApusError) -> [UploadID] {
        try call { (state) throws(ApusError) in
            state.uploads.filter { $0.value.key.hasPrefix(prefix) }.map { UploadID(key: $0.value.key, id: $0.key) }
        }
    }

    func head(_ key: String) async throws(ApusError) -> ObjectInfo? {
        try call { (state) throws(ApusError) in
            state.objects[key].map { object in
                ObjectInfo(
                    key: key, size: Int64(object.bytes.count), eTag: object.eTag,
                    metadata: Dictionary(uniqueKeysWithValues: object.attributes.metadata.map { ($0.name, $0.value) }))
            }
        }
    }

    func read(_ key: String, range: Range<Int64>?) async throws(ApusError) -> [UInt8] {
        try call { (state) throws(ApusError) in
            guard let object = state.objects[key] else { throw ApusError(code: "object-missing", "no \(key)") }
            guard let range else { return object.bytes }
            let end = min(object.bytes.count, Int(range.upperBound))
            return Array(object.bytes[min(end, Int(range.lowerBound))..<end])
        }
    }

    func list(_ prefix: String, after: String?, limit: Int) async throws(ApusError) -> ObjectPage {
        try call { (state) throws(ApusError) in
            let keys = state.objects.keys.filter { $0.hasPrefix(prefix) && $0 > (after ?? "") }.sorted()
            let objects = keys.prefix(limit).map { key in
                ObjectInfo(
                    key: key, size: Int64(state.objects[key]?.bytes.count ?? 0), eTag: state.objects[key]?.eTag ?? "")
            }
            return ObjectPage(objects: Array(objects), isCut: keys.count > limit)
        }
    }

    func delete(_ key: String) async throws(ApusError) {
        try call { (state) throws(ApusError) in state.objects[key] = nil }
    }
}
