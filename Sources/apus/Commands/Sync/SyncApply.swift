import ArgumentParser
import Base
import Glibc
import HostSync
import Terminal

/// `apus sync apply SITE.yaml`: change what differs, and prove it.
struct SyncApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Change what differs on the hosts, and verify it by asking again.",
        discussion: """
            FILE is a site file, or a plan that `apus sync plan --out` has saved: that is applied as it is, and refused on
            hosts that have moved since.

            Exit code: 0 when every host is as declared; 1 when all hosts failed, 65 when all because of their
            declarations; 3 when some did, or a rollout was stopped; 130 after Ctrl-C.

            EXAMPLES
              apus sync apply site.yaml
              apus sync apply site.yaml --confirm
              apus sync apply site.yaml --local
              apus sync apply site.yaml --resume
            """)

    @Argument(help: "The site file, or a saved plan.", completion: .file())
    var file: String

    @OptionGroup var options: SyncOptions

    @Flag(help: "Show the plan first, and ask once before anything is changed.")
    var confirm = false

    @Flag(help: "Go on after a failed resource with those that do not require it.")
    var keepGoing = false

    @Flag(help: "Show what changes in texts of files.")
    var diff = false

    @Flag(help: "Leave out the hosts that the last run of these declarations has brought to their end.")
    var resume = false

    @Flag(name: .shortAndLong, help: "Say nothing of hosts that were as declared.")
    var quiet = false

    @Option(
        help: ArgumentHelp("Append who, when, what to a journal, as JSON lines.", valueName: "file"),
        completion: .file())
    var journal: String?

    @Option(help: ArgumentHelp("Write a report for people.", valueName: "file.html"), completion: .file())
    var report: String?

    func run() async throws {
        let plan = try SavedPlan.read(file)
        if plan != nil { try self.options.refuseSelection() }
        let options = plan?.options(self.options) ?? self.options
        let site = plan?.site ?? file
        let loaded = try options.load(site)
        SyncMessages.warnings(loaded.site)
        var fleetOptions = try options.fleet(.apply)
        fleetOptions.keepsGoing = keepGoing
        fleetOptions.wantsTexts = diff
        if let plan {
            guard plan.digest == loaded.site.digest else {
                throw ApusError(
                    code: "plan-outdated", "\(site) or a file of it has changed since the plan was made: plan again")
            }
            fleetOptions.approved = plan.fingerprints
        }
        let memory = RunMemory(site: site, digest: loaded.site.digest, options: options.meaning)
        if resume { fleetOptions.skipped = memory.verifiedHosts() }
        if confirm { fleetOptions.approved = try await approved(loaded, options) }
        let fleet = FleetRun(site: loaded, options: fleetOptions)
        let hosts = try fleet.hostNames().count
        if hosts == 0, !fleetOptions.skipped.isEmpty, options.output == .text {
            let count = Count.of(fleetOptions.skipped.count, "host")
            return try Report.output("nothing left: the last run has brought \(count) to their end\n")
        }
        let record = try RunRecord(
            journal: journal, report: report, site: loaded.site, actor: fleetOptions.actor, plan: plan != nil)
        let screen = SyncScreen(
            site: loaded.site, output: options.output, total: hosts, isQuiet: quiet,
            showsDiffs: diff, isDone: true, onReport: { record.take($0) })
        let stopped = try await SyncRunner.run(fleet, screen)
        try screen.finish(changedWord: "Changed", stopped: stopped)
        try record.finish(stopped: stopped)
        let verified = screen.recap.verifiedHosts(plays: try fleet.playCounts())
        memory.keep(verified, skipped: fleetOptions.skipped, failed: screen.recap.failedHosts, of: loaded)
        let failed = screen.recap.failedHosts
        if !failed.isEmpty, options.output == .text {
            let names = failed.prefix(10).joined(separator: ", ") + (failed.count > 10 ? ", …" : "")
            let hint = failed.count < hosts ? "; after mending, --resume leaves out the others" : ""
            Report.error("not as declared: \(names)\(hint)")
        }
        try SyncRunner.check(screen.recap.verdict, stopped: stopped)
    }

    /// Shows the plan and asks.
    private func approved(_ loaded: LoadedSite, _ options: SyncOptions) async throws -> [String: String] {
        guard isatty(STDIN_FILENO) == 1 else {
            throw ApusError(
                code: "no-terminal",
                "--confirm asks on a terminal, and standard input is none: save a plan with apus sync plan --out instead",
                kind: .usage)
        }
        let fleet = FleetRun(site: loaded, options: try options.fleet(.plan(wantsText: true)))
        let plans = PlanCollector()
        let screen = SyncScreen(
            site: loaded.site, output: .text, total: try fleet.hostNames().count, onReport: { plans.take($0) })
        let stopped = try await SyncRunner.run(fleet, screen)
        try screen.finish(changedWord: "To change", stopped: stopped)
        if stopped != nil { throw ExitCode.interrupted }
        if screen.recap.verdict == .done(changed: false) { return plans.fingerprints }
        try TerminalStream.error.write("apply this? Only yes is taken for it: ")
        guard readLine() == "yes" else {
            Report.error("nothing was changed")
            throw ExitCode.failed
        }
        return plans.fingerprints
    }
}
