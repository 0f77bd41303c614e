import ArgumentParser
import Base
import Daemon
import Glibc
import LogArchive

/// `apus logs run`: the component by itself, in the foreground.
struct LogsRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Work by the rules for good, in the foreground.",
        discussion: """
            The same as the component logsync of `apus run`, without the rest: no admin endpoint, no metrics. Rules are
            read anew when their files change. While another process has the journal it waits, and says so once. Under
            systemd (Type=notify; `apus install --logs` installs a unit) it tells when it is ready.

            SIGTERM and Ctrl-C end it; what was on its way goes on with the next start.

            EXAMPLE
              apus logs run --rules /etc/logsyncd/rules --state /var/lib/apus/logs
            """)

    @OptionGroup var options: LogsOptions

    @Option(help: ArgumentHelp("Time between two looks at the logs.", valueName: "duration"))
    var interval = DurationArgument(.seconds(10))

    func run() async throws {
        _ = try options.ruleSet()
        var settings = try options.settings()
        settings.interval = interval.duration
        let environment = ProcessEnvironment.current()
        let notifier = SystemdNotifier(environment: environment)
        let services = DaemonServices(environment: environment, processID: getpid())
        let component = try LogSyncComponent(settings, events: services.events, time: SystemTime())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await component.run() }
            group.addTask { try await LogsRun.tell(notifier, about: component) }
            group.addTask {
                await StopSignal.shared.wait()
                notifier.stopping()
                component.drain()
                // The component ends by itself.
                try await Task.sleep(for: .seconds(3600))
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Tells systemd that we are ready once the state folder is ours, and from then on what is wrong. It ends never.
    private static func tell(_ notifier: SystemdNotifier, about component: LogSyncComponent) async throws {
        let time = SystemTime()
        var told = ""
        while true {
            let status = component.status
            let text = status.reason ?? (status.isReady ? "working by the rules" : "starting")
            if told != "\(status.state) \(text)" {
                if status.isReady { notifier.ready(status: text) } else { notifier.status(text) }
            }
            told = "\(status.state) \(text)"
            try await time.sleep(for: .milliseconds(500))
        }
    }
}
