import ArgumentParser
import Base
import Glibc
import HostSync

/// `apus sync plan SITE.yaml`: what differs.
struct SyncPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what differs on the hosts, and change nothing.",
        discussion: """
            Exit code: 0; 1 when all hosts failed; 3 when some did; with --detailed-exitcode 2 when something would change.

            EXAMPLES
              apus sync plan site.yaml
              apus sync plan site.yaml --hosts 'web*:!web3' --tags nginx
              apus sync plan site.yaml --out plan.json && apus sync apply plan.json
            """)

    @Argument(help: "The site file.", completion: .file())
    var site: String

    @OptionGroup var options: SyncOptions

    @Flag(help: "End with exit code 2 when something would change.")
    var detailedExitcode = false

    @Flag(help: "Show what is as declared, too.")
    var all = false

    @Flag(help: "Leave out the texts of files.")
    var noDiff = false

    @Option(help: ArgumentHelp("Save the plan, to be applied as it is.", valueName: "file"), completion: .file())
    var out: String?

    func run() async throws {
        if let out { try OutputFile.check(out) }
        let loaded = try options.load(site)
        SyncMessages.warnings(loaded.site)
        let fleet = FleetRun(site: loaded, options: try options.fleet(.plan(wantsText: !noDiff)))
        let plans = PlanCollector()
        let screen = SyncScreen(
            site: loaded.site, output: options.output, total: try fleet.hostNames().count, showsAll: all,
            showsDiffs: !noDiff, onReport: { plans.take($0) })
        let stopped = try await SyncRunner.run(fleet, screen)
        try screen.finish(changedWord: "To change", stopped: stopped)
        if let out {
            let plan = SavedPlan(
                site: absolute(site), digest: loaded.site.digest, hosts: options.hosts, inventories: options.inventory,
                tags: options.tags, skipTags: options.skipTags, variables: options.var, isLocal: options.local,
                fingerprints: plans.fingerprints)
            try Files.writeAtomically(Array(plan.json.utf8), to: out, mode: 0o600)
        }
        try SyncRunner.check(screen.recap.verdict, tellsDifferences: detailedExitcode, stopped: stopped)
    }

    /// The plan may be applied from another folder.
    private func absolute(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
