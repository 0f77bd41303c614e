import ArgumentParser
import Base
import LogArchive
import Terminal

/// `apus logs fetch [LOG] --into FOLDER`: the sealed objects, as they are.
struct LogsFetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Copy archived segments into a folder as they are: compressed and encrypted.",
        discussion: """
            One that is there already and is the same is left as it is. A segment that cannot be fetched is told, the others
            are fetched; the exit code is 1 then. `apus logs decrypt` opens such a file, and so do other programs (docs/log-format.md).

            EXAMPLE
              apus logs fetch /var/log/nginx/access.log --since 2d --into /tmp/logs
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
            try await LogsCopies.run(items) { try await fetch($0, catalogue) }
        }
        await open.close()
        try troubles.end(failed: failed)
    }

    private func fetch(_ item: CatalogueItem, _ catalogue: Catalogue) async throws -> LogsCopies.Outcome {
        let name = item.placeText.split(separator: "/").last.map(String.init) ?? item.generation
        let path = "\(into)/\(name)"
        let source = try catalogue.source(item)
        let old = WrittenFile(path)
        if old.isThere {
            guard try await old.isSame(as: item, source) else {
                throw ApusError(code: "file-exists", "\(path) is there already, with another content")
            }
            return .isThere(path)
        }
        let file = try WholeFile(folder: into, name: name)
        var position: Int64 = 0
        while position < source.size {
            let end = min(source.size, position + 8 << 20)
            try file.write(try await source.read(position..<end))
            position = end
        }
        try file.finish()
        return .written(path)
    }
}
