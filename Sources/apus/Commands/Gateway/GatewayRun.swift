import ArgumentParser
import Base
import Daemon

/// `apus gateway run FILE`: the same as `apus run FILE`, for a file that declares a gateway.
struct GatewayRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve what a file with a section gateway declares.",
        discussion: """
            SIGHUP (or systemctl reload) reads the file again: connections, WebSockets among them, go on, and a file with
            mistakes changes nothing. SIGTERM and Ctrl-C let requests finish within the drain time-out.

            EXAMPLE
              apus gateway run examples/gateway.yaml
            """)

    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        try await daemon.run(requiring: "gateway")
    }
}
