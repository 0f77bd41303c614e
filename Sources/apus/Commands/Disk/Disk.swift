import ArgumentParser
import Base
import HostMetrics
import Terminal

/// `apus disk [PATH…]`: how full the file systems are, once.
struct Disk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how full the file systems are, without ever hanging.",
        discussion: """
            Shows the mounts that df shows, with the same percentages. A mount that
            does not answer within the time-out is shown as timed out; the others are
            shown at once.

            Exit code: 0; 1 when a path or a mount has no figures; 3 when one is at or
            past --fail (blocks or inodes).

            EXAMPLES
              apus disk                           all disks, as a table
              apus disk /var/log /srv             the file systems that hold these paths
              apus disk --warn 80 --fail 90       exit code 3 when one is at 90 % or more
              apus disk --output json | jq '.[] | select(.usePercent >= 80)'
              apus disk --output prometheus > /var/lib/textfile/disk.prom
            """)

    enum Output: String, ExpressibleByArgument, CaseIterable {
        case table, json, prometheus
    }

    @Argument(help: "Show the file system that holds PATH; without it, all.", completion: .file())
    var path: [String] = []

    @Flag(name: .shortAndLong, help: "Show pseudo file systems, duplicates and covered mounts, too.")
    var all = false

    @Flag(name: .shortAndLong, help: "Show only file systems of this machine.")
    var local = false

    @Option(name: .shortAndLong, help: "The form of the output.")
    var output = Output.table

    @Flag(name: .shortAndLong, help: "Show exact bytes in the table instead of 1.5G.")
    var bytes = false

    @Option(help: ArgumentHelp("Warn on standard error from this use on (blocks or inodes).", valueName: "percent"))
    var warn: Int?

    @Option(help: ArgumentHelp("End with exit code 3 from this use on (blocks or inodes).", valueName: "percent"))
    var fail: Int?

    @Option(help: ArgumentHelp("How long to wait for a mount: 5s, 500ms.", valueName: "duration"))
    var timeout = DurationArgument(.seconds(5))

    func validate() throws {
        for (name, limit) in [("--warn", warn), ("--fail", fail)] {
            guard let limit, !(0...100).contains(limit) else { continue }
            throw ValidationError("\(name) is \(limit); it must be from 0 to 100")
        }
        if let warn, let fail, warn > fail {
            throw ValidationError("--warn is \(warn), above --fail, which is \(fail)")
        }
    }

    func run() async throws {
        var listing = DiskListing()
        listing.paths = path
        listing.selection = MountSelection(includesAll: all, localOnly: local)
        listing.timeout = timeout.duration
        listing.limits = UsageLimits(warn: warn, fail: fail)
        let printer = DiskPrinter(listing: listing, output: output, exactBytes: bytes)
        switch try await printer.print() {
        case .fine: return
        case .incomplete: throw ExitCode.failed
        case .pastFail: throw ExitCode.partial
        }
    }
}
