package import Base
import Glibc

/// Performs an `InstallPlan`. Each file appears whole or not at all; a run that was stopped midway is completed by
/// the next.
package struct InstallRunner {
    /// systemd's own programs answer in well under a second.
    private static let commandTimeout: Duration = .seconds(60)

    private let paths: RootedPath
    private let facts: HostFacts

    package init(_ options: InstallOptions, facts: HostFacts) {
        paths = RootedPath(root: options.root)
        self.facts = facts
    }

    /// - Throws: `ApusError` `not-installable` with every obstacle before the first write; else that of the
    ///   step that failed.
    package func run(_ plan: InstallPlan) throws(ApusError) {
        guard plan.obstacles.isEmpty else {
            throw ApusError(
                code: "not-installable", "nothing was installed: " + plan.obstacles.joined(separator: "\napus: "))
        }
        let steps = plan.steps.filter(\.action.isChange)
        // What belongs to the service comes after the account; the rest, its declaration among it, before.
        for step in steps where !belongsToService(step.item) { try perform(step, account: facts.account) }
        try runCommands(plan, .beforeOwners)
        let account = Accounts.read(paths)
        for step in steps where belongsToService(step.item) { try perform(step, account: account) }
        try runCommands(plan, .atTheEnd)
    }

    private func belongsToService(_ item: InstallItem) -> Bool {
        item.user == .service || item.group == .service
    }

    private func perform(_ step: InstallPlan.Step, account: HostFacts.Account) throws(ApusError) {
        let item = step.item
        let place = try paths.resolve(item.path, followsLast: item.content == .folder)
        if step.action != .adjust {
            try makeFolders(HostSurvey.folder(of: place))
            try write(item, to: place)
        }
        let flags = item.content == .folder ? O_DIRECTORY : O_NOFOLLOW
        let descriptor = open(place, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw Files.failure("write-failed", "cannot open \(place)") }
        defer { close(descriptor) }
        // The owner first: chown(2) takes special bits of the mode away.
        if facts.isPrivileged {
            let user = item.user == .service ? account.user ?? 0 : 0
            let group = item.group == .service ? account.group ?? 0 : 0
            guard fchown(descriptor, user, group) == 0 else {
                throw Files.failure("write-failed", "cannot set the owner of \(place)")
            }
        }
        guard fchmod(descriptor, item.mode) == 0 else {
            throw Files.failure("write-failed", "cannot set the mode of \(place)")
        }
    }

    private func write(_ item: InstallItem, to place: String) throws(ApusError) {
        switch item.content {
        case .folder: try makeFolder(place, mode: item.mode)
        case .text(let content): try Files.writeAtomically(content, to: place, mode: item.mode)
        case .program: try Files.writeAtomically(try ProgramFile.read(), to: place, mode: item.mode)
        }
    }

    /// The folders above an item, where they do not exist: open to all, as everywhere in a file system.
    private func makeFolders(_ path: String) throws(ApusError) {
        guard path != "/", access(path, F_OK) != 0 else { return }
        try makeFolders(HostSurvey.folder(of: path))
        try makeFolder(path, mode: 0o755)
    }

    private func makeFolder(_ path: String, mode: UInt32) throws(ApusError) {
        guard mkdir(path, mode) == 0 || errno == EEXIST, chmod(path, mode) == 0 else {
            throw Files.failure("write-failed", "cannot make the folder \(path)")
        }
    }

    private func runCommands(_ plan: InstallPlan, _ moment: InstallPlan.Command.Moment) throws(ApusError) {
        for command in plan.commands where command.moment == moment {
            let result = try ProcessRunner.run(command.arguments, timeout: InstallRunner.commandTimeout)
            guard result.code == 0 else {
                let line = command.arguments.joined(separator: " ")
                throw ApusError(
                    code: "program-failed", "\(line) ended with \(result.code): \(result.output.trimmedLines)")
            }
        }
    }
}

extension String {
    /// Several lines as one, for a message.
    fileprivate var trimmedLines: String {
        split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
