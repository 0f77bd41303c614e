/// What an installation will do, decided from what was found; nothing is touched here.
///
/// A plan for a host that has been installed to already holds no change and no command, which makes the second run a
/// proof of the first.
package struct InstallPlan: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case create
        /// Other content.
        case replace
        /// The right content or folder under a wrong mode or owner.
        case adjust
        case unchanged
        /// The administrator's.
        case keep

        package var isChange: Bool { self == .create || self == .replace || self == .adjust }
    }

    package struct Step: Sendable, Equatable {
        package let item: InstallItem
        package let action: Action
        /// What a reader should know: where a link points, which mode was found.
        package let detail: String?
        /// The text that is replaced.
        package let oldText: [UInt8]?
    }

    package struct Command: Sendable, Equatable {
        package enum Moment: Sendable, Equatable {
            /// Between the account's declaration and the folders that belong to it.
            case beforeOwners
            case atTheEnd
        }

        package let arguments: [String]
        package let moment: Moment
    }

    package private(set) var steps: [Step] = []
    package private(set) var commands: [Command] = []
    /// Any of these means that nothing is done at all.
    package private(set) var obstacles: [String] = []
    package private(set) var notes: [String] = []

    package init(_ items: [InstallItem], facts: HostFacts) {
        if facts.isOwnRoot, !facts.isPrivileged {
            obstacles.append("only root can install to /: run it with sudo, or into a folder with --root")
        }
        for item in items {
            let step = InstallPlan.step(item, facts)
            switch step {
            case .success(let step):
                if step.action.isChange, let hindrance = facts.hindrances[item.path] { obstacles.append(hindrance) }
                steps.append(step)
            case .failure(let obstacle): obstacles.append(obstacle.message)
            }
        }
        planCommands(facts)
        planNotes(facts)
    }

    package var changes: Bool { steps.contains { $0.action.isChange } || !commands.isEmpty }

    /// Whether a service that runs already runs something old.
    package var needsRestart: Bool {
        steps.contains { [.replace, .adjust].contains($0.action) && [.program, .unit].contains($0.item.role) }
    }

    private func changes(_ roles: Set<InstallItem.Role>) -> Bool {
        steps.contains { $0.action.isChange && roles.contains($0.item.role) }
    }

    /// Each of systemd's programs runs only when there is something for it to do.
    private mutating func planCommands(_ facts: HostFacts) {
        guard facts.systemdTakesOver else { return }
        if facts.account.user == nil || facts.account.group == nil {
            commands.append(
                Command(arguments: ["systemd-sysusers", InstallItem.sysusersPath], moment: .beforeOwners))
        }
        if changes([.folder, .configuration]) {
            commands.append(
                Command(arguments: ["systemd-tmpfiles", "--create", InstallItem.tmpfilesPath], moment: .atTheEnd))
        }
        if changes([.unit]) {
            commands.append(Command(arguments: ["systemctl", "daemon-reload"], moment: .atTheEnd))
        }
    }

    private mutating func planNotes(_ facts: HostFacts) {
        if facts.systemdVersion == nil {
            notes.append(
                facts.isOwnRoot
                    ? "systemd's version is not known here: the drop-in for notify-reload is left out"
                    : "--systemd-version was not given: the drop-in for notify-reload is left out")
        }
        guard !facts.systemdTakesOver else { return }
        if facts.account.group == nil {
            notes.append(
                "the user apus does not exist there yet: systemd-sysusers and systemd-tmpfiles set it up at boot")
        }
        if !facts.isPrivileged, !facts.isOwnRoot {
            notes.append("without root every file belongs to you: set owners where the tree is packed")
        }
        if facts.isOwnRoot { notes.append("systemd does not run here: nothing was told of the new unit") }
    }
}
