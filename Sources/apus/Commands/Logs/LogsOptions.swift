import ArgumentParser
import Base
import LogArchive
import ObjectStore
import Settings

/// What every command about rules takes.
struct LogsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of rules, or one rule file.", valueName: "path"))
    var rules = "/etc/logsyncd/rules"

    @Option(help: ArgumentHelp("The folder of the journal.", valueName: "folder"))
    var state = "/var/lib/apus/logs"

    @Option(
        help: ArgumentHelp(
            "Store for rules without an upload of their own: s3://BUCKET/PREFIX/, oss://…, file:///FOLDER/.",
            valueName: "url"))
    var store: String?

    @Option(name: .shortAndLong, help: "The form of the output.")
    var output = SyncOptions.Output.text

    func settings() throws -> LogSyncSettings {
        var settings = LogSyncSettings()
        settings.rules = rules
        settings.state = state
        if let store {
            guard let target = StoreTarget(store) else {
                throw ValidationError(
                    "--store \(store): wanted s3://BUCKET/PREFIX/, oss://BUCKET/PREFIX/ or file:///FOLDER/; a bucket's name has 3 to 63 of a-z 0-9 . -"
                )
            }
            var upload = StoreSettings()
            upload.target = target
            settings.upload = upload
        }
        return settings
    }

    /// The rules; their warnings go to standard error.
    ///
    /// - Throws: `RuleRefused`, which `Apus` prints.
    func ruleSet(showsWarnings: Bool = true) throws -> RuleSet {
        let rules = try RuleReader.read(self.rules)
        if showsWarnings { for warning in rules.warnings { Report.line("\(warning)") } }
        return rules
    }

    /// - Parameter isReading: beside a daemon that has the lock.
    func open(_ rules: RuleSet, isReading: Bool, observer: any ArchiveObserver = SilentObserver()) throws -> OpenLogSync
    {
        OpenLogSync.prepareHeap()
        let threads = rules.rules.compactMap { $0.settings.compress?.threads }.max() ?? 1
        return try OpenLogSync(
            settings(), threads: threads, isReading: isReading, observer: observer, time: SystemTime())
    }
}
