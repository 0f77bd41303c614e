import SSHTransport
package import Settings

/// `group`: an entry of group(5).
package struct GroupResource: Resource {
    package static let keyword = "group"
    package static let summary = "A group of users."

    package var name = ""
    package var gid: Int?
    package var system = false
    package var members: [String]?
    package var exactMembers = false
    package var state = DeclaredState.present

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .accountName, "The group's name.", required: true),
            SettingsField("gid", \.gid, .integer(in: 0...4_294_967_294), "The group's number."),
            SettingsField("system", \.system, .bool, "Take the number from the range of system groups."),
            SettingsField("members", \.members, .oneOrMany(of: .accountName), "Users that are in the group."),
            SettingsField("exactMembers", \.exactMembers, .bool, "Take out everybody whom members does not name."),
            DeclaredState.field(\.state, "Whether the group is to be there."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if exactMembers, members == nil { complaints.error(at: \Self.exactMembers, "needs members") }
        if state == .absent, name == "root" { complaints.error(at: \Self.name, "root cannot be absent") }
    }

    package var label: String { name }

    package func probe(_ request: inout ProbeRequest) {
        request.ask(AccountTables.query, "g:" + name)
        for member in members ?? [] { request.ask(AccountTables.query, "u:" + member) }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        let tables = AccountTables(host)
        let found = tables.groups.first { $0.name == name }
        var comparison = Comparison()
        if state == .absent {
            guard found != nil else { return comparison }
            comparison.differ("existence", from: "a group", to: nil)
            comparison.steps.text(AccountFunctions.text)
            let word = ShellText.quoted(name)
            comparison.steps.text("if apus_has groupdel; then groupdel \(word); else delgroup \(word); fi")
            return comparison
        }
        let unknown = (members ?? []).first { tables.users[$0] == nil && !host.willHave("user:" + $0) }
        if let unknown {
            guard host.changesBefore else {
                throw ResourceFault("there is no user \(unknown): declare it before the group, or name the group there")
            }
            return .deferred("the user \(unknown) may come with an earlier change")
        }
        if let found { modify(found, &comparison) } else { add(&comparison) }
        people(found?.members ?? [], &comparison)
        if !comparison.differences.isEmpty { host.willProvide("group:" + name) }
        return comparison
    }

    private func add(_ comparison: inout Comparison) {
        comparison.differ("existence", from: nil, to: "a group")
        if let gid { comparison.differ("gid", from: nil, to: "\(gid)") }
        let options = (system ? ["-r"] : []) + (gid.map { ["-g", "\($0)"] } ?? [])
        let small = (system ? ["-S"] : []) + (gid.map { ["-g", "\($0)"] } ?? [])
        comparison.steps.text(AccountFunctions.text)
        comparison.steps.text("if apus_has groupadd; then \(ShellText.quoted(["groupadd"] + options + [name]))")
        comparison.steps.text("else \(ShellText.quoted(["addgroup"] + small + [name])) >/dev/null; fi")
    }

    private func modify(_ found: AccountTables.Group, _ comparison: inout Comparison) {
        guard let gid, gid != found.gid else { return }
        comparison.differ("gid", from: "\(found.gid)", to: "\(gid)")
        comparison.steps.text(AccountFunctions.text)
        let word = ShellText.quoted(name)
        comparison.steps.text(
            "if apus_has groupmod; then groupmod -g \(gid) \(word); else apus_field /etc/group \(word) 3 \(gid); fi")
    }

    private func people(_ old: [String], _ comparison: inout Comparison) {
        guard let members else { return }
        let missing = members.filter { !old.contains($0) }
        let surplus = exactMembers ? old.filter { !members.contains($0) } : []
        guard !missing.isEmpty || !surplus.isEmpty else { return }
        let new = old.filter { !surplus.contains($0) } + missing
        comparison.differ(
            "members", from: old.isEmpty ? nil : old.joined(separator: ","), to: new.joined(separator: ","))
        UserSteps.useFunctions(&comparison.steps)
        for member in missing { comparison.steps.run("apus_member", name, member, "add") }
        // What a host calls a member may be anything; a name that no account can have is no argument for a program.
        for member in surplus where AccountName.isGood(member) {
            comparison.steps.run("apus_member", name, member, "remove")
        }
    }
}
