import ArgumentParser
import Base
import HostSync
import Synchronization
import Terminal

/// `apus sync facts SITE.yaml`: what the hosts say of themselves.
struct SyncFacts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facts",
        abstract: "Show what the hosts say of themselves, as conditions and templates see it.",
        discussion: """
            EXAMPLES
              apus sync facts site.yaml
              apus sync facts site.yaml --hosts web1 --output json | jq .facts.os
            """)

    @Argument(help: "The site file.", completion: .file())
    var site: String

    @OptionGroup var options: SyncOptions

    func run() async throws {
        let loaded = try options.load(site)
        let fleet = FleetRun(site: loaded, options: try options.fleet(.facts))
        let printer = FactsPrinter(output: options.output)
        let stopped = try await SyncRunner.run(fleet, printer)
        try SyncRunner.check(printer.recap.verdict, stopped: stopped)
    }
}

/// Prints the facts of each host once, however many plays it is in.
final class FactsPrinter: SyncObserver {
    private let output: SyncOptions.Output
    private let state = Mutex((recap: Recap(), known: Set<String>()))

    init(output: SyncOptions.Output) { self.output = output }

    var recap: Recap { state.withLock { $0.recap } }

    func started(_ host: String) {}
    func stepped(_ host: String, title: String, done: Int, total: Int) {}

    func finished(_ report: HostReport) {
        let isNew = state.withLock { state in
            state.recap.add(report)
            return state.known.insert(report.host).inserted
        }
        guard isNew else { return }
        guard let facts = report.facts else {
            Report.error("\(report.host): \(report.error?.description ?? "no answer")")
            return
        }
        switch output {
        case .json: try? TerminalStream.output.writeLine(facts.json(host: report.host))
        case .text: try? TerminalStream.output.write(facts.text(host: report.host))
        }
    }
}
