import HostInstall

/// The plan as one JSON object, with keys in a fixed order.
struct InstallJSON {
    let plan: InstallPlan
    let isDryRun: Bool
    let next: [String]

    var text: String {
        let items = plan.steps.map { step in
            let detail = step.detail.map(quoted) ?? "null"
            let action = InstallPrinter.word(step.action, isDryRun: isDryRun)
            let mode = InstallPlan.octal(step.item.mode)
            return """
                {"path":\(quoted(step.item.path)),"action":"\(action)","mode":"\(mode)","detail":\(detail)}
                """
        }
        let commands = plan.commands.map { quoted($0.arguments.joined(separator: " ")) }
        return """
            {"dryRun":\(isDryRun),"changed":\(plan.changes && !isDryRun),"items":[\(items.joined(separator: ","))],\
            "commands":[\(commands.joined(separator: ","))],"notes":[\(list(plan.notes))],\
            "obstacles":[\(list(plan.obstacles))],"next":[\(list(next))]}
            """
    }

    private func list(_ texts: [String]) -> String {
        texts.map(quoted).joined(separator: ",")
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
