import ArgumentParser
import Base
import Glibc
import HTTPTransport
import HostSync
import Terminal

/// `apus sync pull`: this host fetches its own declarations.
struct SyncPull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a signed site from git or by HTTPS, and bring this host to it.",
        discussion: """
            The commit, or the file, must be signed by somebody whom the allowed_signers file names (ssh-keygen(1)); what is
            not is refused before it is read. A commit that is older than the one taken last is refused, too; of a file by
            HTTPS nobody can tell its age.

            EXAMPLES
              apus sync pull --git https://git.example/site.git --allowed-signers /etc/apus/signers --every 15m
              apus sync pull --url https://files.example/site.yaml --allowed-signers /etc/apus/signers
            """)

    @Option(help: ArgumentHelp("The repository.", valueName: "url"))
    var git: String?

    @Option(help: ArgumentHelp("The branch, tag or commit.", valueName: "name"))
    var revision = "HEAD"

    @Option(help: ArgumentHelp("The site file within the repository.", valueName: "path"))
    var site = "site.yaml"

    @Option(
        help: ArgumentHelp(
            "The site file; its signature is fetched from there, too, with .sig.", valueName: "https://…"))
    var url: String?

    @Option(help: ArgumentHelp("Who may sign, as ssh-keygen(1) has it.", valueName: "file"), completion: .file())
    var allowedSigners: String?

    @Flag(help: "Take what nobody has signed.")
    var unsigned = false

    @Option(help: ArgumentHelp("Where the checkout is kept.", valueName: "folder"))
    var folder = "/var/lib/apus-pull"

    @Flag(help: "Only show what differs.")
    var plan = false

    @Option(help: ArgumentHelp("Fetch and apply again and again, with this time between.", valueName: "duration"))
    var every: DurationArgument?

    @Option(help: ArgumentHelp("A file with age identities for encrypted values.", valueName: "file"))
    var identity: String?

    func validate() throws {
        guard (git == nil) != (url == nil) else { throw ValidationError("give one of --git and --url") }
        guard (allowedSigners == nil) == unsigned else {
            throw ValidationError("give --allowed-signers, or --unsigned to take what nobody has signed")
        }
        if let url, !url.hasPrefix("https://"), unsigned {
            throw ValidationError("what is not signed is only taken by https")
        }
        guard folder.hasPrefix("/") else { throw ValidationError("--folder must be an absolute path") }
    }

    func run() async throws {
        let signers = try allowedSigners.map { String(decoding: try Files.read($0, limit: 1 << 20), as: UTF8.self) }
        let source: SitePull.Source = git.map { .git(repository: $0, revision: revision) } ?? .url(url ?? "")
        let pull = SitePull(source: source, folder: folder, site: site, allowedSigners: signers)
        let http = HTTPTransport(responseBodyLimit: SitePull.mostBytes)
        var failure: (any Error)?
        repeat {
            do {
                failure = nil
                try await once(pull, http)
            } catch {
                failure = error
                if every != nil { Report.error("\(error)") }
            }
            guard let every else { break }
            guard await SyncRunner.pause(every.duration) else { break }
        } while true
        await http.shutdown()
        if let failure { throw failure }
    }

    private func once(_ pull: SitePull, _ http: HTTPTransport) async throws {
        let outcome = try await pull.fetch(http)
        let signer = outcome.signer.map { ", signed by \($0)" } ?? ", not signed"
        try TerminalStream.error.writeLine(TerminalText.visible("apus sync: \(outcome.version.prefix(12))\(signer)"))
        var options = SiteReader.Options()
        options.isLocal = true
        options.identityFile = identity
        let loaded = try SiteReader.read(outcome.site, options: options)
        var fleet = FleetRun.Options()
        fleet.mode = plan ? .plan(wantsText: true) : .apply
        fleet.limit = try HostPattern(parsing: "localhost")
        fleet.actor = "apus sync pull@\(HostName.current())"
        let screen = SyncScreen(
            site: loaded.site, output: .text, total: 1, isQuiet: !plan, showsDiffs: plan, isDone: !plan)
        let stopped = try await SyncRunner.run(FleetRun(site: loaded, options: fleet), screen)
        try screen.finish(changedWord: plan ? "To change" : "Changed", stopped: stopped)
        try SyncRunner.check(screen.recap.verdict, stopped: stopped)
    }
}
