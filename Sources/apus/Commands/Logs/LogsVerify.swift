import ArgumentParser
import Base
import CloudAPI
import LogArchive
import ObjectStore
import Terminal

/// `apus logs verify`: proof of the archive.
struct LogsVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove the archive: every segment is there; a sample, or all, is fetched and compared byte for byte.",
        discussion: """
            Every segment must be in its store with the size that the manifest says. Of --sample segments, or --all, the
            content is fetched, decrypted, decompressed, and held against the SHA-256 that was taken before it was sealed.
            Every object of the host must have its line in a manifest, and what the journal says is stored must be there.
            --repair makes the lines that are missing, of what the objects say of themselves: verify --all proves them.
            --drill is a restore drill: it says how long a sample took. Exit code 1 when anything is wrong, or
            nothing is archived.

            EXAMPLES
              apus logs verify
              apus logs verify --all --since 30d
              apus logs verify --drill --sample 3
            """)

    @Argument(help: "A log's path, or a glob of such; left out: all.")
    var log: String?

    @OptionGroup var which: LogsQuery
    @OptionGroup var options: LogsOptions

    @Flag(help: "Compare the content of all segments.")
    var all = false

    @Option(help: ArgumentHelp("Compare the content of so many segments, chosen at random.", valueName: "number"))
    var sample = 10

    @Flag(help: "Tell the time that each comparison took.")
    var drill = false

    @Flag(help: "Make lines of the manifest for objects that have none; take out lines that do not read.")
    var repair = false

    func validate() throws {
        guard sample >= 0 else { throw ValidationError("--sample is \(sample); it must not be negative") }
    }

    func run() async throws {
        let isJSON = options.output == .json
        // What such a line said of a segment is not known: nothing proves that it is there.
        let query = which.query(log)
        let troubles = LogsTroubles { line in
            try? LogsVerify.tell(ApusError(code: "manifest-damaged", line), "", nil, nil, isJSON)
        }
        if repair { try await mend(query) }
        let (open, catalogue, items, _) = try await options.items(query, troubles: troubles)
        let audit = StoreAudit(catalogue) { () throws(ApusError) in try open.stateNow() }
        let counts = try await open.run { () -> Counts in
            var counts = try await LogsVerify.holdAgainst(audit, catalogue, query, troubles, isJSON)
            if items.isEmpty, counts.bad == 0, troubles.damaged == 0 {
                throw ApusError(code: "nothing-archived", "nothing is archived of \(log ?? "any log")")
            }
            try await verify(items, catalogue, isJSON, &counts) { (item) throws(ApusError) in
                LogsVerify.hasMoved(item, try open.stateNow())
            }
            return counts
        }
        await open.close()
        if !isJSON { try Report.output(counts.text(damaged: troubles.damaged)) }
        try troubles.end(failed: counts.bad)
    }

    private struct Counts {
        var there = 0
        var compared = 0
        var bad = 0

        func text(damaged: Int) -> String {
            let lines = damaged == 0 ? "" : ", \(Count.of(damaged, "line")) of manifests damaged"
            return "\(Count.of(there, "segment")) there, \(compared) compared byte for byte, "
                + "\(bad == 0 ? "all good" : "\(bad) bad")\(lines)\n"
        }
    }

    private func verify(
        _ items: [CatalogueItem], _ catalogue: Catalogue, _ isJSON: Bool, _ counts: inout Counts,
        hasMoved: (CatalogueItem) throws(ApusError) -> Bool
    ) async throws {
        let chosen = all ? Set(items.indices) : Set(items.indices.shuffled().prefix(sample))
        let verifier = Verifier(catalogue, time: SystemTime())
        var line = ProgressLine()
        for (index, item) in items.enumerated() {
            line.show("verifying \(index + 1) of \(items.count)  \(item.log)")
            let finding = try await verifier.verify(item, chosen.contains(index) ? .content : .presence)
            line.clear()
            if finding.error != nil, try hasMoved(item) { continue }
            if finding.error != nil { counts.bad += 1 }
            if finding.isThere { counts.there += 1 }
            if finding.isCompared { counts.compared += 1 }
            try tell(finding, isJSON)
        }
    }

    /// Whether a file on this host has been renamed, sealed, stored or deleted since the journal was read: a daemon goes on.
    private static func hasMoved(_ item: CatalogueItem, _ state: ArchiveState) -> Bool {
        guard case .here(let folder, let name) = item.place else { return false }
        guard let generation = state.generations[item.generation], !generation.isGone else { return true }
        return generation.folder != folder || generation.name != name || generation.nextName != nil
    }

    /// What stores, manifests and journal lack of each other.
    private static func holdAgainst(
        _ audit: StoreAudit, _ catalogue: Catalogue, _ query: Catalogue.Query, _ troubles: LogsTroubles, _ isJSON: Bool
    ) async throws -> Counts {
        var counts = Counts()
        let away = troubles.away
        for (name, error) in away.sorted(by: { $0.key < $1.key }) {
            counts.bad += 1
            try tell(error, name, nil, nil, isJSON)
        }
        for store in try catalogue.stores(away: { _, _ in }) where away[store.name] == nil {
            do {
                for finding in try await audit.run(query, store) {
                    counts.bad += 1
                    try tell(finding.error, finding.place, finding.generation, finding.log, isJSON)
                }
            } catch let error as ApusError {
                counts.bad += 1
                try tell(error, store.name, nil, nil, isJSON)
            }
        }
        return counts
    }

    /// Before anything is verified, so that what has its line again is verified with the others.
    private func mend(_ query: Catalogue.Query) async throws {
        let rules = try options.rulesOrStore()
        let open = try options.open(rules, isReading: true)
        let catalogue = Catalogue(
            archive: open.archive, rules: open.sync(rules).rules,
            store: options.store == nil ? nil : open.settings.upload)
        let audit = StoreAudit(catalogue) { () throws(ApusError) in try open.stateNow() }
        try await open.run {
            for store in try catalogue.stores() {
                for finding in try await audit.run(query, store) where try await audit.repair(finding, query) {
                    Report.line("\(finding.place) has its line in the manifest again")
                }
                let dropped = try await audit.tidy(query, store)
                if dropped > 0 { Report.line("\(Count.of(dropped, "line")) taken out of manifests") }
            }
        }
        await open.close()
    }

    private static func tell(
        _ error: ApusError, _ place: String, _ generation: String?, _ log: String?, _ isJSON: Bool
    ) throws {
        guard isJSON else { return try Report.output("bad   \(place.isEmpty ? "" : "\(place): ")\(error)\n") }
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        try Report.output(
            JSON.object([
                JSON.Member("generation", text(generation)), JSON.Member("log", text(log)),
                JSON.Member("place", text(place.isEmpty ? nil : place)), JSON.Member("compared", .bool(false)),
                JSON.Member("ok", .bool(false)), JSON.Member("code", .string(error.code)),
                JSON.Member("error", .string("\(error)")),
            ]).text + "\n")
    }

    private func tell(_ finding: Verifier.Finding, _ isJSON: Bool) throws {
        let item = finding.item
        if isJSON {
            try Report.output(
                JSON.object([
                    JSON.Member("generation", .string(item.generation)), JSON.Member("log", .string(item.log)),
                    JSON.Member("place", .string(item.placeText)), JSON.Member("compared", .bool(finding.isCompared)),
                    JSON.Member("ok", .bool(finding.error == nil)),
                    JSON.Member("code", finding.error.map { .string($0.code) } ?? .null),
                    JSON.Member("error", finding.error.map { .string("\($0)") } ?? .null),
                    JSON.Member("seconds", .number("\(finding.duration.inSeconds)")),
                ]).text + "\n")
        } else if let error = finding.error {
            try Report.output("bad   \(item.placeText): \(error)\n")
        } else if drill, finding.isCompared {
            let seconds = (finding.duration.inSeconds * 1000).rounded() / 1000
            try Report.output("good  \(item.log)  \(LogsText.size(item.bytes)) back in \(seconds) s\n")
        }
    }
}
