package import Base
import Crypto
import Envelope
import ObjectStore

/// Proves archived segments: that each is there, opens with its key, expands, and is byte for byte what was rotated.
///
/// Names prove nothing here: what a segment is, the envelope's context says, which its key is bound to, and its content is
/// held against the SHA-256 and the length that were taken before it was sealed.
package struct Verifier: Sendable {
    package enum Depth: Sendable {
        /// The object is there, with the size that the manifest says.
        case presence
        /// Fetched, opened, expanded and compared.
        case content
    }

    package struct Finding: Sendable {
        package let item: CatalogueItem
        /// Nil where all is right.
        package let error: ApusError?
        /// Whether its content was fetched.
        package let isCompared: Bool
        package let duration: Duration

        /// Whether there is anything of it.
        package var isThere: Bool { error?.code != "object-missing" && error?.code != "file-missing" }
    }

    private let catalogue: Catalogue
    private let time: any TimeSource

    package init(_ catalogue: Catalogue, time: any TimeSource) {
        self.catalogue = catalogue
        self.time = time
    }

    package func verify(_ item: CatalogueItem, _ depth: Depth) async throws -> Finding {
        let start = time.now()
        var isCompared = false
        do {
            try await presence(item)
            isCompared = depth == .content
            if depth == .content { try await content(item) }
            return Finding(item: item, error: nil, isCompared: isCompared, duration: start.duration(to: time.now()))
        } catch let error as ApusError {
            return Finding(item: item, error: error, isCompared: isCompared, duration: start.duration(to: time.now()))
        }
    }

    private func presence(_ item: CatalogueItem) async throws {
        guard case .store(let store, let key, let size) = item.place else {
            // Opened: so it is there.
            _ = try catalogue.source(item)
            return
        }
        guard let info = try await store.head(key) else {
            throw ApusError(code: "object-missing", "\(item.placeText) is not there")
        }
        guard info.size == size else {
            throw ApusError(
                code: "object-differs", "\(item.placeText) has \(info.size) bytes, and the manifest says \(size)")
        }
        guard info.metadata["apus-generation"].map({ $0 == item.generation }) ?? true else {
            throw ApusError(
                code: "object-exchanged", "\(item.placeText) is another generation than the manifest says")
        }
    }

    private func content(_ item: CatalogueItem) async throws {
        let reader = try await catalogue.reader(item)
        if let context = reader.header?.context {
            guard context["generation"] == item.generation, context["file"] == item.log, context["host"] == item.host
            else {
                throw ApusError(
                    code: "object-exchanged",
                    "\(item.placeText) was sealed as \(context["file"] ?? "?") of \(context["host"] ?? "?"), generation \(context["generation"] ?? "?")"
                )
            }
        }
        var digest = SHA256()
        var bytes: Int64 = 0
        try await reader.whole { piece in
            digest.update(data: piece)
            bytes += Int64(piece.count)
        }
        guard let wanted = item.sha256 else { return }
        guard bytes == item.bytes, Hexadecimal.text(digest.finalize()) == wanted else {
            throw ApusError(
                code: "content-differs",
                "\(item.placeText) holds \(bytes) bytes that are not the \(item.bytes ?? 0) that were rotated")
        }
    }
}
