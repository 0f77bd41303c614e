import ArgumentParser
import Base
import LogArchive

/// Which archived segments.
struct LogsQuery: ParsableArguments {
    @Option(help: ArgumentHelp("Of this host; * for all that the stores know. Left out: this one.", valueName: "name"))
    var host: String?

    @Option(
        name: [.customLong("from"), .customLong("since")],
        help: ArgumentHelp(
            "From this moment on: 2026-11-28T13:00:00Z, 2026-11-28, or how long ago, 2h.", valueName: "time"))
    var from: MomentArgument?

    @Option(
        name: [.customLong("to"), .customLong("until")], help: ArgumentHelp("Before this moment.", valueName: "time"))
    var until: MomentArgument?

    func query(_ log: String?) -> Catalogue.Query {
        Catalogue.Query(log: log, host: host, from: from?.instant, until: until?.instant)
    }
}

extension LogsOptions {
    /// The archive to be read, and what of it is asked for.
    ///
    /// - Parameter damaged: told about lines of manifests that do not read.
    func items(
        _ query: Catalogue.Query, damaged: (String) -> Void = { Report.line("apus: \($0)") }
    ) async throws -> (open: OpenLogSync, catalogue: Catalogue, items: [CatalogueItem]) {
        let rules = try ruleSet(showsWarnings: false)
        let open = try open(rules, isReading: true)
        let catalogue = Catalogue(archive: open.archive, rules: open.sync(rules).rules)
        try open.nameKeys(rules)
        let items = try await catalogue.items(query, damaged: damaged)
        return (open, catalogue, items)
    }
}
