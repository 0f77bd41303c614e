package import Base
import Envelope
import Glibc
package import ObjectStore

/// One archived segment, wherever it is.
package struct CatalogueItem: Sendable {
    package enum Place: Sendable {
        case store(any ObjectStore, key: String, size: Int64)
        /// On this host, in this folder under this name.
        case here(folder: String, name: String)
    }

    package let generation: String
    package let host: String
    package let log: String
    package let rule: String
    package let rotated: WallInstant
    package let place: Place
    /// Nil where it has not been surveyed yet.
    package let entry: ManifestEntry?
    package let survey: Survey?

    package var bytes: Int64? { entry?.size ?? survey?.bytes }
    package var storedBytes: Int64? { if case .store(_, _, let size) = place { size } else { nil } }
    package var sha256: String? { entry?.sha256 ?? survey?.sha256 }
    package var lines: Int64? { entry?.lines ?? survey?.lines }
    package var first: WallInstant? {
        entry?.first ?? survey?.firstTime.map { WallInstant(nanosecondsSince1970: $0 * 1_000_000) }
    }
    package var last: WallInstant? {
        entry?.last ?? survey?.lastTime.map { WallInstant(nanosecondsSince1970: $0 * 1_000_000) }
    }
    package var placeText: String {
        switch place {
        case .store(let store, let key, _): store.name + key
        case .here(let folder, let name): "\(folder)/\(name)"
        }
    }
}

/// All that was archived: what the manifests of the rules' stores say, and what is on this host and in no store yet.
package struct Catalogue: Sendable {
    package struct Query: Sendable {
        /// A path, or a glob of such; nil for all logs.
        package var log: String?
        /// Nil for this host's, `*` for everybody's.
        package var host: String?
        package var from: WallInstant?
        package var until: WallInstant?

        package init(log: String? = nil, host: String? = nil, from: WallInstant? = nil, until: WallInstant? = nil) {
            self.log = log
            self.host = host
            self.from = from
            self.until = until
        }
    }

    /// Is told about a store that cannot be used: its name, and why.
    package typealias Away = (_ store: String, _ error: ApusError) -> Void

    let archive: Archive
    private let rules: [Rule]
    private let store: StoreSettings?

    /// - Parameter store: One that is looked into even if no rule names it.
    package init(archive: Archive, rules: [Rule], store: StoreSettings? = nil) {
        self.archive = archive
        self.rules = rules
        self.store = store
    }

    /// The stores that rules name, each once.
    ///
    /// - Parameter away: told about one that cannot be used; nil to throw that.
    package func stores(away: Away? = nil) throws(ApusError) -> [any ObjectStore] {
        var found: [any ObjectStore] = []
        var refused: Set<String> = []
        for upload in rules.compactMap(\.settings.upload) + [store].compactMap({ $0 }) {
            do throws(ApusError) {
                let store = try archive.stores.store(upload)
                if !found.contains(where: { $0.name == store.name }) { found.append(store) }
            } catch {
                guard let away else { throw error }
                let name = upload.target.description
                if refused.insert(name).inserted { away(name, error) }
            }
        }
        return found
    }

    /// In the order of their rotation.
    ///
    /// - Parameters:
    ///   - damaged: told about lines of manifests that do not read, or contradict each other.
    ///   - away: told about each store that cannot be read, whose part is missing then; nil to throw that.
    package func items(
        _ query: Query, damaged: (String) -> Void, away: Away? = nil
    ) async throws -> [CatalogueItem] {
        var items: [CatalogueItem] = []
        let host = query.host ?? archive.host
        for store in try stores(away: away) {
            do {
                // A segment is rotated after its last line: from the day of `from` on.
                let entries = try await Manifest(store: store).entries(
                    host: host == "*" ? nil : host, since: query.from, damaged: damaged)
                items += entries.map { Catalogue.item($0, store) }
            } catch let error as ApusError {
                guard let away else { throw error }
                away(store.name, error)
            }
        }
        items = items.filter { isWanted($0, query) }
        if host == archive.host || host == "*" { items += here(query, known: Set(items.map(\.generation))) }
        return items.sorted { ($0.log, $0.rotated, $0.generation) < ($1.log, $1.rotated, $1.generation) }
    }

    static func item(_ entry: ManifestEntry, _ store: any ObjectStore) -> CatalogueItem {
        CatalogueItem(
            generation: entry.generation, host: entry.host, log: entry.log, rule: entry.rule, rotated: entry.rotated,
            place: .store(store, key: entry.key, size: entry.storedSize), entry: entry, survey: nil)
    }

    /// What of this host's lies on it, whether or not a store has it, too.
    package func local(_ query: Query) -> [CatalogueItem] {
        let host = query.host ?? archive.host
        return host == archive.host || host == "*" ? here(query, known: []) : []
    }

    /// Whether the query asks for it, its host apart.
    func isWanted(_ item: CatalogueItem, _ query: Query) -> Bool {
        matches(item.log, query.log) && overlaps(item, query)
    }

    private func here(_ query: Query, known: Set<String>) -> [CatalogueItem] {
        archive.journal.state.all.compactMap { generation in
            guard generation.stage >= .rotated, !generation.isGone, !known.contains(generation.id) else { return nil }
            let item = CatalogueItem(
                generation: generation.id, host: archive.host, log: generation.log, rule: generation.rule,
                rotated: generation.rotatedAt, place: .here(folder: generation.folder, name: generation.name),
                entry: nil, survey: generation.survey)
            return isWanted(item, query) ? item : nil
        }
    }

    private func matches(_ log: String, _ pattern: String?) -> Bool {
        guard let pattern else { return true }
        return log == pattern || fnmatch(pattern, log, 0) == 0
    }

    private func overlaps(_ item: CatalogueItem, _ query: Query) -> Bool {
        // A clock that was set back makes the last line the earlier one.
        let ends = [item.first, item.last].compactMap { $0 }
        if let from = query.from, (ends.max() ?? item.rotated) < from { return false }
        if let until = query.until, let first = ends.min(), first >= until { return false }
        return true
    }

    /// The sealed bytes of an item.
    package func source(_ item: CatalogueItem) throws(ApusError) -> any ByteSource {
        switch item.place {
        case .store(let store, let key, let size): return ObjectSource(store: store, key: key, size: size)
        case .here(let path, let name):
            let folder = try archive.disk.folder(path, as: try account(item.rule))
            let file = try folder.open(name, .read, allowHardLinks: true)
            return FileSource(file: file, name: "\(path)/\(name)", size: try file.state().size)
        }
    }

    /// What has wrapped the item's key: provider, key and version; nil where nothing is encrypted, or a local file cannot
    /// be read.
    package func keyText(_ item: CatalogueItem) async -> String? {
        guard case .here = item.place else { return item.entry?.keyText }
        return try? await header(item)?.wrapped.text
    }

    /// The envelope's header; nil where there is none.
    func header(_ item: CatalogueItem) async throws -> EnvelopeHeader? {
        let source = try source(item)
        let prefix = try await source.read(0..<min(Int64(EnvelopeHeader.prefixSize), source.size))
        let length: Int
        do throws(ApusError) {
            length = try EnvelopeHeader.size(fromPrefix: prefix)
        } catch {
            if error.code == "envelope-not" { return nil }
            throw error
        }
        return try EnvelopeHeader(parsing: try await source.read(0..<min(Int64(length), source.size)))
    }

    private func account(_ name: String) throws(ApusError) -> DiskAccount? {
        guard let rule = rules.first(where: { $0.name == name }) else { return nil }
        return try Rotator(archive: archive, rule: rule).account()
    }

    /// - Throws: What opening throws; `object-missing`, `object-exchanged` (see `SegmentProof`).
    package func reader(_ item: CatalogueItem) async throws -> PlainReader {
        let metadata = try await SegmentProof.metadata(item)
        let reader = try await PlainReader(
            try source(item), keys: archive.keys, expects: SegmentProof.expectation(item, metadata))
        try SegmentProof.check(item, reader.header?.context, metadata)
        return reader
    }
}

extension WrappedKey {
    /// Provider, key and version.
    var text: String { [provider, keyID, version].filter { !$0.isEmpty }.joined(separator: " ") }
}
