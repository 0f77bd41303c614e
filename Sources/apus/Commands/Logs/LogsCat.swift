import ArgumentParser
import Base
import LogArchive

/// `apus logs cat LOG`: the archived content, in order.
struct LogsCat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print what was archived of a log, in order: fetched, decrypted, decompressed.",
        discussion: """
            With --from and --to only the frames of that time are fetched (zstd), and only their lines printed: a line's time
            is the one that it says, in any common form. What the live log holds now is not archived yet.
            A segment that cannot be read is named on standard error, the next are printed, and the exit code is 1.

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
        // Before a store is asked.
        _ = try filter()
        let (open, catalogue, items, troubles) = try await options.items(which.query(LogsCat.resolved(log)))
        guard !items.isEmpty else {
            throw ApusError(
                code: "nothing-archived", "nothing is archived of \(log)\(which.from == nil ? "" : " in that time")")
        }
        let times =
            which.from == nil && which.until == nil
            ? nil : LineFilter.range(which.from?.instant, which.until?.instant)
        let failures = try await open.run {
            var printer = SegmentPrinter(catalogue, try filter(), times: times)
            for item in items { try await printer.print(item) }
            try printer.finish()
            return printer.failures
        }
        await open.close()
        if failures > 0 { throw ExitCode.failed }
        try troubles.end()
    }

    private func filter() throws(ApusError) -> LineFilter {
        try LineFilter(
            from: which.from?.instant, until: which.until?.instant, pattern: grep, reference: SystemTime().wallNow())
    }

    /// A relative path is one of the current folder. A glob that begins with a star is one of all paths.
    private static func resolved(_ log: String) -> String {
        if log.hasPrefix("/") || log.hasPrefix("*") { return log }
        return Files.absolute(log)
    }
}
