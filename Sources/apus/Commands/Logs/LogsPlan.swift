import ArgumentParser
import Base
import CloudAPI
import LogArchive
import Terminal

/// `apus logs plan`: what a rotation would do now, and why; it changes nothing.
struct LogsPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what would be rotated now and why, or when; change nothing.",
        discussion: """
            EXAMPLE
              apus logs plan --rules /etc/logsyncd/rules
            """)

    @OptionGroup var options: LogsOptions

    @Flag(name: .shortAndLong, help: "As `apus logs rotate --force` would do it.")
    var force = false

    func run() async throws {
        let rules = try options.ruleSet()
        let open = try options.open(rules, isReading: true)
        var rows: [[Table.Cell]] = []
        for rotator in open.sync(rules).rotators() {
            let verdicts = rotator.verdicts(force: force)
            if verdicts.isEmpty, options.output == .text {
                rows.append([
                    Table.Cell(rotator.rule.name), Table.Cell("-"), Table.Cell("-"), Table.Cell("no log"),
                    Table.Cell("no file matches \(rotator.rule.settings.paths.joined(separator: " "))", .faint),
                ])
            }
            for verdict in verdicts {
                if options.output == .json {
                    try Report.output(json(rotator.rule, verdict) + "\n")
                } else {
                    rows.append(row(rotator.rule, verdict))
                }
            }
        }
        guard options.output == .text else { return }
        let stream = TerminalStream.output
        let table = Table(
            columns: [
                Table.Column("Rule"), Table.Column("Log", leastWidth: 16), Table.Column("Size", .right),
                Table.Column("Action"), Table.Column("Why", leastWidth: 20),
            ], fitting: rows, width: stream.width, color: stream.usesColor, glyphs: stream.glyphs)
        try stream.write(table.text(rows))
    }

    private func row(_ rule: Rule, _ verdict: Rotator.Verdict) -> [Table.Cell] {
        let action: Table.Cell
        var why = verdict.decision.reason
        switch verdict.decision {
        case .rotate: action = Table.Cell("rotate", .good)
        case .wait(_, let next):
            action = Table.Cell("wait", .faint)
            if let next { why += "; next at \(LogsText.time(next))" }
        }
        return [
            Table.Cell(rule.name), Table.Cell(verdict.log), Table.Cell(LogsText.size(verdict.size)), action,
            Table.Cell(why),
        ]
    }

    private func json(_ rule: Rule, _ verdict: Rotator.Verdict) -> String {
        var next: JSON = .null
        if case .wait(_, let at?) = verdict.decision { next = .string(at.rfc3339) }
        return JSON.object([
            JSON.Member("rule", .string(rule.name)), JSON.Member("log", .string(verdict.log)),
            JSON.Member("size", .number("\(verdict.size)")), JSON.Member("rotate", .bool(verdict.decision.isRotate)),
            JSON.Member("why", .string(verdict.decision.reason)), JSON.Member("nextAt", next),
        ]).text
    }
}
