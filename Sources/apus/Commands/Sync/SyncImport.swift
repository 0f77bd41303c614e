import ArgumentParser
import Base
import HostSync

/// `apus sync import HOST`: declarations from a host as it is.
struct SyncImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write declarations from a live host: accounts, packages, services, and files that you name.",
        discussion: """
            HOST is what ssh would take, user@host or a name of your ssh_config, or a host of --site; with --local it is this
            host. What is written is a beginning: take out what is not yours to declare.

            EXAMPLES
              apus sync import root@web1 --file /etc/motd --file /etc/ssh/sshd_config >site.yaml
              apus sync import localhost --local
            """)

    @Argument(help: "The host.")
    var host: String

    @Option(help: ArgumentHelp("A file of the host to declare; may be given several times.", valueName: "path"))
    var file: [String] = []

    @Option(
        name: .customLong("site"), help: ArgumentHelp("A site that names the host.", valueName: "file"),
        completion: .file())
    var site: String?

    @OptionGroup var options: SyncOptions

    func validate() throws {
        for path in file where !path.hasPrefix("/") { throw ValidationError("--file \(path) is no absolute path") }
    }

    func run() async throws {
        let loaded = try site.map { try options.load($0) } ?? (try LoadedSite.single(host, isLocal: options.local))
        guard
            let target = loaded.site.inventory.host(named: options.local ? "localhost" : host)
                ?? (site == nil ? loaded.site.inventory.hosts.first : nil)
        else {
            throw ApusError(code: "no-hosts", "the site has no host \(host)", kind: .usage)
        }
        let result = try await HostImport(files: file).site(of: target, loaded, try options.fleet(.facts))
        for note in result.notes { Report.error(note) }
        try Report.output(result.text)
        if !result.notes.isEmpty { throw ExitCode.partial }
    }
}
