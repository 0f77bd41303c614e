import ArgumentParser
import Base
import Glibc
import LogArchive
import Settings
import Synchronization

/// Which archived segments.
struct LogsQuery: ParsableArguments {
    @Option(help: ArgumentHelp("Of this host; * for all that the stores know. Left out: this one.", valueName: "name"))
    var host: String?

    @Option(
        name: [.customLong("from"), .customLong("since")],
        help: ArgumentHelp(
            "From this moment on: 2026-11-28T13:00:00Z, 2026-11-28, '2026-11-28 13:00' or 13:00 in local time, or 2h ago: 2h.",
            valueName: "time"))
    var from: MomentArgument?

    @Option(
        name: [.customLong("to"), .customLong("until")], help: ArgumentHelp("Before this moment.", valueName: "time"))
    var until: MomentArgument?

    func validate() throws {
        guard let from, let until, until.instant < from.instant else { return }
        throw ValidationError("--from \(from.text) is after --to \(until.text): nothing can be between them")
    }

    func query(_ log: String?) -> Catalogue.Query {
        Catalogue.Query(log: log, host: host, from: from?.instant, until: until?.instant)
    }
}

extension LogsOptions {
    typealias Found = (open: OpenLogSync, catalogue: Catalogue, items: [CatalogueItem], troubles: LogsTroubles)

    /// The archive to be read, and what of it is asked for.
    ///
    /// - Throws: Why a store cannot be read, where there is nothing on this host either.
    func items(_ query: Catalogue.Query, troubles: LogsTroubles = LogsTroubles()) async throws -> Found {
        let rules = try rulesOrStore()
        let open = try open(rules, isReading: true)
        let catalogue = Catalogue(
            archive: open.archive, rules: open.sync(rules).rules, store: store == nil ? nil : open.settings.upload)
        try open.nameKeys(rules)
        let items = try await catalogue.items(
            query, damaged: { troubles.add(damaged: $0) }, away: { troubles.add(away: $0, $1) })
        if items.isEmpty, let error = troubles.away.values.first { throw error }
        return (open, catalogue, items, troubles)
    }

    /// The rules; a host that has none yet can read a store that --store names.
    func rulesOrStore() throws -> RuleSet {
        if store != nil, access(rules, F_OK) != 0 { return RuleSet(rules: []) }
        return try ruleSet(showsWarnings: false)
    }
}

/// What keeps a reading command from giving all of it, told on standard error; the exit code follows at the end.
final class LogsTroubles: Sendable {
    private struct State {
        var damaged = 0
        var away: [String: ApusError] = [:]
    }

    private let state = Mutex(State())
    private let tell: @Sendable (String) -> Void

    /// - Parameter tell: is given each damaged line of a manifest.
    init(_ tell: @escaping @Sendable (String) -> Void = { Report.error($0) }) {
        self.tell = tell
    }

    var damaged: Int { state.withLock { $0.damaged } }
    /// Why each store that cannot be read cannot.
    var away: [String: ApusError] { state.withLock { $0.away } }

    func add(damaged line: String) {
        state.withLock { $0.damaged += 1 }
        tell(line)
    }

    func add(away store: String, _ error: ApusError) {
        state.withLock { $0.away[store] = error }
        Report.error("\(store) cannot be read: \(error); what is on this host follows")
    }

    /// - Parameter failed: Segments that could not be given.
    /// - Throws: The exit code, where it is not 0: 1 for what is bad, 3 where a store was away.
    func end(failed: Int = 0) throws {
        if failed > 0 || damaged > 0 { throw ExitCode.failed }
        if !away.isEmpty { throw ExitCode.partial }
    }
}

extension CatalogueItem {
    /// Names a segment in a message: log, generation, where it is.
    var title: String { "\(log), generation \(generation), \(placeText)" }
}
