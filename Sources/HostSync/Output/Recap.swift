import Base
package import Terminal

/// What became of the run, a line a host, and its verdict for the exit code.
package struct Recap: Sendable {
    package enum Verdict: Sendable, Equatable {
        /// Nothing differed, or all that differed was changed.
        case done(changed: Bool)
        /// Some hosts failed.
        case partial
        /// All of them failed.
        case failed
        /// All of them failed, and all because of what is declared for them.
        case refused
        case interrupted
    }

    struct Line: Sendable {
        var host: String
        var same = 0
        var changed = 0
        var failed = 0
        var other = 0
        var duration = Duration.zero
        var plays = 0
        var status: HostReport.Status
        var error: ApusError?
    }

    private(set) var lines: [Line] = []
    private var places: [String: Int] = [:]

    package init() {}

    /// Adds a report; those of several plays of one host become one line.
    package mutating func add(_ report: HostReport) {
        let place: Int
        if let known = places[report.host] {
            place = known
        } else {
            place = lines.count
            places[report.host] = place
            lines.append(Line(host: report.host, status: report.status))
        }
        lines[place].same += report.count(.same)
        lines[place].changed += report.count(.changed)
        lines[place].failed += report.count(.failed) + report.handlers(.failed)
        lines[place].other += report.count(.skipped) + report.count(.notRun) + report.count(.deferred)
        lines[place].duration += report.duration
        lines[place].plays += 1
        if rank(report.status) > rank(lines[place].status) { lines[place].status = report.status }
        if let error = report.error, lines[place].error == nil { lines[place].error = error }
    }

    private func rank(_ status: HostReport.Status) -> Int {
        switch status {
        case .same: 0
        case .changed: 1
        case .failed: 2
        case .notStarted: 3
        case .unreachable: 4
        case .interrupted: 5
        }
    }

    package var verdict: Verdict {
        let bad = lines.count { $0.status == .failed || $0.status == .unreachable }
        if lines.contains(where: { $0.status == .interrupted }) { return .interrupted }
        if bad == 0 { return .done(changed: lines.contains { $0.status == .changed }) }
        guard bad == lines.count else { return .partial }
        return lines.allSatisfy { $0.error?.kind == .declaration } ? .refused : .failed
    }

    /// How many hosts ended in each state, best first; states that none is in are left out.
    var hostCounts: [(HostReport.Status, Int)] {
        let states: [HostReport.Status] = [.same, .changed, .notStarted, .failed, .unreachable, .interrupted]
        return states.map { state in (state, lines.count { $0.status == state }) }.filter { $0.1 > 0 }
    }

    package var failedHosts: [String] {
        lines.filter { $0.status != .same && $0.status != .changed }.map(\.host)
    }

    /// Hosts that were brought to their end in every play that they are in.
    ///
    /// - Parameter plays: How many plays each host is in.
    package func verifiedHosts(plays: [String: Int]) -> [String] {
        lines.filter { line in
            (line.status == .same || line.status == .changed) && line.plays == plays[line.host]
        }.map(\.host)
    }

    /// - Parameter changedWord: `changed`, or for a plan `to change`.
    package func table(stream: TerminalStream, changedWord: String) -> [String] {
        let columns = [
            Table.Column("Host", leastWidth: 12), Table.Column("Same", .right), Table.Column(changedWord, .right),
            Table.Column("Failed", .right), Table.Column("Skipped", .right, dropOrder: 1),
            Table.Column("Seconds", .right, dropOrder: 2), Table.Column("State"),
        ]
        let rows = lines.map { line -> [Table.Cell] in
            let style: TextStyle =
                switch line.status {
                case .same: .plain
                case .notStarted: .faint
                case .changed: .good
                case .failed, .unreachable, .interrupted: .critical
                }
            let tenths = Int((line.duration.inSeconds * 100).rounded())
            let seconds = "\(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100)"
            return [
                Table.Cell(line.host), Table.Cell("\(line.same)"),
                Table.Cell("\(line.changed)", line.changed > 0 ? .warning : .plain),
                Table.Cell("\(line.failed)", line.failed > 0 ? .critical : .plain), Table.Cell("\(line.other)"),
                Table.Cell(seconds, .faint), Table.Cell(line.status.rawValue, style),
            ]
        }
        let table = Table(
            columns: columns, fitting: rows, width: stream.width, color: stream.usesColor, glyphs: stream.glyphs)
        return [table.header] + rows.map { table.line($0) }
    }
}
