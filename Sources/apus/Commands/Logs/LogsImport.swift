import ArgumentParser
import Base
import Glibc
import LogArchive
import Terminal

/// `apus logs import PATH`: logrotate's configuration as rules.
struct LogsImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Translate logrotate's configuration into rules, and say what could not be.",
        discussion: """
            Prints the rules, or writes one file each into --to. What has no counterpart is told on standard error with file
            and line (note:), exit code 3 then; a hint: tells what is written otherwise and does the same.
            Blocks with errors are left out and told, as logrotate does it; exit code 65.

            With --status it also takes over when logrotate last rotated each log, into the journal below --state: without
            that, a log of which we know nothing is due a whole day, week or month after we first saw it.

            EXAMPLES
              apus logs import /etc/logrotate.conf
              apus logs import /etc/logrotate.d --to /etc/logsyncd/rules
              apus logs import /etc/logrotate.conf --to /etc/logsyncd/rules --status /var/lib/logrotate/status
            """)

    @Argument(help: "A file of logrotate's configuration, or a folder of such.", completion: .file())
    var path: String

    @Option(help: ArgumentHelp("The folder for rule files, made where it is missing.", valueName: "folder"))
    var to: String?

    @Flag(help: "Replace rule files that are there.")
    var force = false

    @Option(
        help: ArgumentHelp("logrotate's state file, such as /var/lib/logrotate/status.", valueName: "file"),
        completion: .file())
    var status: String?

    @Option(help: ArgumentHelp("The folder of the journal, for --status.", valueName: "folder"))
    var state = "/var/lib/apus/logs"

    func validate() throws {
        if status != nil, to == nil { throw ValidationError("--status needs --to: the rules say which logs are ours") }
    }

    func run() async throws {
        // Read before anything is written.
        let status = try self.status.map { file throws(ApusError) in
            try LogrotateStatus.read(file, calendar: SystemCalendar())
        }
        let result = try LogrotateImport.read(path)
        for note in result.errors { Report.line("error: \(note)") }
        for note in result.notes { Report.line("\(note.isHint ? "hint" : "note"): \(note)") }
        if let to { try write(result.rules, to) } else { try show(result.rules) }
        if let to, let status { try await remember(status, to) }
        if to != nil, !result.rules.isEmpty {
            Report.line(
                "next: keep logrotate from these logs, or both rotate them: `systemctl disable --now logrotate.timer`, "
                    + "or remove their files from its configuration")
        }
        if !result.errors.isEmpty { throw ExitCode.badDeclaration }
        if result.notes.contains(where: { !$0.isHint }) || status?.problems.isEmpty == false { throw ExitCode.partial }
    }

    private func remember(_ status: LogrotateStatus, _ rules: String) async throws {
        for problem in status.problems { Report.line("note: \(problem)") }
        var settings = LogSyncSettings()
        settings.rules = rules
        settings.state = state
        let open = try OpenLogSync(settings, threads: 1, observer: SilentObserver(), time: SystemTime())
        let count = try open.sync(RuleReader.read(rules)).remember(status.rotations)
        await open.close()
        try Report.output("\(Count.of(count, "log")) with the time of the last rotation, in \(state)\n")
    }

    private func show(_ rules: [LogrotateImport.Rule]) throws {
        for (index, rule) in rules.enumerated() {
            try Report.output("\(index > 0 ? "---\n" : "")# \(rule.name).yaml\n\(rule.text)")
        }
    }

    private func write(_ rules: [LogrotateImport.Rule], _ folder: String) throws {
        if mkdir(folder, 0o755) != 0, errno != EEXIST { throw Files.failure("write-failed", "cannot make \(folder)") }
        for rule in rules {
            let file = "\(folder)/\(rule.name).yaml"
            var status = stat()
            // A link to nothing is somebody's file, too.
            if !force, lstat(file, &status) == 0 {
                throw ApusError(code: "file-exists", "\(file) is there already; --force replaces it", kind: .usage)
            }
        }
        for rule in rules {
            let file = "\(folder)/\(rule.name).yaml"
            try Files.writeAtomically(Array(rule.text.utf8), to: file)
            try Report.output("\(file)\n")
        }
    }
}
