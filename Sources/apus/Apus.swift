import ArgumentParser
import Base
import CAres
import Daemon
import Glibc
import HostSync
import LogArchive
import Terminal

/// Where the process begins.
///
/// The main thread waits and does no more. An asynchronous `main` would end it by pthread_exit(3), which unwinds its stack,
/// and in a static binary the first unwinding sorts the unwind tables of the whole program: 50 ms of processor time in
/// each run.
@main
enum Program {
    static func main() {
        // Before anything else opens a descriptor: it would be given the number of a stream that is closed.
        StandardStreams.ensureOpen()
        Task.detached {
            await Apus.perform()
            exit(EXIT_SUCCESS)
        }
        while true { pause() }
    }
}

struct Apus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "The operations toolbox in one file.",
        discussion: """
            EXAMPLES
              apus disk                          disk use of this host
              apus check /etc/apus/apus.yaml     what is wrong in a configuration
              apus run /etc/apus/apus.yaml       run every component that the file declares
              apus sync plan site.yaml           what differs on the hosts of a site
              apus logs rotate                   rotate, seal and store logs by rules
              apus gateway run gateway.yaml      serve as a reverse proxy

            EXIT CODES
              0  done               1  failed             2  differences found
              3  done in part      64  wrong usage       65  bad declaration
              130  interrupted
            """,
        version: "apus \(Version.number)",
        subcommands: [
            Run.self, Check.self, Disk.self, Sync.self, Logs.self, GatewayCommand.self, Schema.self, Install.self,
        ])

    fileprivate static func perform() async {
        do {
            var command = try parseAsRoot(ProgramName.arguments(CommandLine.arguments))
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
        } catch let refused as RuleRefused {
            Report.complaints(refused.complaints)
            exit(withError: ExitCode.badDeclaration)
        } catch let refused as SiteRefused {
            Report.complaints(refused.complaints)
            exit(withError: ExitCode.badDeclaration)
        } catch {
            exit(withError: error)
        }
    }
}

/// Under which name the program was called: a link `syncd` to it is `apus sync`.
enum ProgramName {
    private static let commands = ["syncd": "sync", "logsyncd": "logs"]

    /// The arguments as if the program had been called by its own name.
    static func arguments(_ all: [String]) -> [String] {
        let name = all.first?.split(separator: "/").last.map(String.init) ?? ""
        return (commands[name].map { [$0] } ?? []) + all.dropFirst()
    }
}
