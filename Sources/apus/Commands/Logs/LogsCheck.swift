import ArgumentParser
import Base
import LogArchive
import Terminal

/// `apus logs check`: what is wrong in the rules.
struct LogsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong in the rules, with file, line and key; change nothing.",
        discussion: """
            EXAMPLE
              apus logs check --rules /etc/logsyncd/rules
            """)

    @OptionGroup var options: LogsOptions

    func run() throws {
        let rules = try options.ruleSet()
        try Report.output("\(Count.of(rules.rules.count, "rule")), all good\n")
    }
}
