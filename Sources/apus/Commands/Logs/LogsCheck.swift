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
            Warnings tell what is doubtful: what means nothing where it stands, and what the rules name and this host has not
            (key rings, variables, users). They change no exit code; 65 is that of a mistake.

            EXAMPLE
              apus logs check --rules /etc/logsyncd/rules
            """)

    @OptionGroup var options: LogsOptions

    func run() throws {
        let rules = try options.ruleSet()
        let advice = RuleAdvice.warnings(rules, environment: ProcessEnvironment.current())
        for warning in advice { Report.line("\(warning)") }
        let warnings = rules.warnings.count + advice.count
        let verdict = warnings == 0 ? "all good" : "no mistake, \(Count.of(warnings, "warning"))"
        try Report.output("\(Count.of(rules.rules.count, "rule")), \(verdict)\n")
    }
}
