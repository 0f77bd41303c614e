package import Settings

/// How a writer is told to reopen its log; one of the three.
package struct ReopenSettings: SettingsGroup {
    package enum Signal: String, Sendable, CaseIterable {
        case hangUp = "HUP", user1 = "USR1", user2 = "USR2", interrupt = "INT", terminate = "TERM", window = "WINCH"
    }

    package var signal = Signal.hangUp
    package var pidFile: String?
    package var unit: String?
    package var run: [String] = []

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("signal", \.signal, .choice(), "The signal for pidFile or unit: nginx wants USR1."),
            SettingsField("pidFile", \.pidFile, .path, "A file with the writer's process number."),
            SettingsField("unit", \.unit, .nonEmptyString, "A systemd unit whose main process gets the signal."),
            SettingsField("run", \.run, .list(of: .string, count: 1...100), "A command and its arguments, no shell."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        let ways = [pidFile != nil, unit != nil, !run.isEmpty].count { $0 }
        if ways != 1 { complaints.error(at: "", "wants exactly one of pidFile, unit and run") }
        if let pidFile, !pidFile.hasPrefix("/") {
            complaints.error(at: \Self.pidFile, "must be an absolute path: a rule has no working folder")
        }
        if run.first?.isEmpty == true { complaints.error(at: "run[0]", "is the program and must not be empty") }
    }
}

/// Permissions of a file or folder that is made; what is left out is as it was before (a log) or 0755 root (a folder).
package struct CreateSettings: SettingsGroup {
    package var skip = false
    package var mode: UInt32?
    package var owner: String?
    package var group: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("skip", \.skip, .bool, "Of a log: make none, the writer makes it itself."),
            SettingsField("mode", \.mode, .fileMode, "Permissions in octal, quoted: \"0640\"."),
            SettingsField("owner", \.owner, .nonEmptyString, "The owning user, by name or number."),
            SettingsField("group", \.group, .nonEmptyString, "The owning group, by name or number."),
        ]
    }
}

package struct AccountSettings: SettingsGroup {
    package var user = ""
    package var group = ""

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("user", \.user, .nonEmptyString, "By name or number.", required: true),
            SettingsField("group", \.group, .nonEmptyString, "By name or number.", required: true),
        ]
    }
}

/// Commands around a rotation. Each is called with paths as its last arguments (see there), and
/// with APUS_RULE, APUS_LOG and APUS_ROTATED in its environment.
package struct HookSettings: SettingsGroup {
    package var firstAction: CommandSettings?
    package var preRotate: CommandSettings?
    package var postRotate: CommandSettings?
    package var lastAction: CommandSettings?
    package var preRemove: CommandSettings?
    package var shared = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "firstAction", \.firstAction, .group(),
                "Once before all logs; its failure leaves them alone. `$1` is the rule's paths."),
            SettingsField(
                "preRotate", \.preRotate, .group(),
                "Before a log is rotated; its failure leaves it alone. `$1` is its path."),
            SettingsField(
                "postRotate", \.postRotate, .group(),
                "After a log is rotated, before it is compressed. `$1` is the log, `$2` the generation."),
            SettingsField(
                "lastAction", \.lastAction, .group(), "Once after all logs. `$1` is the rule's paths."),
            SettingsField(
                "preRemove", \.preRemove, .group(), "Before a generation is deleted from this host. `$1` is its path."),
            SettingsField(
                "shared", \.shared, .bool,
                "preRotate and postRotate once for all logs of the rule. `$1` is then its paths, and there is no `$2`."),
        ]
    }
}

package struct CommandSettings: SettingsGroup {
    package var run: [String] = []
    package var shell: String?
    package var timeout = Duration.seconds(60)

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("run", \.run, .list(of: .string, count: 1...100), "A command and its arguments, no shell."),
            SettingsField(
                "shell", \.shell, .nonEmptyString, "A text for /bin/sh; its arguments are those of the hook."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .seconds(1) ... .seconds(86_400)),
                "Then it is killed. What it leaves in the background when it ends before goes on."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if run.isEmpty == (shell == nil) { complaints.error(at: "", "wants exactly one of run and shell") }
        if run.first?.isEmpty == true { complaints.error(at: "run[0]", "is the program and must not be empty") }
    }
}
