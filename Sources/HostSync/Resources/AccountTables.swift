import SSHTransport

/// Users, their shadow entries and groups as the host's tables have them: one question for all accounts of a plan.
///
/// `getent` answers where it is, so that accounts of a directory service are seen; shadow(5) is only read for the users
/// whose declaration needs it, and only when we may.
struct AccountTables {
    struct User: Equatable {
        var name: String
        var uid: Int
        var gid: Int
        var comment: String
        var home: String
        var shell: String
    }

    struct Shadow: Equatable {
        /// The field as it is: a hash, `*`, or either with `!` before it.
        var password: String
        /// Days since 1970-01-01; nil for never.
        var expires: Int?

        /// `!` and `!!` alone say that there never was a password; `!` before a hash keeps it for later.
        var isLocked: Bool { password.hasPrefix("!") }
        var hash: String { String(password.drop { $0 == "!" }) }
    }

    struct Group: Equatable {
        var name: String
        var gid: Int
        var members: [String]
    }

    private(set) var users: [String: User] = [:]
    private(set) var shadows: [String: Shadow] = [:]
    private(set) var groups: [Group] = []
    private(set) var canReadShadow = false
    private var groupNames: Set<String> = []

    /// Items are `u:NAME`, `s:NAME` (the shadow entry) and `g:NAME`. Names are account names: nothing in them is
    /// special to the shell's patterns but the dot, which is not.
    static let query = Query("accounts") { items in
        func names(_ prefix: String) -> [String] {
            items.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.utf8.count)) }
        }
        let (users, shadows, groups) = (names("u:"), names("s:"), names("g:"))
        var lines = [
            #"apus_rows() { while IFS= read -r l || [ -n "$l" ]; do printf '%s|%s\n' "$1" "$l"; done; }"#
        ]
        func some(_ key: String, _ file: String, _ patterns: [String]) {
            guard !patterns.isEmpty else { return }
            lines.append(
                "while IFS= read -r l || [ -n \"$l\" ]; do case $l in \(patterns.joined(separator: "|"))) "
                    + "printf '\(key)|%s\\n' \"$l\";; esac; done <\(file)")
        }
        some("p", "/etc/passwd", users.map { ShellText.quoted($0) + ":*" })
        some(
            "g", "/etc/group",
            groups.map { ShellText.quoted($0) + ":*" } + groups.filter { Int($0) != nil }.map { "*:*:\($0):*" }
                + users.flatMap { ["*[:,]" + ShellText.quoted($0), "*[:,]" + ShellText.quoted($0) + ",*"] })
        lines.append("if command -v getent >/dev/null 2>&1; then")
        if !users.isEmpty { lines.append("getent passwd \(ShellText.quoted(users)) | apus_rows p") }
        if !groups.isEmpty { lines.append("getent group \(ShellText.quoted(groups)) | apus_rows g") }
        lines.append("fi")
        if !shadows.isEmpty {
            lines.append("if [ -r /etc/shadow ]; then echo shadow")
            some("s", "/etc/shadow", shadows.map { ShellText.quoted($0) + ":*" })
            lines.append("fi")
        }
        return lines.joined(separator: "\n")
    }

    init(_ host: HostState) {
        for line in host.lines(AccountTables.query) {
            if line == "shadow" { canReadShadow = true }
            let fields = line.dropFirst(2).split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            switch line.prefix(2) {
            case "p|": takeUser(fields)
            case "s|": takeShadow(fields)
            case "g|": takeGroup(fields)
            default: break
            }
        }
    }

    /// Local tables come first, and the first entry of a name is the one that counts.
    private mutating func takeUser(_ fields: [String]) {
        guard fields.count >= 7, users[fields[0]] == nil, let uid = Int(fields[2]), let gid = Int(fields[3]) else {
            return
        }
        users[fields[0]] = User(
            name: fields[0], uid: uid, gid: gid, comment: fields[4], home: fields[5], shell: fields[6])
    }

    private mutating func takeShadow(_ fields: [String]) {
        guard fields.count >= 8, shadows[fields[0]] == nil else { return }
        shadows[fields[0]] = Shadow(password: fields[1], expires: Int(fields[7]))
    }

    private mutating func takeGroup(_ fields: [String]) {
        guard fields.count >= 4, let gid = Int(fields[2]), groupNames.insert(fields[0]).inserted else {
            return
        }
        let members = fields[3].split(separator: ",").map(String.init)
        groups.append(Group(name: fields[0], gid: gid, members: members))
    }

    /// By name, or by number where `name` is one.
    func group(_ name: String) -> Group? {
        groups.first { $0.name == name } ?? Int(name).flatMap { gid in groups.first { $0.gid == gid } }
    }

    /// The groups that list `user` as a member; the primary group is not among them.
    func groups(of user: String) -> [Group] { groups.filter { $0.members.contains(user) } }
}
