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
            A file appears under its name when all of it is there and right. One that is there already and is the same is
            left as it is. A segment that cannot be restored is told, the others are restored; the exit code is 1 then.

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
        let (open, catalogue, items, troubles) = try await options.items(which.query(log))
        guard !items.isEmpty else {
            throw ApusError(code: "nothing-archived", "nothing is archived of \(log ?? "any log")")
        }
        let failed = try await open.run {
            try await LogsCopies.run(items) { try await restore($0, catalogue) }
        }
        await open.close()
        try troubles.end(failed: failed)
    }

    private func restore(_ item: CatalogueItem, _ catalogue: Catalogue) async throws -> LogsCopies.Outcome {
        let base = item.log.split(separator: "/").last.map(String.init) ?? "log"
        let time = item.rotated.rfc3339.prefix(19).filter { $0 != ":" && $0 != "-" }
        let name = "\(base)-\(time)Z-\(item.generation)"
        let path = "\(into)/\(name)"
        let old = WrittenFile(path)
        if old.isThere {
            guard let wanted = item.sha256, try old.sha256() == wanted else {
                throw ApusError(code: "file-exists", "\(path) is there already, with another content")
            }
            return .isThere(path)
        }
        let file = try WholeFile(folder: into, name: name)
        var digest = SHA256()
        try await catalogue.reader(item).whole { piece in
            digest.update(data: piece)
            try file.write(piece)
        }
        if let wanted = item.sha256, wanted != LogsText.hexadecimal(digest.finalize()) {
            throw ApusError(code: "content-differs", "it is not what was rotated: nothing is written")
        }
        try file.finish()
        return .written(path)
    }
}
