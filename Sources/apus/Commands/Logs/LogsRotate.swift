import ArgumentParser
import Base
import CloudAPI
import LogArchive
import Terminal

/// `apus logs rotate [LOG|RULE…]`: one round, to its end.
struct LogsRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Rotate what is due, and bring everything to its end: sealed, stored, cleaned up.",
        discussion: """
            Exit code: 0 when all is done, 3 when something is left (a writer that has its log open, a store that does not
            answer), 64 for a log that no rule rotates, 65 for a bad rule. What is left goes on with the next call, or in
            the daemon. Where a daemon has the journal it is asked to rotate, and seals and stores by itself: exit code 0
            when it has rotated, 3 when it has not answered within 5 s (it does it later, within an hour).

            EXAMPLES
              apus logs rotate
              apus logs rotate --force
              apus logs rotate /var/log/nginx/access.log --force
            """)

    @Argument(help: "Only these logs, by path, or rules, by name.")
    var only: [String] = []

    @OptionGroup var options: LogsOptions

    @Flag(name: .shortAndLong, help: "Rotate whether it is due or not.")
    var force = false

    @Flag(
        help: ArgumentHelp(
            "Give up generations that wait for their store and whose files somebody has deleted from this host."))
    var forgetMissing = false

    @Option(help: ArgumentHelp("How long to wait for writers to let go of their logs.", valueName: "duration"))
    var wait = DurationArgument(.seconds(10))

    /// Paths of logs are absolute in rules and journal.
    private var wantedNames: [String] { only.map { $0.contains("/") ? Files.absolute($0) : $0 } }

    func run() async throws {
        let only = wantedNames
        let rules = try options.ruleSet()
        let known = Set(rules.rules.map(\.name))
        for name in only where !name.hasPrefix("/") && !known.contains(name) {
            throw ValidationError("\(name) is neither a rule nor the path of a log")
        }
        let screen = LogsScreen(options.output)
        let opened: OpenLogSync
        do {
            opened = try options.open(rules, isReading: false, observer: screen)
        } catch {
            guard let error = error as? ApusError, error.code == "state-locked" else { throw error }
            return try await ask(error)
        }
        let open = opened
        let sync = open.sync(rules)
        let wanted = only.isEmpty ? nil : Set(only)
        let (waiting, failed) = try await open.run { () -> ([String], Bool) in
            sync.recover()
            try LogsRotate.check(only, sync)
            if forgetMissing { sync.forgetMissing() }
            sync.rotate(force: force, only: wanted)
            let result = try await sync.finish(within: wait.duration)
            sync.clean()
            try await sync.abortOrphans()
            return result
        }
        await open.close()
        screen.finish(waiting: waiting)
        if failed || screen.failures > 0 || !waiting.isEmpty { throw ExitCode.partial }
    }

    /// A daemon has the state folder: it rotates, and its own log and `apus logs status` tell the rest.
    private func ask(_ locked: ApusError) async throws {
        let only = wantedNames
        let holder = LogsHolder(state: options.state)
        let request = RotationRequest(force: force, only: only)
        let isTaken = try await request.send(
            to: options.state, within: LogsRotate.patience, stays: holder.isDaemon, time: SystemTime())
        guard isTaken || holder.isDaemon else { throw locked }
        if options.output == .json {
            try Report.output(json(holder, isTaken: isTaken) + "\n")
        } else {
            let which = only.isEmpty ? "all logs" : only.map(TerminalText.visible).joined(separator: ", ")
            let what = "\(which)\(force ? ", due or not" : " that are due")"
            let word =
                isTaken
                ? "\(holder.name) has rotated what could be of: \(what)"
                : "asked \(holder.name) to rotate \(what); no answer within 5 s: it will do it when it can"
            Report.line("\(word). `apus logs status` shows what waits; what failed is in its log")
        }
        if !isTaken { throw ExitCode.partial }
    }

    /// How long a daemon has for its answer; a hook that runs keeps it from it.
    private static let patience = Duration.seconds(5)

    private func json(_ holder: LogsHolder, isTaken: Bool) -> String {
        JSON.object([
            JSON.Member("event", .string(isTaken ? "rotation done by the daemon" : "rotation asked for")),
            JSON.Member("process", holder.process.map { .number("\($0)") } ?? .null),
            JSON.Member("force", .bool(force)), JSON.Member("only", .array(wantedNames.map { .string($0) })),
        ]).text
    }

    /// A log that was asked for by its path must be one that a rule rotates: nothing is silently left alone.
    private static func check(_ only: [String], _ sync: LogSync) throws {
        let paths = only.filter { $0.hasPrefix("/") }
        guard !paths.isEmpty else { return }
        let known = Set(sync.rotators().flatMap { $0.logs() })
        for path in paths where !known.contains(path) {
            throw ApusError(
                code: "log-unknown", "\(path) is not there, is no plain file, or is in no rule", kind: .usage)
        }
    }
}
