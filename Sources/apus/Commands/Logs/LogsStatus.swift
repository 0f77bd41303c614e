import ArgumentParser
import Base
import CloudAPI
import LogArchive
import Terminal

/// `apus logs status`: what lies on this host, and what waits for what.
struct LogsStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show each rule's backlog, and the generations on this host with their stage.",
        discussion: """
            It reads the journal beside whoever works with it. As JSON, a line for each rule (kind: rule), then one for each
            generation (kind: generation).

            EXAMPLE
              apus logs status
            """)

    @OptionGroup var options: LogsOptions

    func run() async throws {
        let rules = try options.ruleSet(showsWarnings: false)
        let open = try options.open(rules, isReading: true)
        let state = open.archive.journal.state
        if options.output == .json {
            for rule in open.sync(rules).rules { try Report.output(json(rule, state) + "\n") }
            for generation in state.all { try Report.output(json(generation) + "\n") }
            return
        }
        let rows = open.sync(rules).rules.map { rule -> [Table.Cell] in
            let backlog = Backlog(state, rule: rule)
            let mine = state.all.filter { $0.rule == rule.name }
            return [
                Table.Cell(rule.name), Table.Cell("\(mine.count)"), Table.Cell("\(backlog.generations)"),
                Table.Cell(LogsText.size(backlog.bytes)), Table.Cell(LogsText.time(backlog.oldest)),
            ]
        }
        let stream = TerminalStream.output
        try stream.write(
            Table(
                columns: [
                    Table.Column("Rule"), Table.Column("Here", .right), Table.Column("Waiting", .right),
                    Table.Column("Bytes", .right), Table.Column("Oldest"),
                ], fitting: rows, width: stream.width, color: stream.usesColor, glyphs: stream.glyphs
            ).text(rows))
        let details = state.all.map { generation -> [Table.Cell] in
            [
                Table.Cell(generation.log), Table.Cell(generation.name), Table.Cell(LogsText.size(generation.size)),
                Table.Cell("\(generation.stage)"), Table.Cell(LogsText.time(generation.rotatedAt)),
            ]
        }
        guard !details.isEmpty else { return }
        try stream.write("\n")
        try stream.write(
            Table(
                columns: [
                    Table.Column("Log", leastWidth: 16), Table.Column("Generation", leastWidth: 12),
                    Table.Column("Size", .right), Table.Column("Stage"), Table.Column("Rotated"),
                ], fitting: details, width: stream.width, color: stream.usesColor, glyphs: stream.glyphs
            ).text(details))
    }

    private func json(_ rule: Rule, _ state: ArchiveState) -> String {
        let backlog = Backlog(state, rule: rule)
        return JSON.object([
            JSON.Member("kind", .string("rule")), JSON.Member("rule", .string(rule.name)),
            JSON.Member("here", .number("\(state.all.count { $0.rule == rule.name })")),
            JSON.Member("waiting", .number("\(backlog.generations)")),
            JSON.Member("waitingBytes", .number("\(backlog.bytes)")),
            JSON.Member("oldest", backlog.oldest.map { .string($0.rfc3339) } ?? .null),
        ]).text
    }

    private func json(_ generation: Generation) -> String {
        JSON.object([
            JSON.Member("kind", .string("generation")),
            JSON.Member("generation", .string(generation.id)), JSON.Member("rule", .string(generation.rule)),
            JSON.Member("log", .string(generation.log)),
            JSON.Member("file", .string("\(generation.folder)/\(generation.name)")),
            JSON.Member("bytes", .number("\(generation.size)")), JSON.Member("stage", .string("\(generation.stage)")),
            JSON.Member("rotated", .string(generation.rotatedAt.rfc3339)),
            JSON.Member("key", generation.stored.map { .string($0.store + $0.key) } ?? .null),
        ]).text
    }
}
