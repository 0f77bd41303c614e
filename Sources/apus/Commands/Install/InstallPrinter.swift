import Base
import HostInstall
import Terminal

/// Says what an installation did, or would do.
struct InstallPrinter {
    let plan: InstallPlan
    let isDryRun: Bool
    let options: InstallOptions

    func print(_ output: Install.Output) throws {
        switch output {
        case .table: try printTable()
        case .json: try TerminalStream.output.writeLine(InstallJSON(plan: plan, isDryRun: isDryRun, next: next).text)
        }
    }

    /// What the operator does next; nothing here was done.
    var next: [String] {
        let units = options.withSocket ? "apus.socket apus.service" : "apus.service"
        let logs = options.withLogs ? [InstallItem.logsUnit] : []
        guard options.root == "/" else {
            return ["systemctl --root=\(options.root) enable \(([units] + logs).joined(separator: " "))"]
        }
        var lines = ["apus check \(InstallItem.configurationPath)", "systemctl enable --now \(units)"]
        if options.withLogs {
            lines += [
                "apus logs check   (rules are in \(InstallItem.rulesPath); apus logs import takes logrotate's over)",
                "systemctl enable --now \(InstallItem.logsUnit)",
                "systemctl disable --now logrotate.timer   (or else both rotate the same logs)",
            ]
        }
        if plan.needsRestart {
            lines.append("systemctl try-restart \((["apus.service"] + logs).joined(separator: " "))")
        }
        return lines
    }

    static func word(_ action: InstallPlan.Action, isDryRun: Bool) -> String {
        switch action {
        case .create: isDryRun ? "create" : "created"
        case .replace, .adjust: isDryRun ? "update" : "updated"
        case .unchanged: "unchanged"
        case .keep: "kept"
        }
    }

    private func printTable() throws {
        let stream = TerminalStream.output
        let rows = plan.steps.map(cells)
        let columns: [Table.Column] = [
            Table.Column("ACTION"), Table.Column("PATH", leastWidth: 16), Table.Column("MODE", dropOrder: 1),
            Table.Column("OWNER", dropOrder: 2), Table.Column("NOTE", leastWidth: 8, dropOrder: 3),
        ]
        let table = Table(
            columns: columns, fitting: rows, width: stream.width, color: stream.usesColor, glyphs: stream.glyphs)
        try stream.writeLine(table.header)
        for (step, row) in zip(plan.steps, rows) {
            try stream.writeLine(table.line(row))
            if isDryRun { try printDifference(step) }
        }
        for command in plan.commands {
            try stream.writeLine("\(isDryRun ? "run" : "ran")  \(command.arguments.joined(separator: " "))")
        }
        for note in plan.notes { try stream.writeLine("note: \(note)") }
        try printEnd()
    }

    private func cells(_ step: InstallPlan.Step) -> [Table.Cell] {
        let item = step.item
        let owner = "\(item.user == .root ? "root" : "apus"):\(item.group == .root ? "root" : "apus")"
        let isKept = step.action == .keep
        return [
            Table.Cell(InstallPrinter.word(step.action, isDryRun: isDryRun)), Table.Cell(item.path),
            Table.Cell(isKept ? "-" : InstallPlan.octal(item.mode)), Table.Cell(isKept ? "-" : owner),
            Table.Cell(step.detail ?? ""),
        ]
    }

    private func printDifference(_ step: InstallPlan.Step) throws {
        guard case .text(let new) = step.item.content, let old = step.oldText else { return }
        for line in LineDifference.lines(from: old, to: new) {
            try TerminalStream.output.writeLine("    " + TerminalText.visible(line))
        }
    }

    private func printEnd() throws {
        let stream = TerminalStream.output
        if !plan.changes {
            try stream.writeLine("nothing to do: everything is installed")
        } else if isDryRun {
            try stream.writeLine("nothing was changed (--dry-run)")
        }
        try stream.writeLine("\nnext: edit \(InstallItem.configurationPath), then")
        for line in next { try stream.writeLine("  \(line)") }
    }
}
