import ArgumentParser
import Base
import Glibc
import LogArchive
import Terminal

/// `apus logs import PATH`: logrotate's configuration as rules.
struct LogsImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Translate logrotate's configuration into rules, and say what could not be.",
        discussion: """
            Prints the rules, or writes one file each into --to. What has no counterpart is told on standard error with file
            and line; exit code 3 then. Blocks with errors are left out and told, as logrotate does it; exit code 65.

            EXAMPLES
              apus logs import /etc/logrotate.conf
              apus logs import /etc/logrotate.d --to /etc/logsyncd/rules
            """)

    @Argument(help: "A file of logrotate's configuration, or a folder of such.", completion: .file())
    var path: String

    @Option(help: ArgumentHelp("The folder for rule files, made where it is missing.", valueName: "folder"))
    var to: String?

    @Flag(help: "Replace rule files that are there.")
    var force = false

    func run() throws {
        let result = try LogrotateImport.read(path)
        for note in result.errors { Report.line("error: \(note)") }
        for note in result.notes { Report.line("note: \(note)") }
        if let to { try write(result.rules, to) } else { try show(result.rules) }
        if !result.errors.isEmpty { throw ExitCode.badDeclaration }
        if !result.notes.isEmpty { throw ExitCode.partial }
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
            if !force, access(file, F_OK) == 0 {
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
