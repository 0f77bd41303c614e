import ArgumentParser
import LogArchive

/// `apus logs explain`: every key of a rule file.
struct LogsExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Print every key of a rule file with its values, default and meaning.",
        discussion: """
            EXAMPLES
              apus logs explain
              apus logs explain --schema > rule.schema.json
            """)

    @Flag(help: "As a JSON Schema, for editors.")
    var schema = false

    func run() throws {
        try Report.output(schema ? RuleDocumentation.jsonSchema : RuleDocumentation.markdown)
    }
}
