import ArgumentParser
import Base
import CloudAPI
import LogArchive
import Terminal

/// `apus logs verify`: proof of the archive.
struct LogsVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove the archive: every segment is there; a sample, or all, is fetched and compared byte for byte.",
        discussion: """
            Every segment must be in its store with the size that the manifest says. Of --sample segments, or --all, the
            content is fetched, decrypted, decompressed, and held against the SHA-256 that was taken before it was sealed.
            --drill is a restore drill: it says how long a sample took. Exit code 1 when anything is wrong.

            EXAMPLES
              apus logs verify
              apus logs verify --all --since 30d
              apus logs verify --drill --sample 3
            """)

    @Argument(help: "A log's path, or a glob of such; left out: all.")
    var log: String?

    @OptionGroup var which: LogsQuery
    @OptionGroup var options: LogsOptions

    @Flag(help: "Compare the content of all segments.")
    var all = false

    @Option(help: ArgumentHelp("Compare the content of so many segments, chosen at random.", valueName: "number"))
    var sample = 10

    @Flag(help: "Tell the time that each comparison took.")
    var drill = false

    func validate() throws {
        guard sample >= 0 else { throw ValidationError("--sample is \(sample); it must not be negative") }
    }

    func run() async throws {
        var damage: [String] = []
        let (open, catalogue, items) = try await options.items(which.query(log)) { damage.append($0) }
        let isJSON = options.output == .json
        // What such a line said of a segment is not known: nothing proves that it is there.
        for line in damage { try tell(damaged: line, isJSON) }
        let chosen = all ? Set(items.indices) : Set(items.indices.shuffled().prefix(sample))
        let verifier = Verifier(catalogue, time: SystemTime())
        let bad = try await open.run { () -> Int in
            var bad = 0
            var line = ProgressLine()
            for (index, item) in items.enumerated() {
                line.show("verifying \(index + 1) of \(items.count)  \(item.log)")
                let depth: Verifier.Depth = chosen.contains(index) ? .content : .presence
                let finding = try await verifier.verify(item, depth)
                line.clear()
                if finding.error != nil { bad += 1 }
                try tell(finding, depth, isJSON)
            }
            return bad
        }
        await open.close()
        if !isJSON {
            let lines = damage.isEmpty ? "" : ", \(Count.of(damage.count, "line")) of manifests damaged"
            let compared = "\(chosen.count) compared byte for byte"
            try Report.output(
                "\(Count.of(items.count, "segment")) there, \(compared), \(bad == 0 ? "all good" : "\(bad) bad")\(lines)\n"
            )
        }
        if bad > 0 || !damage.isEmpty { throw ExitCode.failed }
    }

    private func tell(damaged line: String, _ isJSON: Bool) throws {
        guard isJSON else { return try Report.output("bad   \(line)\n") }
        try Report.output(
            JSON.object([
                JSON.Member("ok", .bool(false)), JSON.Member("code", .string("manifest-damaged")),
                JSON.Member("error", .string(line)),
            ]).text + "\n")
    }

    private func tell(_ finding: Verifier.Finding, _ depth: Verifier.Depth, _ isJSON: Bool) throws {
        let item = finding.item
        if isJSON {
            try Report.output(
                JSON.object([
                    JSON.Member("generation", .string(item.generation)), JSON.Member("log", .string(item.log)),
                    JSON.Member("place", .string(item.placeText)), JSON.Member("compared", .bool(depth == .content)),
                    JSON.Member("ok", .bool(finding.error == nil)),
                    JSON.Member("code", finding.error.map { .string($0.code) } ?? .null),
                    JSON.Member("error", finding.error.map { .string("\($0)") } ?? .null),
                    JSON.Member("seconds", .number("\(finding.duration.inSeconds)")),
                ]).text + "\n")
        } else if let error = finding.error {
            try Report.output("bad   \(item.placeText): \(error)\n")
        } else if drill, depth == .content {
            let seconds = (finding.duration.inSeconds * 1000).rounded() / 1000
            try Report.output("good  \(item.log)  \(LogsText.size(item.bytes)) back in \(seconds) s\n")
        }
    }
}
