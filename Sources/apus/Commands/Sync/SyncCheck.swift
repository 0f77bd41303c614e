import ArgumentParser
import Base
import HostSync
import Terminal

/// `apus sync check SITE.yaml`: what is wrong in a site, without going anywhere.
struct SyncCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong in a site, for every host, and contact none.",
        discussion: """
            Every complaint is one line, file:line:column: key: what is wrong and what is allowed. What depends on facts of
            a host is only checked when the host is asked. Exit code 65 when there is any complaint.

            EXAMPLES
              apus sync check site.yaml
            """)

    @Argument(help: "The site file.", completion: .file())
    var site: String

    @OptionGroup var options: SyncOptions

    func run() async throws {
        let loaded = try options.load(site)
        SyncMessages.warnings(loaded.site)
        let fleet = FleetRun(site: loaded, options: try options.fleet(.plan(wantsText: false)))
        let summary = try fleet.check()
        try Report.output(
            "\(site): ok, \(Count.of(summary.hosts, "host")), \(Count.of(summary.resources, "resource")) on them\n")
    }
}
