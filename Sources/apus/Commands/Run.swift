import ArgumentParser
import Base
import Daemon
import Glibc
import Settings

/// `apus run FILE`: the daemon.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run every component that a configuration file declares.",
        discussion: """
            SIGHUP reloads the file: what did not change goes on, a file with mistakes changes nothing. SIGTERM and SIGINT
            drain and end with 0; a second one ends at once.

            EXAMPLES
              apus run /etc/apus/apus.yaml
              apus run --drain-timeout 30s apus.yaml
            """)

    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        try await daemon.run()
    }
}

/// What a daemon is started with.
struct DaemonOptions: ParsableArguments {
    @Argument(
        help: "The configuration file; - reads it from standard input, and reload then cannot read it again.",
        completion: .file())
    var file = "/etc/apus/apus.yaml"

    @Option(help: "How long components may finish what is under way, at the end and at a reload (200ms, 10s, 1m).")
    var drainTimeout: DurationArgument = DurationArgument(.seconds(10))

    /// - Parameter section: A part that the file must declare.
    func run(requiring section: String? = nil) async throws {
        // A reload that is asked for before we listen for it has nothing to reload yet; it must not end the process.
        signal(SIGHUP, SIG_IGN)
        OpenFileLimit.raise()
        let environment = ProcessEnvironment.current()
        var loader = ConfigurationLoader(components: Components.all, references: SystemReferences())
        loader.requiredSection = section
        // The first look happens before anything is set up, so that a mistake is told as plainly as `apus check` tells it.
        if file != "-" { _ = try loader.load(file) }
        let services = DaemonServices(environment: environment, processID: getpid())
        let daemon = Daemon(
            options: Daemon.Options(file: file, environment: environment, drainTimeout: drainTimeout.duration),
            loader: loader, services: services)
        let signals = SignalWatcher(onSecondStop: { _exit(ExitCode.interrupted.rawValue) })
        try await daemon.run(signals: signals.signals)
    }
}
