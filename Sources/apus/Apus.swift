import ArgumentParser
import Base
import CAres
import Daemon
import Terminal

@main
struct Apus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "The operations toolbox in one file.",
        discussion: """
            EXAMPLES
              apus disk                          disk use of this host
              apus check /etc/apus/apus.yaml     what is wrong in a configuration
              apus run /etc/apus/apus.yaml       run every component that the file declares

            EXIT CODES
              0  done               1  failed             2  differences found
              3  done in part      64  wrong usage       65  bad declaration
              130  interrupted
            """,
        version: "apus \(Version.number)",
        subcommands: [Run.self, Check.self, Disk.self, Schema.self, Install.self])

    static func main() async {
        StandardStreams.ensureOpen()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as ApusError {
            Report.error(error.description)
            exit(withError: ExitCode(error.kind))
        } catch let refused as ConfigurationRefused {
            Report.complaints(refused)
            exit(withError: refused.isUnreadable ? ExitCode.failed : ExitCode.badDeclaration)
        } catch {
            exit(withError: error)
        }
    }
}
