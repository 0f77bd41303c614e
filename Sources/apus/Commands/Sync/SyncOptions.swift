import ArgumentParser
import Base
import Glibc
import HostSync
import Settings

/// What every command that goes to hosts takes.
struct SyncOptions: ParsableArguments {
    enum Output: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(
        name: .customLong("hosts"),
        help: ArgumentHelp("Only hosts of this pattern: web*, db:!db3.", valueName: "pattern"))
    var hosts: String?

    @Option(name: [.customShort("i"), .long], help: ArgumentHelp("One more Ansible inventory.", valueName: "file"))
    var inventory: [String] = []

    @Option(help: ArgumentHelp("Only resources with one of these tags, separated by commas.", valueName: "tags"))
    var tags: String?

    @Option(help: ArgumentHelp("No resources with one of these tags.", valueName: "tags"))
    var skipTags: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("A variable that wins over all others.", valueName: "name=value"))
    var `var`: [String] = []

    @Option(help: ArgumentHelp("Hosts at a time.", valueName: "number"))
    var forks = 20

    @Option(help: ArgumentHelp("A file with age identities for encrypted values.", valueName: "file"))
    var identity: String?

    @Flag(help: "Work on this host, without ssh, whatever hosts the site declares.")
    var local = false

    @Flag(help: "Take the keys of hosts that are not in known_hosts yet. A changed key is refused all the same.")
    var acceptNew = false

    @Option(name: .customLong("ssh-config"), help: ArgumentHelp("In place of your ~/.ssh/config.", valueName: "file"))
    var sshConfiguration: String?

    @Option(name: .shortAndLong, help: "The form of the output; json is one object a line.")
    var output = Output.text

    func validate() throws {
        guard (1...1000).contains(forks) else {
            throw ValidationError("--forks is \(forks); it must be from 1 to 1000")
        }
        for pair in `var` where !pair.contains("=") {
            throw ValidationError("--var \(pair) has no =; it must be name=value")
        }
    }

    func load(_ file: String) throws -> LoadedSite {
        var options = SiteReader.Options()
        options.inventories = inventory
        options.identityFile = identity
        options.isLocal = local
        for pair in `var` {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            options.variables.set(String(parts[0]), Value(YAMLScalar(String(parts[1]), isPlain: true)))
        }
        return try SiteReader.read(file, options: options)
    }

    func fleet(_ mode: FleetRun.Mode) throws -> FleetRun.Options {
        var options = FleetRun.Options()
        options.mode = mode
        options.limit = local ? try HostPattern(parsing: "localhost") : try hosts.map { try HostPattern(parsing: $0) }
        options.tags = TagSelection(only: words(tags), skipped: words(skipTags))
        options.forks = forks
        options.acceptsNewHostKeys = acceptNew
        options.sshConfiguration = sshConfiguration
        options.actor = "\(Actor.name())@\(HostName.current())"
        return options
    }

    /// A saved plan is applied as it is.
    ///
    /// - Throws: `ApusError` `plan-options` for what would choose something else.
    func refuseSelection() throws(ApusError) {
        let given = [
            hosts == nil ? nil : "--hosts", inventory.isEmpty ? nil : "--inventory", tags == nil ? nil : "--tags",
            skipTags == nil ? nil : "--skip-tags", `var`.isEmpty ? nil : "--var", local ? "--local" : nil,
        ].compactMap { $0 }
        guard let option = given.first else { return }
        throw ApusError(
            code: "plan-options", "a saved plan is applied as it is: give \(option) to apus sync plan", kind: .usage)
    }

    /// What of the options decides what is done on a host.
    var meaning: String {
        [
            tags ?? "-", skipTags ?? "-", "\(local)", `var`.joined(separator: "\u{1}"),
            inventory.joined(separator: "\u{1}"),
        ]
        .joined(separator: "\u{0}")
    }

    private func words(_ text: String?) -> Set<String> {
        Set((text ?? "").split(separator: ",").map(String.init))
    }
}

/// Who runs this, for the lock on a host and the journal.
private enum Actor {
    /// The person behind sudo, else the user of this process by name, else its number.
    static func name() -> String {
        let uid = getuid()
        for variable in (uid == 0 ? ["SUDO_USER"] : []) + ["USER", "LOGNAME"] {
            if let value = getenv(variable), value[0] != 0 { return String(cString: value) }
        }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
            return "uid \(uid)"
        }
        return String(cString: name)
    }
}
