package import Settings

/// `cron`: a file of /etc/cron.d with one job.
package struct CronResource: Resource {
    package static let keyword = "cron"
    package static let summary = "A job in /etc/cron.d."

    package var name = ""
    package var minute = "*"
    package var hour = "*"
    package var day = "*"
    package var month = "*"
    package var weekday = "*"
    package var special: Special?
    package var user = "root"
    package var command: String?
    package var env = OrderedMap<String>()
    package var state = DeclaredState.present

    package enum Special: String, Sendable, CaseIterable {
        case reboot = "@reboot"
        case hourly = "@hourly"
        case daily = "@daily"
        case weekly = "@weekly"
        case monthly = "@monthly"
        case yearly = "@yearly"
    }

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .plainName, "The file's name in /etc/cron.d.", required: true),
            SettingsField("minute", \.minute, .cronField(0...59), "Minutes, as crontab(5) writes them."),
            SettingsField("hour", \.hour, .cronField(0...23), "Hours."),
            SettingsField("day", \.day, .cronField(1...31), "Days of the month."),
            SettingsField("month", \.month, .cronField(1...12, names: "jan-dec"), "Months."),
            SettingsField(
                "weekday", \.weekday, .cronField(0...7, names: "sun-sat"), "Days of the week; 0 and 7 are Sunday."),
            SettingsField("special", \.special, .choice(), "A schedule by name, instead of the five fields."),
            SettingsField("user", \.user, .accountName, "As whom the job runs."),
            SettingsField(
                "command", \.command, .oneLine, "What sh runs. A % stands for itself: it is escaped for cron."),
            SettingsField("env", \.env, .map(of: .oneLine), "Variables of the job's environment, such as MAILTO."),
            DeclaredState.field(\.state, "Whether the job is to be there."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if state == .present, command?.isEmpty ?? true {
            complaints.error(at: \Self.command, "is needed with state: present")
        }
        if special != nil, [minute, hour, day, month, weekday].contains(where: { $0 != "*" }) {
            complaints.error(at: \Self.special, "give a schedule by name or by fields, not both")
        }
        for entry in env {
            let isName = entry.key.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
            let isPlain = entry.key.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x5F
            }
            if !isName || !isPlain { complaints.error(at: "env.\(entry.key)", "is no name of a variable") }
            if entry.value.contains("\""), entry.value.contains("'") {
                complaints.error(at: "env.\(entry.key)", "holds both kinds of quotes, which cron cannot read")
            }
        }
    }

    package var label: String { name }
    private var path: String { "/etc/cron.d/\(name)" }

    /// The file as it is to be.
    var text: String {
        var lines = ["# \(name): kept by apus sync"]
        for entry in env {
            // cron(8) drops white space at the ends of a value without quotes.
            let quote = entry.value.contains("\"") ? "'" : "\""
            lines.append("\(entry.key)=\(quote)\(entry.value)\(quote)")
        }
        let when = special?.rawValue ?? [minute, hour, day, month, weekday].joined(separator: " ")
        lines.append("\(when) \(user) \(CronResource.escaped(command ?? ""))")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func escaped(_ command: String) -> String {
        command.replacing("\\%", with: "%").replacing("%", with: "\\%")
    }

    private var file: FileResource {
        var file = FileResource()
        file.path = path
        file.wanted = .bytes(Array(text.utf8))
        (file.mode, file.owner, file.group) = (0o644, "root", "root")
        return file
    }

    private var removal: AbsentResource {
        var removal = AbsentResource()
        removal.path = path
        return removal
    }

    package func probe(_ request: inout ProbeRequest) {
        if state == .absent { removal.probe(&request) } else { file.probe(&request) }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        if state == .absent { return try removal.compare(&host) }
        guard try host.status("/etc/cron.d")?.kind == .directory else {
            guard host.changesBefore else {
                throw ResourceFault("there is no /etc/cron.d: install a cron that reads it")
            }
            return .deferred("/etc/cron.d may come with an earlier change")
        }
        return try file.compare(&host)
    }
}

extension ValueFormat where Value == String {
    /// One of the five fields of crontab(5): numbers, ranges, lists, steps and, where there are any, three-letter
    /// names.
    package static func cronField(_ range: ClosedRange<Int>, names: String? = nil) -> ValueFormat {
        let named = names.map { " (or names: \($0))" } ?? ""
        return parsed(
            name: "a field of crontab(5)",
            allowed:
                "*, a number from \(range.lowerBound) to \(range.upperBound)\(named), lists, ranges and steps such as */5",
            pattern: "^[0-9A-Za-z*,/-]+$", numbers: Double(range.lowerBound)...Double(range.upperBound),
            parse: { text in
                let parts = text.split(separator: ",", omittingEmptySubsequences: false)
                return parts.allSatisfy { CronField.isGood($0, range, hasNames: names != nil) } ? text : nil
            }, render: { $0 })
    }
}

private enum CronField {
    static func isGood(_ part: Substring, _ range: ClosedRange<Int>, hasNames: Bool) -> Bool {
        let halves = part.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        if halves.count == 2 {
            guard let step = Int(halves[1]), (1...range.upperBound).contains(step) else { return false }
        }
        if halves[0] == "*" { return true }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count) else { return false }
        let values = ends.map { end in Int(end).flatMap { range.contains($0) ? $0 : nil } }
        if let low = values[0], let high = values[ends.count - 1] { return low <= high && !(ends[0].hasPrefix("+")) }
        let words = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        return hasNames && ends.allSatisfy { (range.upperBound == 12 ? words : days).contains($0.lowercased()) }
    }
}
