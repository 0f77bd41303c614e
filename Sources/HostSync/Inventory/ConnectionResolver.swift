import Base
package import Settings

/// Renders the template `text` of a connection variable with a host's variables. What it throws is shown, except for
/// passwords.
package typealias ConnectionRenderer = (_ text: String, _ host: InventoryTemplateHost) throws -> String

/// What a connection's templates may use.
package struct InventoryTemplateHost {
    package let name: String
    /// As `InventoryHost.groups`.
    package let groups: [String]
    package let variables: OrderedMap<Value>
}

/// Makes a host's `HostConnection` of what its layers declare. It complains where the value was declared, so that a
/// group's mistake is one complaint.
struct ConnectionResolver {
    let entries: ConnectionEntries
    let render: ConnectionRenderer?
    /// Asked only for templates: merging costs what a host has of variables.
    let host: () -> InventoryTemplateHost

    func resolve(name: String, _ complaints: inout InventoryComplaints) -> HostConnection {
        var connection = HostConnection(address: name)
        if let address = argument(.address, &complaints) { connection.address = address }
        connection.port = port(&complaints)
        connection.user = argument(.user, &complaints)
        connection.identityFile = text(.identityFile, &complaints)?.text
        connection.transport = transport(&complaints)
        connection.sshOptions = options(&complaints)
        connection.become = become(&complaints)
        return connection
    }

    private typealias Found = (text: String, shown: String, place: InventoryPlace)

    /// The text of a scalar, rendered where it is a template; nil where it is not declared, empty, or complained of.
    private func text(_ key: ConnectionKey, _ complaints: inout InventoryComplaints) -> Found? {
        guard let entry = entries[key], case .value(let value) = entry.content else { return nil }
        switch value {
        case .null: return nil
        case .list, .map:
            complaints.add(at: entry.place, "found \(value.kindName), wanted text")
            return nil
        default: break
        }
        let written = value.text
        guard let text = rendered(written, at: entry.place, isSecret: false, &complaints), !text.isEmpty else {
            return nil
        }
        // What a template yields may hold a secret.
        let shown = text == written ? InventoryText.quoted(text) : "the value of the template"
        return (text, shown, entry.place)
    }

    private func rendered(
        _ text: String, at place: InventoryPlace, isSecret: Bool, _ complaints: inout InventoryComplaints
    ) -> String? {
        guard text.contains("{{") || text.contains("{%") else { return text }
        guard let render else {
            complaints.add(at: place, "templates are not rendered here: write the value itself")
            return nil
        }
        do {
            return try render(text, host())
        } catch {
            complaints.add(at: place, "the template cannot be rendered" + (isSecret ? "" : ": \(error)"))
            return nil
        }
    }

    /// Text that ssh or sudo gets as an argument.
    private func argument(_ key: ConnectionKey, _ complaints: inout InventoryComplaints) -> String? {
        guard let found = text(key, &complaints) else { return nil }
        if found.text.hasPrefix("-") {
            complaints.add(at: found.place, "found \(found.shown), which ssh would take for an option")
            return nil
        }
        let isWord = found.text.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && InventoryText.isPrintable($0)
        }
        guard isWord else {
            complaints.add(at: found.place, "found \(found.shown), which holds white space or control characters")
            return nil
        }
        return found.text
    }

    private func port(_ complaints: inout InventoryComplaints) -> Int? {
        guard let found = text(.port, &complaints) else { return nil }
        if let port = Int(found.text), (1...65_535).contains(port) { return port }
        complaints.add(at: found.place, "found \(found.shown), wanted a port from 1 to 65535")
        return nil
    }

    private func transport(_ complaints: inout InventoryComplaints) -> HostConnection.Transport {
        guard let found = text(.transport, &complaints) else { return .ssh }
        switch found.text {
        case "ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh": return .ssh
        case "local", "ansible.builtin.local": return .local
        default:
            complaints.add(at: found.place, "found \(found.shown), supported are ssh and local")
            return .ssh
        }
    }

    private func options(_ complaints: inout InventoryComplaints) -> [String] {
        var options: [String] = []
        if case .value(.list(let items))? = entries[.sshOptions]?.content { options = items.map(\.text) }
        for key in [ConnectionKey.sshArguments, .commonArguments, .extraArguments] {
            guard let found = text(key, &complaints) else { continue }
            if found.text.lowercased().contains("stricthostkeychecking") {
                let message = "StrictHostKeyChecking has no effect, host keys are always checked: see --accept-new"
                complaints.add(.warning, at: found.place, message)
            }
            do {
                options += try ShellWords.split(found.text, comments: false).map(\.text)
            } catch {
                complaints.add(at: found.place, error.message)
            }
        }
        return options
    }

    private func become(_ complaints: inout InventoryComplaints) -> BecomeParameters? {
        guard let found = text(.become, &complaints) else { return nil }
        guard let isWanted = AnsibleBoolean.value(found.text) else {
            complaints.add(at: found.place, "found \(found.shown), wanted true or false")
            return nil
        }
        guard isWanted else { return nil }
        var become = BecomeParameters()
        if let user = argument(.becomeUser, &complaints) { become.user = user }
        if let method = text(.becomeMethod, &complaints) {
            let name = method.text.hasPrefix("ansible.builtin.") ? String(method.text.dropFirst(16)) : method.text
            if let known = BecomeParameters.Method(rawValue: name) {
                become.method = known
            } else if name == "community.general.doas" {
                become.method = .doas
            } else {
                complaints.add(at: method.place, "found \(method.shown), supported are sudo and doas")
            }
        }
        guard let entry = entries[.becomePassword] else { return become }
        switch entry.content {
        case .value: break
        case .command(let words): become.passwordCommand = words
        case .password(let password): become.password = password
        case .secret(let secret):
            let text = rendered(secret.reveal(), at: entry.place, isSecret: true, &complaints)
            become.password = text.map { Secret($0) }
        }
        return become
    }
}

/// Ansible's words for true and false, in any case.
enum AnsibleBoolean {
    static func value(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "y", "t", "1", "1.0": true
        case "false", "no", "off", "n", "f", "0", "0.0": false
        default: nil
        }
    }
}
