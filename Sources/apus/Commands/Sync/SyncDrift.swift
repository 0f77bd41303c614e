import ArgumentParser
import Base
import HostSync

/// `apus sync drift SITE.yaml`: which hosts are no longer as declared.
struct SyncDrift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Show which hosts are no longer as declared, once or on an interval.",
        discussion: """
            Exit code: 0 when nothing has drifted, 2 when something has, 1 or 3 when hosts failed. As a component of
            `apus run` (the key sync:) it runs for good and serves metrics.

            EXAMPLES
              apus sync drift site.yaml
              apus sync drift site.yaml --every 15m
            """)

    @Argument(help: "The site file.", completion: .file())
    var site: String

    @OptionGroup var options: SyncOptions

    @Option(help: ArgumentHelp("Check again and again with this time between two checks.", valueName: "duration"))
    var every: DurationArgument?

    func run() async throws {
        while true {
            let loaded = try options.load(site)
            let fleet = FleetRun(site: loaded, options: try options.fleet(.plan(wantsText: false)))
            let screen = SyncScreen(
                site: loaded.site, output: options.output, total: try fleet.hostNames().count, isQuiet: true,
                showsDiffs: false)
            if every != nil, options.output == .text { try Report.output("\(SystemTime().wallNow().rfc3339)\n") }
            let stopped = try await SyncRunner.run(fleet, screen)
            try screen.finish(changedWord: "Drifted", stopped: stopped)
            guard let every, stopped == nil else {
                return try SyncRunner.check(screen.recap.verdict, tellsDifferences: true, stopped: stopped)
            }
            guard await SyncRunner.pause(every.duration) else { throw ExitCode.interrupted }
        }
    }
}
