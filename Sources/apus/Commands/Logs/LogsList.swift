import ArgumentParser
import Base
import CloudAPI
import LogArchive
import Terminal

/// `apus logs list [LOG]`.
struct LogsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what was archived: in the stores, and on this host.",
        discussion: """
            EXAMPLES
              apus logs list
              apus logs list '/var/log/nginx/*' --since 7d
              apus logs list --host '*' --output json
            """)

    @Argument(help: "A log's path, or a glob of such.")
    var log: String?

    @OptionGroup var which: LogsQuery
    @OptionGroup var options: LogsOptions

    func run() async throws {
        let (open, catalogue, items, troubles) = try await options.items(which.query(log))
        if options.output == .json {
            for item in items {
                try Report.output(LogsList.json(item, key: await catalogue.keyText(item)) + "\n")
            }
        } else {
            try table(items)
        }
        await open.close()
        try troubles.end()
    }

    private func table(_ items: [CatalogueItem]) throws {
        // Several hosts may have the same log.
        let hasHosts = which.host == "*"
        let rows = items.map { item -> [Table.Cell] in
            (hasHosts ? [Table.Cell(item.host)] : []) + [
                Table.Cell(item.log), Table.Cell(LogsText.time(item.first)),
                Table.Cell(LogsText.time(item.last ?? item.rotated)),
                Table.Cell(item.lines.map { "\($0)" } ?? "-"), Table.Cell(LogsText.size(item.bytes)),
                Table.Cell(LogsText.size(item.storedBytes)), Table.Cell(item.placeText, .faint),
            ]
        }
        let stream = TerminalStream.output
        try stream.write(
            Table(
                columns: (hasHosts ? [Table.Column("Host", leastWidth: 8)] : []) + [
                    Table.Column("Log", leastWidth: 16), Table.Column("From", dropOrder: 2), Table.Column("To"),
                    Table.Column("Lines", .right), Table.Column("Size", .right),
                    Table.Column("Stored", .right, dropOrder: 1), Table.Column("Place", leastWidth: 24),
                ], fitting: rows, width: stream.width, color: stream.usesColor, glyphs: stream.glyphs
            ).text(rows))
    }

    private static func json(_ item: CatalogueItem, key: String?) -> String {
        func number(_ value: Int64?) -> JSON { value.map { .number("\($0)") } ?? .null }
        func time(_ value: WallInstant?) -> JSON { value.map { .string($0.rfc3339) } ?? .null }
        return JSON.object([
            JSON.Member("generation", .string(item.generation)), JSON.Member("host", .string(item.host)),
            JSON.Member("log", .string(item.log)), JSON.Member("rule", .string(item.rule)),
            JSON.Member("rotated", .string(item.rotated.rfc3339)), JSON.Member("first", time(item.first)),
            JSON.Member("last", time(item.last)), JSON.Member("lines", number(item.lines)),
            JSON.Member("bytes", number(item.bytes)), JSON.Member("storedBytes", number(item.storedBytes)),
            JSON.Member("sha256", item.sha256.map { .string($0) } ?? .null),
            JSON.Member("encryptionKey", key.map { .string($0) } ?? .null),
            JSON.Member("place", .string(item.placeText)),
        ]).text
    }
}
