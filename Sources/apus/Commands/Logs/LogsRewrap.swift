import ArgumentParser
import Base
import LogArchive
import ObjectStore
import Terminal

/// `apus logs rewrap`: old segments under the newest key.
struct LogsRewrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewrap",
        abstract: "Wrap the data keys of stored segments by the newest key of their rule; the data are not touched.",
        discussion: """
            After `apus logs key rotate`, or after a rule has got another key_id. Only headers are written anew: what was
            encrypted stays as it is, and in its store. An interrupted run is simply begun again.

            Sealed files on this host keep their key: each that needs an older one is told, and the exit code is 3. Keep
            that key until they are gone.

            EXAMPLES
              apus logs rewrap
              apus logs rewrap /var/log/app.log --key kms://prod/log-enc
            """)

    @Argument(help: "A log's path, or a glob of such; left out: all.")
    var log: String?

    @OptionGroup var which: LogsQuery
    @OptionGroup var options: LogsOptions

    @Option(help: ArgumentHelp("The key to wrap with, in place of the rule's.", valueName: "uri"))
    var key: String?

    @Flag(help: "Wrap anew what the same version has wrapped, too.")
    var force = false

    func run() async throws {
        let (open, catalogue, found, troubles) = try await options.items(which.query(log))
        // What is kept here though it is stored, too, is a file of its own.
        let items = found.filter { $0.entry != nil }
        let local = catalogue.local(which.query(log))
        let rules = try options.rulesOrStore()
        let byName = Dictionary(rules.rules.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let stores = open.stores
        let given = key
        let rewrapper = Rewrapper(archive: open.archive, catalogue: catalogue) { item throws(ApusError) in
            var settings = byName[item.rule]?.settings.encrypt
            if let given {
                var named = settings ?? EncryptSettings()
                named.keyID = given
                settings = named
            }
            guard let settings else {
                throw ApusError(
                    code: "key-missing", "rule \(item.rule) does not encrypt: say which key by --key", kind: .usage)
            }
            return try stores.rewrapper(settings, region: byName[item.rule]?.settings.upload?.region)
        }
        let (done, failed, kept) = try await open.run { () -> (Int, Int, Int) in
            var (done, failed, kept) = (0, 0, 0)
            for item in items + local {
                do {
                    switch try await rewrapper.rewrap(item, force: force) {
                    case .rewrapped(let from, let to):
                        done += 1
                        try Report.output("\(item.placeText): \(from) → \(to)\n")
                    case .keptHere(let key):
                        kept += 1
                        Report.error("\(item.placeText) is on this host and still needs \(key)")
                    case .unchanged, .notEncrypted: break
                    }
                } catch let error as ApusError {
                    failed += 1
                    Report.error("\(item.title): \(error)")
                }
            }
            return (done, failed, kept)
        }
        await open.close()
        try Report.output(
            "\(Count.of(items.count, "segment")), \(done) rewrapped\(failed > 0 ? ", \(failed) failed" : "")"
                + "\(kept > 0 ? ", \(Count.of(kept, "file")) here under an older key" : "")\n")
        if failed > 0 || kept > 0 { throw ExitCode.partial }
        try troubles.end()
    }
}
