import ArgumentParser
import Base
import Glibc
import LogArchive

/// `apus logs cat LOG`: the archived content, in order.
struct LogsCat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print what was archived of a log, in order: fetched, decrypted, decompressed.",
        discussion: """
            With --from and --to only the frames of that time are fetched (zstd), and only their lines printed: a line's time
            is the one that it says, in any common form. What the live log holds now is not archived yet.

            EXAMPLES
              apus logs cat /var/log/nginx/access.log
              apus logs cat /var/log/nginx/access.log --from 2026-11-28T09:00:00Z --to 2026-11-28T09:05:00Z
              apus logs cat /var/log/nginx/error.log --from 7d --grep 'upstream timed out'
            """)

    @Argument(help: "The log's path, as it is on its host; or a glob of such.")
    var log: String

    @OptionGroup var which: LogsQuery
    @OptionGroup var options: LogsOptions

    @Option(help: ArgumentHelp("Only lines that match this extended regular expression.", valueName: "pattern"))
    var grep: String?

    func run() async throws {
        let (open, catalogue, items, troubles) = try await options.items(which.query(log))
        guard !items.isEmpty else {
            throw ApusError(
                code: "nothing-archived", "nothing is archived of \(log)\(which.from == nil ? "" : " in that time")")
        }
        try await open.run {
            for item in items {
                let filter = try LineFilter(
                    from: which.from?.instant, until: which.until?.instant, pattern: grep, reference: item.rotated)
                let reader = try await catalogue.reader(item)
                let sink: ([UInt8]) async throws -> Void = { piece in
                    try Files.writeAll(filter.feed(piece), to: STDOUT_FILENO, name: "standard output")
                }
                if which.from != nil || which.until != nil {
                    _ = try await reader.slice(LineFilter.range(which.from?.instant, which.until?.instant), sink)
                } else {
                    try await reader.whole(sink)
                }
                try Files.writeAll(filter.finish(), to: STDOUT_FILENO, name: "standard output")
            }
        }
        await open.close()
        try troubles.end()
    }
}
