import HostSync
import Synchronization
import Terminal

/// Shows a run while it goes on: reports on standard output as hosts finish, one line of progress on standard error.
final class SyncScreen: SyncObserver {
    private struct State {
        var recap = Recap()
        var progress = ProgressLine()
        var running: [String: String] = [:]
        var done = 0
        var failure: (any Error)?
        var fingerprints: [String: String] = [:]
    }

    private let output: SyncOptions.Output
    private let text: PlanText
    private let json: ReportJSON
    private let total: Int
    private let isQuiet: Bool
    private let onReport: @Sendable (HostReport) -> Void
    private let state = Mutex(State())

    /// - Parameter isQuiet: Say nothing of hosts that are as declared.
    init(
        site: Site, output: SyncOptions.Output, total: Int, isQuiet: Bool = false, showsAll: Bool = false,
        showsDiffs: Bool = true, isDone: Bool = false, onReport: @escaping @Sendable (HostReport) -> Void = { _ in }
    ) {
        self.output = output
        var text = PlanText(site: site, color: TerminalStream.output.usesColor)
        text.showsAll = showsAll
        text.showsDiffs = showsDiffs
        text.isDone = isDone
        self.text = text
        json = ReportJSON(site: site)
        self.total = total
        self.isQuiet = isQuiet
        self.onReport = onReport
    }

    var recap: Recap { state.withLock { $0.recap } }

    func started(_ host: String) {
        state.withLock { state in
            state.running[host] = "connecting"
            draw(&state)
        }
    }

    func stepped(_ host: String, title: String, done: Int, total: Int) {
        state.withLock { state in
            state.running[host] = "\(title) (\(done + 1)/\(total))"
            draw(&state)
        }
    }

    func finished(_ report: HostReport) {
        onReport(report)
        state.withLock { state in
            state.running[report.host] = nil
            state.done += 1
            state.recap.add(report)
            state.progress.clear()
            do {
                try show(report)
            } catch {
                if state.failure == nil { state.failure = error }
            }
            draw(&state)
        }
    }

    /// Ends the progress and prints the table.
    ///
    /// - Throws: What writing threw while the run went on.
    func finish(changedWord: String, stopped: String?) throws {
        let failure: (any Error)? = state.withLock { state in
            state.progress.clear()
            return state.failure
        }
        if let failure { throw failure }
        if output == .text {
            let lines = recap.table(stream: .output, changedWord: changedWord)
            try TerminalStream.output.write("\n" + lines.joined(separator: "\n") + "\n")
        }
        if let stopped { try TerminalStream.error.writeLine("apus sync: stopped: \(TerminalText.visible(stopped))") }
    }

    private func show(_ report: HostReport) throws {
        switch output {
        case .json: try TerminalStream.output.writeLine(json.line(report))
        case .text:
            if isQuiet, report.status == .same, report.notes.isEmpty { return }
            try TerminalStream.output.write(text.lines(report).joined(separator: "\n") + "\n")
        }
    }

    private func draw(_ state: inout State) {
        guard let (host, what) = state.running.min(by: { $0.key < $1.key }) else { return }
        let others = state.running.count > 1 ? " and \(state.running.count - 1) more" : ""
        state.progress.show("\(state.done)/\(total) hosts  \(host)\(others): \(what)")
    }
}
