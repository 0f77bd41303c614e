package import Base
package import ObjectStore

/// Holds a store, its manifests and this host's journal against each other: what one of them has and another one lacks.
package struct StoreAudit: Sendable {
    package enum Finding: Sendable {
        /// An object that no line of a manifest names; `entry` is what it says of itself, nil where that is too little.
        case unlisted(store: any ObjectStore, key: String, entry: ManifestEntry?)
        /// The journal says that it was stored and noted, and there is neither line nor object.
        case lost(Generation, place: String)
    }

    private let catalogue: Catalogue
    private let journal: @Sendable () throws(ApusError) -> ArchiveState

    /// - Parameter journal: The journal as of now.
    package init(_ catalogue: Catalogue, journal: @escaping @Sendable () throws(ApusError) -> ArchiveState) {
        self.catalogue = catalogue
        self.journal = journal
    }

    /// What of these manifests is known.
    private struct Lines {
        var keys: Set<String> = []
        var generations: Set<String> = []

        init(_ store: any ObjectStore, _ host: String?) async throws {
            for entry in try await Manifest(store: store).entries(host: host) {
                keys.insert(entry.key)
                generations.insert(entry.generation)
            }
        }
    }

    package func run(_ query: Catalogue.Query, _ store: any ObjectStore) async throws -> [Finding] {
        let host = query.host ?? catalogue.archive.host
        let wanted = host == "*" ? nil : host
        // The host itself goes on meanwhile. What is missing at first is looked for again: first in the journal, then
        // in the manifest, as things go from the one to the other.
        let first = try await Lines(store, wanted)
        var keys = try await keys(store, wanted).filter { !first.keys.contains($0) }
        let mine = wanted == nil || wanted == catalogue.archive.host
        let state = mine ? try journal() : ArchiveState()
        let noted = state.all.filter { generation in
            generation.stage == .noted && generation.stored?.store == store.name && isWanted(generation, query)
        }
        if keys.isEmpty, noted.allSatisfy({ first.generations.contains($0.id) }) { return [] }
        let second = try await Lines(store, wanted)
        keys.removeAll { second.keys.contains($0) }
        return try await unlisted(keys, store, query, state)
            + lost(noted.filter { !second.generations.contains($0.id) }, store)
    }

    /// All data objects of the host.
    private func keys(_ store: any ObjectStore, _ host: String?) async throws -> [String] {
        var keys: [String] = []
        var after: String?
        while true {
            let page = try await store.list(
                host.map { ArchiveKey.safe($0) + "/" } ?? "", after: after, limit: 1000)
            keys += page.objects.map(\.key).filter { !$0.hasPrefix(Manifest.prefix) }
            guard page.isCut, let last = page.objects.last else { return keys }
            after = last.key
        }
    }

    private func isWanted(_ generation: Generation, _ query: Catalogue.Query) -> Bool {
        catalogue.isWanted(
            CatalogueItem(
                generation: generation.id, host: catalogue.archive.host, log: generation.log, rule: generation.rule,
                rotated: generation.rotatedAt, place: .here(folder: generation.folder, name: generation.name),
                entry: nil, survey: generation.survey), query)
    }

    private func unlisted(
        _ keys: [String], _ store: any ObjectStore, _ query: Catalogue.Query, _ state: ArchiveState
    ) async throws -> [Finding] {
        let onTheirWay = Set(state.all.filter { $0.stage < .noted }.flatMap { [$0.attempt?.key, $0.stored?.key] })
        var findings: [Finding] = []
        for key in keys where !onTheirWay.contains(key) {
            // Nil where it has been deleted in the meantime.
            guard let info = try await store.head(key) else { continue }
            guard let entry = ManifestEntry(info) else {
                // Of which log and time it is, nobody can say.
                if query.log == nil { findings.append(.unlisted(store: store, key: key, entry: nil)) }
                continue
            }
            if catalogue.isWanted(Catalogue.item(entry, store), query) {
                findings.append(.unlisted(store: store, key: key, entry: entry))
            }
        }
        return findings
    }

    private func lost(_ generations: [Generation], _ store: any ObjectStore) async throws -> [Finding] {
        var findings: [Finding] = []
        for generation in generations {
            guard let key = generation.stored?.key, try await store.head(key) == nil else { continue }
            findings.append(.lost(generation, place: store.name + key))
        }
        return findings
    }
}

extension StoreAudit {
    /// Makes the line that an object lacks, of what the object says of itself.
    ///
    /// - Returns: False where it says too little, or is of another host than the one that was asked for.
    package func repair(_ finding: Finding, _ query: Catalogue.Query) async throws -> Bool {
        guard case .unlisted(let store, _, let entry?) = finding else { return false }
        let host = query.host ?? catalogue.archive.host
        guard host == "*" || entry.host == host else { return false }
        try await Manifest(store: store).note(entry)
        return true
    }
}

extension StoreAudit {
    /// Takes damaged and doubled lines out of the manifests, which is to be done last.
    ///
    /// - Returns: How many.
    package func tidy(_ query: Catalogue.Query, _ store: any ObjectStore) async throws -> Int {
        let host = query.host ?? catalogue.archive.host
        return try await Manifest(store: store).tidy(host: host == "*" ? nil : host)
    }
}

extension StoreAudit.Finding {
    package var place: String {
        switch self {
        case .unlisted(let store, let key, _): store.name + key
        case .lost(_, let place): place
        }
    }

    package var generation: String? {
        switch self {
        case .unlisted(_, _, let entry): entry?.generation
        case .lost(let generation, _): generation.id
        }
    }

    package var log: String? {
        switch self {
        case .unlisted(_, _, let entry): entry?.log
        case .lost(let generation, _): generation.log
        }
    }

    package var error: ApusError {
        switch self {
        case .unlisted(_, _, nil):
            ApusError(code: "object-unlisted", "no manifest names it, and it does not say what it is")
        case .unlisted(_, _, let entry?):
            ApusError(
                code: "object-unlisted",
                "no manifest names it; it says that it is \(entry.log) of \(entry.host), "
                    + "rotated \(entry.rotated.rfc3339), generation \(entry.generation)"
            )
        case .lost(let generation, _):
            ApusError(
                code: "object-missing",
                "the journal says that \(generation.log), generation \(generation.id), was stored and noted: "
                    + "there is neither line nor object"
            )
        }
    }
}
