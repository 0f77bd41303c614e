import ArgumentParser
import Daemon
import Settings

/// `apus schema-of-config`: the JSON Schema of the configuration file, for editors.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema-of-config",
        abstract: "Print the JSON Schema of the configuration file, so that editors complete and check it.",
        discussion: """
            EXAMPLE
              apus schema-of-config > apus.schema.json
              and as the first line of the file, for editors with a YAML language server:
              # yaml-language-server: $schema=apus.schema.json
            """)

    func run() throws {
        let loader = ConfigurationLoader(components: Components.all, references: SystemReferences())
        try Report.output(loader.jsonSchema)
    }
}
