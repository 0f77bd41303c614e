import Base
import CloudAPI
import LogArchive
import Synchronization
import Telemetry
import Terminal

/// Tells a person, or a program, what happens to logs.
final class LogsScreen: ArchiveObserver {
    private struct State {
        var line = ProgressLine()
        var rotated = 0
        var stored = 0
        var deleted = 0
        var failed = 0
    }

    private let isJSON: Bool
    private let state = Mutex(State())

    init(_ output: SyncOptions.Output) {
        isJSON = output == .json
    }

    var failures: Int { state.withLock { $0.failed } }

    func tell(_ event: any Event) {
        state.withLock { state in
            state.line.clear()
            switch event {
            case is LogRotated: state.rotated += 1
            case is GenerationStored: state.stored += 1
            case let event as GenerationDeleted: state.deleted += event.reason == .missing ? 0 : 1
            case is ArchiveFailed: state.failed += 1
            default: break
            }
            if isJSON {
                try? TerminalStream.output.writeLine(LogsScreen.json(event))
            } else if event is ArchiveFailed {
                try? TerminalStream.error.writeLine(LogsText.line(event))
            } else {
                try? TerminalStream.output.writeLine(LogsText.line(event))
            }
        }
    }

    func progress(_ generation: Generation, step: String, done: Int64, of total: Int64) {
        guard total > 0, !isJSON else { return }
        state.withLock { state in
            let share = Int(Double(done) / Double(total) * 100)
            state.line.show(
                "\(step == "seal" ? "sealing" : "storing") \(TerminalText.visible(generation.log))  \(share) %  of \(ByteCount(total).humanReadable)"
            )
        }
    }

    /// The last line.
    func finish(waiting: [String]) {
        state.withLock { state in
            state.line.clear()
            if isJSON { return }
            for line in waiting { try? TerminalStream.error.writeLine("waiting    \(TerminalText.visible(line))") }
            let parts = [
                Count.of(state.rotated, "log") + " rotated", Count.of(state.stored, "generation") + " stored",
                "\(state.deleted) deleted here",
            ]
            let failed = state.failed > 0 ? ", \(state.failed) failed" : ""
            try? TerminalStream.output.writeLine(parts.joined(separator: ", ") + failed)
        }
    }

    private static func json(_ event: any Event) -> String {
        var members = [JSON.Member("event", .string(type(of: event).message))]
        for (name, value) in event.fields.sorted(by: { $0.key < $1.key }) {
            members.append(JSON.Member(name, .string("\(value)")))
        }
        if let error = event.error as? ApusError {
            members.append(JSON.Member("code", .string(error.code)))
            members.append(JSON.Member("error", .string("\(error)")))
        }
        return JSON.object(members).text
    }
}

struct SilentObserver: ArchiveObserver {
    func tell(_ event: any Event) {
        if event is ArchiveFailed { try? TerminalStream.error.writeLine(LogsText.line(event)) }
    }

    func progress(_ generation: Generation, step: String, done: Int64, of total: Int64) {}
}

/// Events as lines for people.
enum LogsText {
    /// One line, harmless to a terminal: names of logs and what hooks say are anybody's.
    static func line(_ event: any Event) -> String { TerminalText.visible(plainLine(event)) }

    private static func plainLine(_ event: any Event) -> String {
        switch event {
        case let event as LogRotated:
            "rotated    \(event.log) → \(event.generation)  \(size(event.bytes)), \(event.method): \(event.reason)"
        case let event as GenerationStored:
            "stored     \(event.log)  \(size(event.bytes)) as \(size(event.storedBytes)): \(event.key)"
        case let event as GenerationDeleted where event.reason == .missing:
            "gone       \(event.file)  somebody else has deleted it"
        case let event as GenerationDeleted:
            "deleted    \(event.file)  \(size(event.bytes)), "
                + (event.storedAt.map { "stored at \($0)" } ?? "stored nowhere: \(reason(event.reason))")
        case let event as LogLeft:
            "left       \(event.log)  \(event.reason)"
        case let event as ArchiveFailed:
            "failed     \(event.subject): \(event.step.rawValue): \(event.failure)"
        case let event as BacklogChanged:
            "backlog    \(event.rule): \(event.state.rawValue), \(size(event.bytes))"
        default: type(of: event).message
        }
    }

    /// Which setting has it so.
    private static func reason(_ reason: GenerationDeleted.Reason) -> String {
        switch reason {
        case .stored: "it was stored"
        case .keep, .keepAge, .keepBytes: "rotate.\(reason.rawValue)"
        case .backlog: "lost by backlog.policy dropOldest"
        case .missing: "somebody else has deleted it"
        }
    }

    static func size(_ bytes: Int64) -> String { ByteCount(max(0, bytes)).humanReadable }

    static func size(_ bytes: Int64?) -> String { bytes.map { size($0) } ?? "-" }

    /// `2026-11-28 13:45:00Z`
    static func time(_ instant: WallInstant?) -> String {
        guard let instant else { return "-" }
        let text = instant.rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))Z"
    }
}

extension Table {
    /// Header and rows.
    func text(_ rows: [[Cell]]) -> String {
        ([header] + rows.map { line($0) }).map { "\($0)\n" }.joined()
    }
}
