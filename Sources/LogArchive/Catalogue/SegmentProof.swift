import Base
import Envelope
import ObjectStore

/// Whether an object is what the catalogue says it is, before a byte of it is given: whoever can write to a store can put
/// another sealed object, or one that is not sealed, under a name.
enum SegmentProof {
    /// Of the object; empty for what is on this host.
    ///
    /// - Throws: `object-missing`.
    static func metadata(_ item: CatalogueItem) async throws(ApusError) -> [String: String] {
        guard case .store(let store, let key, _) = item.place else { return [:] }
        guard let info = try await store.head(key) else {
            throw ApusError(code: "object-missing", "\(item.placeText) is not there")
        }
        return info.metadata
    }

    /// An object is sealed where the manifest names a key, where its metadata does, or where its name says so.
    static func expectation(_ item: CatalogueItem, _ metadata: [String: String]) -> PlainReader.Expectation {
        let (name, isStored) =
            switch item.place {
            case .store(_, let key, _): (key, true)
            case .here(_, let name): (name, false)
            }
        let isSealed = (isStored && item.entry?.keyText != nil) || metadata["apus-key"] != nil || name.hasSuffix(".enc")
        // The size is the manifest's: a cut object has fewer bytes than that.
        return isSealed ? .sealed(isLengthKnown: isStored) : .anything
    }

    /// - Throws: `object-exchanged`.
    static func check(
        _ item: CatalogueItem, _ context: EnvelopeContext?, _ metadata: [String: String]
    ) throws(ApusError) {
        let wanted = [item.generation, item.log, item.host]
        if let context {
            let found = [context["generation"], context["file"], context["host"]]
            guard found == wanted else { throw exchanged(item, "was sealed as", found) }
        }
        let found = [metadata["apus-generation"], metadata["apus-log"], metadata["apus-host"]]
        // A store may keep no metadata; what it keeps must agree.
        guard zip(found, wanted).allSatisfy({ $0 == nil || $0 == Record.escaped($1) }) else {
            throw exchanged(item, "was stored as", found)
        }
    }

    private static func exchanged(_ item: CatalogueItem, _ verb: String, _ found: [String?]) -> ApusError {
        let texts = found.map { $0 ?? "?" }
        return ApusError(
            code: "object-exchanged", "\(item.placeText) \(verb) \(texts[1]) of \(texts[2]), generation \(texts[0])")
    }
}
