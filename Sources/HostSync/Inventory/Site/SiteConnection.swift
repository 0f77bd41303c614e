import Base
import Settings

/// How hosts are reached, as hosts and groups of a site declare it; a group's are the defaults of its hosts.
struct SiteConnection: Sendable, Equatable {
    var address: String?
    var port: Int?
    var user: String?
    var identityFile: String?
    var sshOptions: [String]?
    var isLocal: Bool?
    /// `true`, `false`, or the keys of `SiteBecome`.
    var become: YAMLNode?
    var vars: YAMLNode?
}

/// Settings of hosts or groups.
protocol SiteEntry: SettingsGroup {
    var connection: SiteConnection { get set }
}

extension SiteEntry {
    static var connectionFields: [SettingsField<Self>] {
        [
            SettingsField("port", \.connection.port, .integer(in: 1...65_535), "The port of sshd(8) there."),
            SettingsField("user", \.connection.user, .nonEmptyString, "The user who logs in."),
            SettingsField(
                "identityFile", \.connection.identityFile, .path, "The private key's file, as ssh_config(5) names it."),
            SettingsField(
                "sshOptions", \.connection.sshOptions, .list(of: .sshOption, count: 0...100),
                "Options of ssh_config(5), each Name=value."),
            SettingsField("local", \.connection.isLocal, .bool, "The host is this one: commands run without ssh."),
            SettingsField(
                "become", \.connection.become, .node,
                "Whether commands run as another user, root: true, or a mapping with user, method and password."),
            SettingsField("vars", \.connection.vars, .node, "Variables."),
        ]
    }
}

extension ValueFormat where Value == String {
    /// An option of ssh_config(5) as `ssh -o` takes it.
    fileprivate static var sshOption: ValueFormat {
        .parsed(
            name: "an option", allowed: "Name=value such as ProxyJump=bastion", pattern: "^[A-Za-z0-9]+=.+$",
            parse: { text in
                guard let equals = text.firstIndex(of: "="), text.index(after: equals) < text.endIndex else {
                    return nil
                }
                let name = text[..<equals]
                let isName = !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
                return isName && text.unicodeScalars.allSatisfy(InventoryText.isPrintable) ? text : nil
            },
            render: { $0 })
    }
}

/// Which user commands run as.
struct SiteBecome: SettingsGroup {
    var user: String?
    var method: BecomeParameters.Method?
    var password: Secret?
    var passwordFile: String?
    var passwordCommand: [String] = []

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("user", \.user, .nonEmptyString, "The user who runs the commands; root if left out."),
            SettingsField("method", \.method, .choice(), "The program that changes the user; sudo if left out."),
            SettingsField("password", \.password, .secret, "What the program asks for."),
            SettingsField("passwordFile", \.passwordFile, .path, "A file beside the site whose first line is it."),
            SettingsField(
                "passwordCommand", \.passwordCommand, .list(of: .nonEmptyString, count: 1...100),
                "A command of this host, as a list of its words, that prints it."),
        ]
    }

    func check(_ complaints: inout SettingsChecker) {
        let given = [password != nil, passwordFile != nil, !passwordCommand.isEmpty].filter { $0 }.count
        if given > 1 {
            complaints.error(at: \Self.password, "only one of password, passwordFile and passwordCommand may be given")
        }
    }
}
