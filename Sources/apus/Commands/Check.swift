import ArgumentParser
import Base
import Daemon
import Settings

/// `apus check FILE`: says what is wrong in a configuration, and changes nothing.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is wrong in a configuration file, with line and key, and change nothing.",
        discussion: """
            Every complaint is one line, file:line:column: key: what is wrong and what is allowed. The exit code is 65 when
            there is any.

            EXAMPLES
              apus check /etc/apus/apus.yaml
              apus check --print apus.yaml       the effective configuration, secrets redacted
            """)

    @Argument(help: "The configuration file; - reads standard input.", completion: .file())
    var file = "/etc/apus/apus.yaml"

    @Flag(
        name: .customLong("print"), help: "Print the effective configuration with every default; secrets are redacted.")
    var printsConfiguration = false

    func run() throws {
        let loader = ConfigurationLoader(components: Components.all, references: SystemReferences())
        let configuration = try loader.load(file)
        for warning in configuration.warnings { Report.line(warning.description) }
        for warning in try loader.inspect(configuration) { Report.line(warning.description) }
        if printsConfiguration {
            try Report.output(configuration.rendered())
        } else {
            try Report.output("\(file): ok, configuration \(configuration.hash)\n")
        }
    }
}
