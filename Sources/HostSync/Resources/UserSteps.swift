import SSHTransport

/// The shell text that makes, changes and removes accounts. No password hash becomes an argument of a process.
struct UserSteps {
    private var options: [String] = []
    private var fields: [String] = []

    static func useFunctions(_ steps: inout StepScript) {
        if !steps.lines.contains(AccountFunctions.text) { steps.text(AccountFunctions.text) }
    }

    // MARK: Fields of passwd(5)

    /// By usermod(8), or as a field of the table where there is none. Files of a user whose number changes are given to
    /// the new number by usermod alone.
    mutating func set(option: String, field: Int, _ value: String) {
        options.append("\(option) \(ShellText.quoted(value))")
        fields.append("apus_field /etc/passwd @ \(field) \(ShellText.quoted(value))")
    }

    mutating func setGroup(_ group: String) {
        options.append("-g \(ShellText.quoted(group))")
        fields.append("g=$(apus_gid \(ShellText.quoted(group))); apus_field /etc/passwd @ 4 \"$g\"")
    }

    func write(_ name: String, _ steps: inout StepScript) {
        guard !options.isEmpty else { return }
        let word = ShellText.quoted(name)
        UserSteps.useFunctions(&steps)
        steps.text("if apus_has usermod; then usermod \(options.joined(separator: " ")) \(word); else")
        for field in fields { steps.text(field.replacing(" @ ", with: " \(word) ", maxReplacements: 1)) }
        steps.text("fi")
    }

    // MARK: The account

    static func add(_ user: UserResource, group: String?, _ steps: inout StepScript) {
        useFunctions(&steps)
        let name = ShellText.quoted(user.name)
        var full = ["useradd", user.createHome ? "-m" : "-M"]
        var small = ["adduser -D"]
        if !user.createHome { small.append("-H") }
        if user.system {
            full.append("-r")
            small.append("-S")
        }
        func both(_ long: String, _ short: String, _ value: String?) {
            guard let value else { return }
            full.append("\(long) \(ShellText.quoted(value))")
            small.append("\(short) \(ShellText.quoted(value))")
        }
        both("-u", "-u", user.uid.map { "\($0)" })
        both("-g", "-G", group)
        both("-d", "-h", user.home)
        both("-s", "-s", user.shell)
        both("-c", "-g", user.comment)
        let groups = (user.groups ?? []).filter { $0 != group && $0 != user.name }
        if !groups.isEmpty { full.append("-G \(ShellText.quoted(groups.joined(separator: ",")))") }
        steps.text("if apus_has useradd; then \(full.joined(separator: " ")) \(name)")
        steps.text("elif apus_has adduser; then \(small.joined(separator: " ")) \(name) >/dev/null")
        for group in groups { steps.run("apus_member", group, user.name, "add") }
        steps.text("else apus_say 'there is neither useradd nor adduser: install the package shadow'; fi")
    }

    static func remove(_ name: String, withHome: Bool, _ steps: inout StepScript) {
        useFunctions(&steps)
        let word = ShellText.quoted(name)
        steps.text("if apus_has userdel; then userdel \(withHome ? "-r " : "")\(word)")
        steps.text("else deluser \(withHome ? "--remove-home " : "")\(word); fi")
    }

    // MARK: shadow(5)

    /// chpasswd(8) reads the field from its standard input.
    static func password(_ name: String, _ field: String, _ steps: inout StepScript) {
        useFunctions(&steps)
        let content = steps.content(.bytes(Array("\(name):\(field)\n".utf8)))
        steps.text("apus_feed \(content) chpasswd -e")
    }

    static func expire(_ name: String, _ expires: AccountExpiry, _ steps: inout StepScript) {
        useFunctions(&steps)
        let word = ShellText.quoted(name)
        let date = expires.days == nil ? "''" : expires.text
        let days = expires.days.map { "\($0)" } ?? "''"
        steps.text(
            "if apus_has usermod; then usermod -e \(date) \(word); else apus_field /etc/shadow \(word) 8 \(days); fi")
    }
}
