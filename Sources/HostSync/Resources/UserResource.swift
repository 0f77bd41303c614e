package import Base
package import Settings

/// `user`: an account of passwd(5), its shadow entry and the groups that it is in. Each field is compared apart, and
/// only what is declared.
package struct UserResource: Resource {
    package static let keyword = "user"
    package static let summary = "A user account with its groups, shell, home and password."

    package var name = ""
    package var uid: Int?
    package var group: String?
    package var groups: [String]?
    package var exactGroups = false
    package var shell: String?
    package var home: String?
    package var comment: String?
    package var createHome = true
    package var system = false
    package var passwordHash: Secret?
    package var password: Secret?
    package var locked: Bool?
    package var expires: AccountExpiry?
    package var state = DeclaredState.present
    package var removeHome = false

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .accountName, "The user's name.", required: true),
            SettingsField("uid", \.uid, .integer(in: 0...4_294_967_294), "The user's number."),
            SettingsField("group", \.group, .groupName, "The primary group; default: one of the user's own name."),
            SettingsField("groups", \.groups, .oneOrMany(of: .groupName), "Further groups that the user is in."),
            SettingsField(
                "exactGroups", \.exactGroups, .bool, "Take the user out of all groups that groups does not name."),
            SettingsField("shell", \.shell, .hostPath, "The program that a login starts."),
            SettingsField("home", \.home, .hostPath, "The home folder. What is in an old one is not moved."),
            SettingsField("comment", \.comment, .accountField, "The full name, or what the account is for."),
            SettingsField("createHome", \.createHome, .bool, "Make the home folder together with the account."),
            SettingsField("system", \.system, .bool, "Take the number from the range of system accounts."),
            SettingsField(
                "passwordHash", \.passwordHash, .declaredSecret,
                "The password as crypt(5) hashes it ($y$, $6$, …), or * for none that fits."),
            SettingsField(
                "password", \.password, .declaredSecret,
                "The plain password, from a secret; it is hashed here ($6$) and never sent."),
            SettingsField(
                "locked", \.locked, .bool, "Whether logging in by password is switched off; the hash is kept."),
            SettingsField(
                "expires", \.expires, .expiry, "The day from which on nobody can log in: YYYY-MM-DD, or never."),
            DeclaredState.field(\.state, "Whether the account is to be there."),
            SettingsField("removeHome", \.removeHome, .bool, "With state: absent, remove the home folder too."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if let hash = passwordHash?.reveal() {
            if hash.hasPrefix("!") {
                complaints.error(at: \Self.passwordHash, "must not begin with !: write locked: true beside the hash")
            } else if hash != "*", !UserResource.isHash(hash) {
                complaints.error(
                    at: \Self.passwordHash, "is no hash of crypt(5), which begins with $; never give a plain password")
            }
        }
        if let password {
            if passwordHash != nil { complaints.error(at: \Self.password, "give password or passwordHash, not both") }
            if !(1...PasswordHash.longestPassword).contains(password.reveal().utf8.count) {
                complaints.error(at: \Self.password, "must have 1 to \(PasswordHash.longestPassword) bytes")
            }
        }
        if exactGroups, groups == nil { complaints.error(at: \Self.exactGroups, "needs groups") }
        if removeHome, state == .present { complaints.error(at: \Self.removeHome, "needs state: absent") }
        if state == .absent, name == "root" { complaints.error(at: \Self.name, "root cannot be absent") }
    }

    private static func isHash(_ text: String) -> Bool {
        text.hasPrefix("$") && text.utf8.count { $0 == UInt8(ascii: "$") } >= 3
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }

    package var label: String { name }
    private var needsShadow: Bool { passwordHash != nil || password != nil || locked != nil || expires != nil }

    package func probe(_ request: inout ProbeRequest) {
        request.ask(AccountTables.query, "u:" + name)
        request.ask(AccountTables.query, "g:" + name)
        for name in [group].compactMap({ $0 }) + (groups ?? []) { request.ask(AccountTables.query, "g:" + name) }
        if needsShadow { request.ask(AccountTables.query, "s:" + name) }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let tables = AccountTables(host)
        var comparison = Comparison()
        if state == .absent {
            guard tables.users[name] != nil else { return comparison }
            comparison.differ("existence", from: "a user", to: nil)
            UserSteps.remove(name, withHome: removeHome, &comparison.steps)
            return comparison
        }
        if let missing = missingGroup(tables, host) {
            guard host.changesBefore else {
                throw ResourceFault("there is no group \(missing): declare it before the user")
            }
            return .deferred("the group \(missing) may come with an earlier change")
        }
        guard needsShadow == false || tables.users[name] == nil || tables.canReadShadow else {
            throw ResourceFault("cannot read /etc/shadow, which says what the password of \(name) is: become root")
        }
        var work = UserWork(self, tables)
        if let user = tables.users[name] {
            work.modify(user)
        } else {
            work.add(intoOwnGroup: tables.group(name) != nil || host.willHave("group:" + name))
        }
        try work.shadow(tables.shadows[name])
        guard !work.comparison.differences.isEmpty else { return work.comparison }
        host.willProvide("user:" + name)
        if tables.users[name] == nil, group == nil { host.willProvide("group:" + name) }
        return work.comparison
    }

    private func missingGroup(_ tables: AccountTables, _ host: HostState) -> String? {
        ([group].compactMap { $0 } + (groups ?? [])).first { name in
            Int(name) == nil && tables.group(name) == nil && !host.willHave("group:" + name) && name != self.name
        }
    }
}
