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
            `apus logs decrypt` opens such a file, and so do other programs (docs/log-format.md).

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
        let (open, catalogue, items) = try await options.items(which.query(log))
        try await open.run {
            for item in items {
                let name = item.placeText.split(separator: "/").last.map(String.init) ?? item.generation
                let file = try WholeFile(folder: into, name: name)
                let source = try catalogue.source(item)
                var position: Int64 = 0
                while position < source.size {
                    let end = min(source.size, position + 8 << 20)
                    try file.write(try await source.read(position..<end))
                    position = end
                }
                try file.finish()
                try Report.output("\(into)/\(name)\n")
            }
        }
        await open.close()
    }
}
