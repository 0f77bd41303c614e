package import Base
package import Envelope
import ObjectStore

/// Gives stored segments a header whose data key is wrapped by the newest key of its rule. The data stay as they are, and
/// stay in the store: only the first part of a large object goes through this host.
package struct Rewrapper: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// From which key to which.
        case rewrapped(from: String, to: String)
        case unchanged
        case notEncrypted
        /// A file on this host, which the journal knows as it is: it keeps its key.
        case keptHere(key: String)
    }

    /// What a store copies as one part.
    private static let copyBytes: Int64 = 1 << 30

    private let archive: Archive
    private let catalogue: Catalogue
    /// For other keys than those of the rules.
    private let target: @Sendable (CatalogueItem) throws(ApusError) -> any KeyRewrapper

    package init(
        archive: Archive, catalogue: Catalogue,
        target: @escaping @Sendable (CatalogueItem) throws(ApusError) -> any KeyRewrapper
    ) {
        self.archive = archive
        self.catalogue = catalogue
        self.target = target
    }

    /// - Parameter force: Wrap anew even where the same key and version would do it again.
    package func rewrap(_ item: CatalogueItem, force: Bool = false) async throws -> Outcome {
        guard case .store(let store, let key, let size) = item.place, let entry = item.entry else {
            return try await look(item)
        }
        let source = ObjectSource(store: store, key: key, size: size)
        let prefix = try await source.read(0..<min(Int64(EnvelopeHeader.prefixSize), size))
        guard let length = try? EnvelopeHeader.size(fromPrefix: prefix) else { return .notEncrypted }
        let header = try EnvelopeHeader(parsing: try await source.read(0..<min(Int64(length), size)))
        let renewed = try await header.rewrapped(
            by: try target(item), openedBy: try archive.keys.provider(for: header.wrapped))
        let (old, new) = (header.wrapped.text, renewed.wrapped.text)
        if old == new, !force { return .unchanged }
        try await write(renewed, over: Int64(length), key, size, store, keyText: new)
        var changed = entry
        changed.keyText = new
        changed.digest = ""
        changed.storedSize = size - Int64(length) + Int64(renewed.size)
        try await Manifest(store: store).note(changed)
        return .rewrapped(from: old, to: new)
    }

    /// Whether a file on this host is under another key than the newest.
    private func look(_ item: CatalogueItem) async throws -> Outcome {
        guard let header = try await catalogue.header(item) else { return .notEncrypted }
        let renewed = try await header.rewrapped(
            by: try target(item), openedBy: try archive.keys.provider(for: header.wrapped))
        let text = header.wrapped.text
        return text == renewed.wrapped.text ? .unchanged : .keptHere(key: text)
    }

    /// The object with another header, under the same key, if it is still the one that was read.
    private func write(
        _ header: EnvelopeHeader, over length: Int64, _ key: String, _ size: Int64, _ store: any ObjectStore,
        keyText: String
    ) async throws {
        guard let info = try await store.head(key), info.size == size else {
            throw ApusError(code: "object-differs", "\(store.name)\(key) is not what the manifest says")
        }
        var metadata = info.metadata
        metadata["apus-key"] = Record.escaped(keyText)
        let attributes = ObjectAttributes(
            metadata: metadata.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }, ifMatch: info.eTag)
        // What comes with the header: enough that it may be a part of its own.
        let head = min(size, length + Int64(max(store.limits.minimumPartBytes, 1 << 20)))
        let first = header.encoded() + (try await store.read(key, range: length..<head))
        if head == size {
            _ = try await store.putObject(key, first, attributes)
            return
        }
        let upload = try await store.beginUpload(key, attributes)
        do {
            var parts = [try await store.uploadPart(upload, 1, first)]
            var position = head
            while position < size {
                // The last part may be small, the others not.
                let end = min(size, position + Rewrapper.copyBytes)
                parts.append(try await store.copyPart(upload, parts.count + 1, from: key, range: position..<end))
                position = end
            }
            _ = try await store.completeUpload(upload, parts, attributes)
        } catch {
            try? await store.abortUpload(upload)
            throw error
        }
    }
}
