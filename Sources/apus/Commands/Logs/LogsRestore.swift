import ArgumentParser
import Base
import Crypto
import LogArchive
import Terminal

/// `apus logs restore LOG --into FOLDER`: plain files, proven.
struct LogsRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Write archived segments back as plain files, each proven by its SHA-256.",
        discussion: """
            A file appears under its name when all of it is there and right.

            EXAMPLES
              apus logs restore /var/log/nginx/access.log --since 2d --into /var/log/nginx/restored
            """)

    @Argument(help: "A log's path, or a glob of such; left out: all.")
    var log: String?

    @OptionGroup var which: LogsQuery
    @OptionGroup var options: LogsOptions

    @Option(help: ArgumentHelp("The folder, which must exist.", valueName: "folder"))
    var into: String

    func run() async throws {
        let (open, catalogue, items) = try await options.items(which.query(log))
        guard !items.isEmpty else {
            throw ApusError(code: "nothing-archived", "nothing is archived of \(log ?? "any log")")
        }
        try await open.run {
            for item in items {
                let base = item.log.split(separator: "/").last.map(String.init) ?? "log"
                let name =
                    "\(base)-\(item.rotated.rfc3339.prefix(19).filter { $0 != ":" && $0 != "-" })Z-\(item.generation)"
                let file = try WholeFile(folder: into, name: name)
                var digest = SHA256()
                try await catalogue.reader(item).whole { piece in
                    digest.update(data: piece)
                    try file.write(piece)
                }
                let found = digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                if let wanted = item.sha256, wanted != found {
                    throw ApusError(
                        code: "content-differs", "\(item.placeText) is not what was rotated: nothing is written")
                }
                try file.finish()
                try Report.output("\(into)/\(name)\n")
            }
        }
        await open.close()
    }
}
