import Base
import SSHTransport
import Settings

/// Writes declarations from a host as it is: people's accounts, packages that somebody asked for, services that start at
/// boot, and the files that one names. The host is only asked, in one leg.
package struct HostImport: Sendable {
    /// Text that is written as a block, in bytes; longer or other content goes as Base64.
    private static let mostBlockBytes = 64 << 10

    let files: [String]

    package init(files: [String]) { self.files = files }

    private static let accounts = Query("import-accounts") { _ in
        "cat /etc/passwd; echo; cat /etc/group"
    }
    private static let packages = Query("import-packages") { _ in
        #"""
        if command -v apt-mark >/dev/null; then apt-mark showmanual
        elif command -v dnf >/dev/null; then dnf -q repoquery --userinstalled --qf '%{name}\n'
        elif [ -r /etc/apk/world ]; then sed 's/[<>=~@].*//' /etc/apk/world
        elif command -v pacman >/dev/null; then pacman -Qqe; fi
        """#
    }
    private static let services = Query("import-services") { _ in
        #"""
        if command -v systemctl >/dev/null; then systemctl list-unit-files --type=service --state=enabled --no-legend --no-pager | while read -r u r; do echo "$u"; done
        elif command -v rc-update >/dev/null; then rc-update show default | while read -r u r; do echo "$u"; done; fi
        """#
    }

    /// Asks the host that `host` of `loaded` is, and writes a site.
    ///
    /// - Returns: The site, and what is not in it and why.
    /// - Throws: `ApusError` of the conversation.
    package func site(of host: InventoryHost, _ loaded: LoadedSite, _ fleet: FleetRun.Options) async throws -> (
        text: String, notes: [String]
    ) {
        let shell = try HostShell.of(
            host.connection, connectTimeout: loaded.site.connectTimeout, acceptsNewHostKeys: fleet.acceptsNewHostKeys,
            configurationFile: fleet.sshConfiguration, redactor: loaded.site.redactor)
        let request = request
        let timeout = loaded.site.silenceTimeout
        let answer = try await ConversationThread.run { box in
            let conversation = try Conversation(shell)
            box.put(conversation)
            defer { conversation.finish() }
            var session = HostSession(conversation, silenceTimeout: timeout, lockOwner: nil)
            return try session.ask(request)
        }
        return text(HostState(answer), host)
    }

    private var request: ProbeRequest {
        var request = ProbeRequest()
        for query in [HostImport.accounts, HostImport.packages, HostImport.services] { request.ask(query, "") }
        for file in files { request.content(file) }
        return request
    }

    func text(_ state: HostState, _ host: InventoryHost) -> (text: String, notes: [String]) {
        var notes: [String] = []
        var lines = [
            "# Written by apus sync import from \(host.name).", "hosts:",
            "  \(Value.quoted(host.name)): \(HostImport.connection(host))", "",
            "resources:",
        ]
        let (users, groups) = AccountList.read(state.answer.queries[HostImport.accounts.name]?.text ?? "")
        lines += groups.map { "  - group: { name: \(Value.quoted($0.name)), gid: \($0.gid) }" }
        for user in users { lines.append("  - user: \(user.declaration)") }
        let packages = state.lines(HostImport.packages).map(String.init).filter { !$0.isEmpty }.sorted()
        if !packages.isEmpty {
            lines.append("  - package:\n      name:")
            lines += packages.prefix(5000).map { "        - \(Value.quoted($0))" }
        }
        for service in state.lines(HostImport.services).sorted() where !service.contains("@") {
            lines.append("  - service: { name: \(Value.quoted(String(service))), enabled: true }")
        }
        for file in files {
            do throws(ResourceFault) {
                lines += try declaration(file, state)
            } catch {
                notes.append("\(file): \(error.message)")
            }
        }
        return (lines.joined(separator: "\n") + "\n", notes)
    }

    /// As far as it was said how the host is reached.
    private static func connection(_ host: InventoryHost) -> String {
        let connection = host.connection
        var fields: [String] = []
        if connection.transport == .local { fields.append("local: true") }
        if connection.address != host.name { fields.append("address: \(Value.quoted(connection.address))") }
        if let port = connection.port { fields.append("port: \(port)") }
        if let user = connection.user { fields.append("user: \(Value.quoted(user))") }
        if let become = connection.become {
            let method = become.method == .sudo ? "" : ", method: \(become.method.rawValue)"
            fields.append("become: { user: \(Value.quoted(become.user))\(method) }")
        }
        return fields.isEmpty ? "{}" : "{ \(fields.joined(separator: ", ")) }"
    }

    private func declaration(_ path: String, _ state: HostState) throws(ResourceFault) -> [String] {
        guard let status = try state.status(path) else { throw ResourceFault("there is nothing") }
        if status.kind == .link, let target = status.target {
            return ["  - symlink: { path: \(Value.quoted(path)), target: \(Value.quoted(target)) }"]
        }
        guard status.kind == .file else { throw ResourceFault("it is \(status.kind.name), not a file") }
        let content = try state.content(path) ?? []
        var lines = ["  - file:", "      path: \(Value.quoted(path))"]
        lines.append("      mode: \"\(PathStatus.octal(status.mode))\"")
        lines.append("      owner: \(Value.quoted(status.ownerText))")
        lines.append("      group: \(Value.quoted(status.groupText))")
        return lines + HostImport.contentLines(content)
    }

    /// As a block where every line of it reads back as it is, quoted where it is short, else as Base64.
    static func contentLines(_ content: [UInt8]) -> [String] {
        guard content.count <= mostBlockBytes, let text = String(validating: content, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F || $0 == "\n" || $0 == "\t" }),
            !text.contains("{{"), !text.contains("{%"), !text.contains("{#")
        else { return ["      base64: \(Value.quoted(Base64.encode(content)))"] }
        guard text.hasSuffix("\n"), !text.hasSuffix("\n\n"), let first = text.first, !" \n\t".contains(first) else {
            return ["      content: \(Value.quoted(text))"]
        }
        let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        return ["      content: |"] + lines.map { $0.isEmpty ? "" : "        \($0)" }
    }
}

/// People's accounts and groups of a host: those whose numbers are in the range of people (1000 to 59,999).
enum AccountList {
    private static let people = 1000...59_999

    struct User {
        let name: String
        let uid: Int
        let group: String?
        let groups: [String]
        let comment: String
        let home: String
        let shell: String

        var declaration: String {
            var fields = ["name: \(Value.quoted(name))", "uid: \(uid)"]
            if let group { fields.append("group: \(Value.quoted(group))") }
            if !groups.isEmpty { fields.append("groups: [\(groups.map(Value.quoted).joined(separator: ", "))]") }
            if !comment.isEmpty { fields.append("comment: \(Value.quoted(comment))") }
            fields.append("home: \(Value.quoted(home))")
            fields.append("shell: \(Value.quoted(shell))")
            return "{ " + fields.joined(separator: ", ") + " }"
        }
    }

    static func read(_ text: String) -> (users: [User], groups: [(name: String, gid: Int)]) {
        var users: [(User, gid: Int)] = []
        var groups: [(name: String, gid: Int)] = []
        var names: [Int: String] = [:]
        var memberships: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            if fields.count == 7, let uid = Int(fields[2]), let gid = Int(fields[3]), people.contains(uid) {
                let user = User(
                    name: fields[0], uid: uid, group: nil, groups: [], comment: fields[4], home: fields[5],
                    shell: fields[6])
                users.append((user, gid))
            } else if fields.count == 4, let gid = Int(fields[2]) {
                names[gid] = fields[0]
                for member in fields[3].split(separator: ",") {
                    memberships[String(member), default: []].append(fields[0])
                }
                if people.contains(gid) { groups.append((fields[0], gid)) }
            }
        }
        let named = users.map { user, gid in
            User(
                name: user.name, uid: user.uid, group: names[gid], groups: memberships[user.name] ?? [],
                comment: user.comment, home: user.home,
                shell: user.shell)
        }
        return (named, groups)
    }
}
