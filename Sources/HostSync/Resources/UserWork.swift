import Base

/// The comparison of one `user`: what the account is like, what its shadow entry says.
struct UserWork {
    private let wanted: UserResource
    private let tables: AccountTables
    private(set) var comparison = Comparison()
    private var steps = UserSteps()

    init(_ wanted: UserResource, _ tables: AccountTables) {
        self.wanted = wanted
        self.tables = tables
    }

    // MARK: An account that is missing

    /// - Parameter intoOwnGroup: There is, or will be, a group of the user's name: useradd(8) refuses to make another
    ///   one unless it is told to take it.
    mutating func add(intoOwnGroup: Bool) {
        comparison.differ("existence", from: nil, to: "a user")
        for (what, value) in [
            ("uid", wanted.uid.map { "\($0)" }), ("group", wanted.group), ("shell", wanted.shell),
            ("home", wanted.home), ("comment", wanted.comment),
        ] where value != nil {
            comparison.differ(what, from: nil, to: value)
        }
        if let groups = wanted.groups, !groups.isEmpty {
            comparison.differ("groups", from: nil, to: groups.joined(separator: ","))
        }
        let group = wanted.group ?? (intoOwnGroup ? wanted.name : nil)
        UserSteps.add(wanted, group: group, &comparison.steps)
    }

    // MARK: One that is there

    mutating func modify(_ user: AccountTables.User) {
        if let uid = wanted.uid, uid != user.uid {
            differ("uid", "\(user.uid)", "\(uid)")
            steps.set(option: "-u", field: 3, "\(uid)")
        }
        if let group = wanted.group, (tables.group(group)?.gid ?? Int(group)) != user.gid {
            differ("group", tables.group("\(user.gid)")?.name ?? "\(user.gid)", group)
            steps.setGroup(group)
        }
        if let comment = wanted.comment, comment != user.comment {
            differ("comment", user.comment, comment)
            steps.set(option: "-c", field: 5, comment)
        }
        if let home = wanted.home, home != user.home {
            differ("home", user.home, home)
            steps.set(option: "-d", field: 6, home)
        }
        if let shell = wanted.shell, shell != user.shell {
            differ("shell", user.shell, shell)
            steps.set(option: "-s", field: 7, shell)
        }
        steps.write(wanted.name, &comparison.steps)
        groups(user)
    }

    private mutating func groups(_ user: AccountTables.User) {
        guard let groups = wanted.groups else { return }
        let primary = wanted.group.flatMap { tables.group($0)?.gid ?? Int($0) } ?? user.gid
        let names = groups.map { tables.group($0)?.name ?? $0 }
        let has = tables.groups(of: user.name)
        let missing = names.filter { name in
            !has.contains { $0.name == name } && tables.group(name)?.gid != primary
        }
        let surplus = wanted.exactGroups ? has.filter { !names.contains($0.name) }.map(\.name) : []
        guard !missing.isEmpty || !surplus.isEmpty else { return }
        let old = has.map(\.name)
        let new = old.filter { !surplus.contains($0) } + missing
        differ("groups", old.joined(separator: ","), new.joined(separator: ","))
        UserSteps.useFunctions(&comparison.steps)
        for group in missing { comparison.steps.run("apus_member", group, user.name, "add") }
        for group in surplus { comparison.steps.run("apus_member", group, user.name, "remove") }
    }

    // MARK: The shadow entry

    /// - Parameter found: Nil for a new account, whose field useradd(8) makes `!`.
    mutating func shadow(_ found: AccountTables.Shadow?) throws(ResourceFault) {
        let current = found ?? AccountTables.Shadow(password: "!", expires: nil)
        let hash = declaredHash(current.hash) ?? current.hash
        let isDeclared = wanted.passwordHash != nil || wanted.password != nil
        let neverSet = current.hash.isEmpty
        // A new hash leaves a lock as it is, except for the one of an account that never had a password.
        let isLocked = wanted.locked ?? (current.isLocked && (!neverSet || !isDeclared))
        if !isLocked, current.isLocked, hash.isEmpty {
            throw ResourceFault(
                "unlocking \(wanted.name) would leave an account without a password: give passwordHash (* for none that fits)"
            )
        }
        if hash != current.hash {
            differ("password", neverSet ? nil : "set", neverSet ? "set" : "differs")
        }
        if isLocked != current.isLocked, wanted.locked != nil {
            differ("locked", current.isLocked ? "true" : "false", isLocked ? "true" : "false")
        }
        let field = (isLocked ? "!" : "") + hash
        if hash != current.hash || isLocked != current.isLocked {
            UserSteps.password(wanted.name, field, &comparison.steps)
        }
        if let expires = wanted.expires, expires.days != current.expires {
            differ("expires", current.expires.map { "day \($0)" } ?? "never", expires.text)
            UserSteps.expire(wanted.name, expires, &comparison.steps)
        }
    }

    /// The hash as declared; of a plain password the one that is there where it fits, or else a new one.
    private func declaredHash(_ current: String) -> String? {
        guard let password = wanted.password?.reveal() else { return wanted.passwordHash?.reveal() }
        return PasswordHash.matches(password, current) ? current : PasswordHash.make(password)
    }

    private mutating func differ(_ what: String, _ old: String?, _ new: String?) {
        comparison.differ(what, from: old, to: new)
    }
}
