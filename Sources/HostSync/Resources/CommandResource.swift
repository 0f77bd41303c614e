import SSHTransport
package import Settings

/// `command`: runs something. Without a guard it runs each time and counts as changed each time; `creates`, `removes`,
/// `unless` and `onlyIf` say when it has nothing to do.
///
/// Guards are run while the host is looked at, also for a plan alone: they must not change anything.
package struct CommandResource: Resource, SensitiveResource {
    package static let keyword = "command"
    package static let summary = "A command that runs unless its guards say that there is nothing to do."
    package static var bringsUnforeseen: Bool { true }

    package var run: String?
    package var argv: [String]?
    package var creates: String?
    package var removes: String?
    package var unless: String?
    package var onlyIf: String?
    package var folder: String?
    package var environment = OrderedMap<String>()
    package var user: String?
    package var timeout: Duration?
    package var stdin: String?
    package var sensitive = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "run", \.run, .nonEmptyString, "Text for sh; it stops at the first command that fails (set -e)."),
            SettingsField(
                "argv", \.argv, .list(of: .anyText, count: 1...1000),
                "A program and its arguments, which no shell reads."),
            SettingsField("creates", \.creates, .hostPath, "Nothing to do when this path is there."),
            SettingsField("removes", \.removes, .hostPath, "Nothing to do when this path is not there."),
            SettingsField(
                "unless", \.unless, .nonEmptyString,
                "Nothing to do when this shell text ends with 0. It runs for each plan, too: it must not change anything."
            ),
            SettingsField(
                "onlyIf", \.onlyIf, .nonEmptyString,
                "Nothing to do unless this shell text ends with 0. It runs for each plan, too: it must not change anything."
            ),
            SettingsField("folder", \.folder, .hostPath, "The folder in which the command and its guards run."),
            SettingsField(
                "environment", \.environment, .map(of: .anyText), "Variables of the command and its guards, by name."),
            SettingsField("user", \.user, .account, "The user as whom command and guards run; another one needs root."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .seconds(1) ... .seconds(86_400)),
                "Ends command and guards that run longer, where the host has timeout(1)."),
            SettingsField("stdin", \.stdin, .anyText, "Text for the command's standard input; nothing without it."),
            SettingsField("sensitive", \.sensitive, .bool, "Never show the text of the command, nor what it prints."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if (run == nil) == (argv == nil) { complaints.error(at: "", "give one of run and argv") }
        if argv?.first?.isEmpty == true { complaints.error(at: "argv[0]", "must name a program") }
        for name in environment.keys where !CommandResource.isVariable(name) {
            complaints.error(
                at: \Self.environment, "its names must be letters, digits and _, and not begin with a digit")
        }
    }

    /// The first line.
    package var label: String {
        if sensitive { return "(sensitive)" }
        let text = run ?? ShellText.quoted(argv ?? [])
        let line = text.split(separator: "\n").first.map(String.init) ?? ""
        return line.utf8.count < text.utf8.count - 1 ? line + "…" : line
    }

    package func probe(_ request: inout ProbeRequest) {
        if let creates { request.path(creates) }
        if let removes { request.path(removes) }
        for guarding in [unless, onlyIf] { if let guarding { request.ask(Self.guards, inline(guarding)) } }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        var comparison = Comparison()
        comparison.isAction = true
        if let creates, try host.status(creates) != nil { return comparison }
        if unless != nil || onlyIf != nil || removes != nil, host.changesBefore {
            // What is there, and what a guard says, may be another thing after the changes before it.
            return .deferred("its guards are asked once the changes before it are made")
        }
        if let removes, try host.status(removes) == nil { return comparison }
        if let unless, try succeeds(unless, host) { return comparison }
        if let onlyIf, try !succeeds(onlyIf, host) { return comparison }
        comparison.differ("command", from: nil, to: "runs")
        emit(&comparison.steps)
        host.willProvide("command")
        return comparison
    }

    // MARK: Guards

    /// The items are whole scripts; each answer is a line with the script's digest and its exit code.
    static let guards = Query("commandGuards") { scripts in
        scripts.map { "\($0) </dev/null >/dev/null 2>&1 3<&-; echo \"\(ContentDigest.of(Array($0.utf8))) $?\"" }
            .joined(separator: "\n")
    }

    private func succeeds(_ text: String, _ host: HostState) throws(ResourceFault) -> Bool {
        let digest = ContentDigest.of(Array(inline(text).utf8))
        for line in host.lines(Self.guards) {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == digest, let code = Int(words[1]) { return code == 0 }
        }
        throw ResourceFault("the host did not say how the guard of this command ended")
    }

    private func inline(_ text: String) -> String { shell.inline(setting(text)) }

    // MARK: The command

    private var shell: ShellRun { ShellRun(user: user, timeoutSeconds: timeout.map(CommandResource.seconds)) }

    /// `text` after the folder and the variables.
    private func setting(_ text: String) -> String {
        var lines: [String] = []
        if let folder { lines.append("cd \(ShellText.quoted(folder)) || exit 1") }
        for (name, value) in environment { lines.append("export \(name)=\(ShellText.quoted(value))") }
        return (lines + [text]).joined(separator: "\n")
    }

    private func emit(_ steps: inout StepScript) {
        let text = run.map { "set -e\n\(setting($0))" } ?? setting("exec \(ShellText.quoted(argv ?? []))")
        let script = steps.unpacked(.bytes(Array((text + "\n").utf8)))
        let input = stdin.map { steps.unpacked(.bytes(Array($0.utf8))) } ?? "/dev/null"
        let silence = sensitive ? " >/dev/null 2>&1" : ""
        // What it starts in the background must not keep our channel open.
        steps.text("\(shell.file(script, input: input)) 3<&-\(silence) || {")
        steps.text("c=$?")
        if let timeout {
            steps.text(
                "case $c in 124|143) apus_say \(ShellText.quoted("it ran longer than \(DurationText.render(timeout))")) || :;; esac"
            )
        }
        if sensitive { steps.text("apus_say \"it ended with $c; what it printed is not shown\" || :") }
        steps.text("exit $c")
        steps.text("}")
    }

    private static func seconds(_ duration: Duration) -> Int {
        let (seconds, rest) = duration.components
        return Int(clamping: seconds) + (rest > 0 ? 1 : 0)
    }

    private static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
