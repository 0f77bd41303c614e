import Base
import Settings

/// What a connection is made of.
enum ConnectionKey: Hashable, Sendable {
    case address, port, user, identityFile, transport
    case sshOptions, sshArguments, commonArguments, extraArguments
    case become, becomeUser, becomeMethod, becomePassword
}

/// One declared part of a connection, and where it was declared.
struct ConnectionEntry: Sendable {
    enum Content: Sendable {
        case value(Value)
        /// May be a template.
        case secret(Secret)
        /// Is taken as it is.
        case password(Secret)
        case command([String])
    }

    var content: Content
    var place: InventoryPlace
}

typealias ConnectionEntries = [ConnectionKey: ConnectionEntry]

/// The variables that one owner (a host or a group) has from one kind of source. Passwords are never among
/// `variables`: they are taken out on their way in.
struct VariableLayer: Sendable {
    private(set) var variables = OrderedMap<Value>()
    private(set) var connection = ConnectionEntries()

    /// Sets a variable, or complains of it.
    ///
    /// - Parameter written: the value as the file writes it, where `value` is a reading of it: a password of digits
    ///   stays what it is.
    mutating func set(
        _ name: String, _ value: Value, written: String? = nil, at place: InventoryPlace,
        _ complaints: inout InventoryComplaints
    ) {
        guard name.hasPrefix("ansible_") else { return variables.set(name, value) }
        if let refusal = ConnectionVariable.refused[name] { return complaints.add(at: place, refusal) }
        guard let key = ConnectionVariable.keys[name] else { return variables.set(name, value) }
        guard key == .becomePassword else {
            variables.set(name, value)
            connection[key] = ConnectionEntry(content: .value(value), place: place)
            return
        }
        switch value {
        case .null: connection[key] = nil
        case .list, .map: complaints.add(at: place, "found \(value.kindName), wanted text")
        default:
            let secret = Secret(value.string ?? written ?? value.text)
            connection[key] = ConnectionEntry(content: .secret(secret), place: place)
        }
    }

    /// Sets a part of the connection that is no variable.
    mutating func set(_ key: ConnectionKey, _ content: ConnectionEntry.Content, at place: InventoryPlace) {
        connection[key] = ConnectionEntry(content: content, place: place)
    }
}

/// Ansible's names for the parts of a connection. Where one part has two names, the one that is set later wins.
enum ConnectionVariable {
    static let keys: [String: ConnectionKey] = [
        "ansible_host": .address, "ansible_ssh_host": .address,
        "ansible_port": .port, "ansible_ssh_port": .port,
        "ansible_user": .user, "ansible_ssh_user": .user,
        "ansible_private_key_file": .identityFile, "ansible_ssh_private_key_file": .identityFile,
        "ansible_connection": .transport,
        "ansible_ssh_args": .sshArguments,
        "ansible_ssh_common_args": .commonArguments,
        "ansible_ssh_extra_args": .extraArguments,
        "ansible_become": .become,
        "ansible_become_user": .becomeUser,
        "ansible_become_method": .becomeMethod,
        "ansible_become_password": .becomePassword, "ansible_become_pass": .becomePassword,
        "ansible_sudo_pass": .becomePassword,
    ]

    private static let noPasswords = "passwords for ssh are not supported: use keys"
    private static let noPassphrases = "passphrases of keys are not read: load the key into ssh-agent"

    static let refused: [String: String] = [
        "ansible_ssh_pass": noPasswords, "ansible_ssh_password": noPasswords, "ansible_password": noPasswords,
        "ansible_private_key_passphrase": noPassphrases, "ansible_ssh_private_key_passphrase": noPassphrases,
        "ansible_private_key": "keys are not read from variables: name the file in ansible_ssh_private_key_file",
        "ansible_ssh_private_key": "keys are not read from variables: name the file in ansible_ssh_private_key_file",
    ]
}
