import ArgumentParser
import Base
import HostInstall
import Terminal

/// `apus install`: puts this program on the host as a systemd service.
struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Install this program as a systemd service: unit, user, folders, example configuration.",
        discussion: """
            A second run changes nothing and says so. A configuration that is there is
            never overwritten. The service is not started: the next steps are printed.

            EXAMPLES
              apus install --dry-run                 what would be done
              sudo apus install                      on this host
              sudo apus install --socket             systemd holds the admin endpoint's socket
              sudo apus install --logs               apus logs run as a service of its own, as root
              apus install --root image --systemd-version 257
                                                     into the tree of an image
            """)

    enum Output: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Flag(name: .shortAndLong, help: "Change nothing; show what would be done, and how files would differ.")
    var dryRun = false

    @Flag(help: "Install apus.socket, too: no connection is refused while the service restarts.")
    var socket = false

    @Flag(help: "Install logsyncd.service, too: `apus logs run` as root, by the rules in /etc/logsyncd/rules.")
    var logs = false

    @Option(help: ArgumentHelp("Install into the tree below this folder.", valueName: "folder"), completion: .directory)
    var root = "/"

    @Option(
        help: ArgumentHelp(
            "The systemd that will run there; from 253 on, reloads are waited for. Without it, this host is asked.",
            valueName: "number"))
    var systemdVersion: Int?

    @Option(name: .shortAndLong, help: "The form of the output.")
    var output = Output.table

    func validate() throws {
        if root.isEmpty { throw ValidationError("--root is empty; it must be a folder") }
        if let systemdVersion, systemdVersion < 1 {
            throw ValidationError("--systemd-version is \(systemdVersion); it must be a number such as 252")
        }
    }

    func run() throws {
        let completions = InstallOptions.Completions(
            bash: Apus.completionScript(for: .bash), zsh: Apus.completionScript(for: .zsh),
            fish: Apus.completionScript(for: .fish))
        let options = InstallOptions(
            root: root, withSocket: socket, withLogs: logs, systemdVersion: systemdVersion, completions: completions)
        let facts = try HostSurvey.take(options)
        let plan = InstallPlan(InstallItem.all(options, systemdVersion: facts.systemdVersion), facts: facts)
        let printer = InstallPrinter(plan: plan, isDryRun: dryRun, options: options)
        if dryRun {
            try printer.print(output)
            for obstacle in plan.obstacles { Report.error(obstacle) }
            if !plan.obstacles.isEmpty { throw ExitCode.failed }
        } else {
            try InstallRunner(options, facts: facts).run(plan)
            try printer.print(output)
        }
    }
}
