import SSHTransport
package import Settings

/// `firewall`: one rule of nftables, in the kernel and in a file that a boot reads.
///
/// A rule of ours is known by its comment, `apus:NAME:DIGEST`, whose digest is that of the declaration: nft writes
/// rules in another form than they were given, so the text cannot be compared. The file is
/// `/etc/nftables.d/apus-NAME.nft`; where the main file (/etc/nftables.conf, or the places of Alpine and Red Hat) does
/// not include that folder, a line that does is added. Rules stand in the order in which they came; after a boot, in
/// that of their names.
package struct FirewallResource: Resource {
    package static let keyword = "firewall"
    package static let summary = "One rule of nftables, now and after a boot."

    package enum Family: String, Sendable, CaseIterable { case inet, ip, ip6, arp, bridge }
    package enum ChainType: String, Sendable, CaseIterable { case filter, nat, route }
    package enum Hook: String, Sendable, CaseIterable { case prerouting, input, forward, output, postrouting }
    package enum Policy: String, Sendable, CaseIterable { case accept, drop }

    package var name = ""
    package var family = Family.inet
    package var table = "apus"
    package var chain = ""
    package var type = ChainType.filter
    package var hook: Hook?
    package var priority = 0
    package var policy: Policy?
    package var rule: String?
    package var state = DeclaredState.present

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .plainName, "What tells this rule from others.", required: true),
            SettingsField("family", \.family, .choice(), "The table's family."),
            SettingsField("table", \.table, .plainName, "The table; it is made where there is none."),
            SettingsField("chain", \.chain, .plainName, "The chain; it is made where there is none.", required: true),
            SettingsField("type", \.type, .choice(), "Of a chain with a hook: what it is for."),
            SettingsField(
                "hook", \.hook, .choice(), "Where packets enter the chain; without it other rules jump there."),
            SettingsField(
                "priority", \.priority, .integer(in: -1000...1000), "Of a chain with a hook: lower ones come first."),
            SettingsField(
                "policy", \.policy, .choice(), "Of a chain with a hook: what becomes of packets that no rule takes."),
            SettingsField("rule", \.rule, .oneLine, "The rule as nft(8) has it: tcp dport 22 accept."),
            DeclaredState.field(\.state, "absent removes the rule; table and chain stay."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if state == .present, rule?.isEmpty != false { complaints.error(at: \Self.rule, "must be given") }
        if rule?.contains("comment ") == true {
            complaints.error(at: \Self.rule, "must not have a comment: it is ours")
        }
        if rule?.contains(where: { "{}#;".contains($0) }) == true, !FirewallResource.isBalanced(rule ?? "") {
            complaints.error(at: \Self.rule, "must be one rule: no # and no ;, and its braces in pairs")
        }
        if name.utf8.count > 60 { complaints.error(at: \Self.name, "must not be longer than 60 characters") }
        if policy != nil, hook == nil { complaints.error(at: \Self.policy, "goes with hook only") }
    }

    package var label: String { name }

    private static let folder = "/etc/nftables.d"
    private static let mainFiles = ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf", "/etc/nftables.nft"]
    private var path: HostPath { HostPath("\(Self.folder)/apus-\(name).nft") }
    private var place: String { "\(family.rawValue) \(table) \(chain)" }

    /// The rules of each chain that is asked for, and their handles: a line of `PLACE|RULE`.
    static let query = Query("firewall") { places in
        let lists = places.map { "nft -a list chain \($0) | sed \(ShellText.quoted("s/^/\($0)|/"))" }
        return "if command -v nft >/dev/null 2>&1; then\necho nft\n\(lists.joined(separator: "\n"))\nfi"
    }

    package func probe(_ request: inout ProbeRequest) {
        request.ask(Self.query, place)
        request.path(Self.folder)
        request.digest(path.text)
        for file in Self.mainFiles { request.content(file) }
    }

    package func compare(_ host: inout HostState) throws(ResourceFault) -> Comparison {
        guard host.lines(Self.query).contains("nft") else {
            if host.changesBefore { return .deferred("nft may come with an earlier change") }
            throw ResourceFault("there is no nft on the host: install nftables first")
        }
        let live = ours(host)
        let file = try host.status(path.text)
        var comparison = Comparison()
        if state == .absent {
            if !live.isEmpty {
                comparison.differ("rule", from: "loaded", to: nil)
                load(live.map { "delete rule \(place) handle \($0.handle)\n" }.joined(), &comparison.steps)
            }
            if file != nil {
                comparison.differ("file", from: "present", to: nil)
                comparison.steps.text(PathFunctions.text)
                comparison.steps.run("apus_gone", path.text)
                host.willWrite(path.text, nil)
            }
            return comparison
        }
        if live.map(\.digest) != [digest] {
            comparison.differ("rule", from: live.isEmpty ? nil : "another form", to: rule)
            load(transaction(live), &comparison.steps)
        }
        try persist(file, &host, &comparison)
        return comparison
    }

    private func persist(
        _ file: PathStatus?, _ host: inout HostState, _ comparison: inout Comparison
    ) throws(ResourceFault) {
        let content = Content.bytes(Array(text(with: ruleLine).utf8))
        let wanted = ContentDigest.of(content)
        if file?.digest != wanted {
            try FolderSafety.check(Self.folder, host)
            comparison.differ("file", from: file?.digest, to: wanted)
            if try host.status(Self.folder) == nil {
                comparison.steps.text(PathFunctions.text)
                comparison.steps.run("apus_folder", Self.folder)
                host.willWrite(Self.folder, PathStatus(kind: .directory, mode: 0o755))
            }
            FileWriter(path: path, existing: file).write(content, &comparison.steps)
            host.willWrite(path.text, PathStatus(kind: .file, mode: 0o644, digest: wanted))
        }
        for main in Self.mainFiles {
            guard let status = try host.status(main), let old = try host.content(main) else { continue }
            let text = String(decoding: old, as: UTF8.self)
            guard !text.split(separator: "\n").contains(where: FirewallResource.includes) else { return }
            let new = Array((text + (text.hasSuffix("\n") ? "" : "\n") + "include \"\(Self.folder)/*.nft\"\n").utf8)
            var difference = Difference(what: "main file", old: "without \(Self.folder)", new: "with it")
            difference.text = TextChange(path: main, old: old, new: new, oldSize: old.count, newSize: new.count)
            comparison.differences.append(difference)
            FileWriter(path: HostPath(main), existing: status, expect: .digest(ContentDigest.of(old)))
                .write(.bytes(new), &comparison.steps)
            host.willWrite(main, status, content: new)
            return
        }
    }

    private static func includes(_ line: Substring) -> Bool {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        return words.first == "include" && words.dropFirst().first?.contains("\(folder)/*") == true
    }

    // MARK: nft

    private func ours(_ host: HostState) -> [(digest: String, handle: Int)] {
        let mark = "comment \"apus:\(name):"
        return host.lines(Self.query).compactMap { line in
            guard line.hasPrefix("\(place)|"), let comment = line.firstRange(of: mark),
                let handle = line.ranges(of: "# handle ").last, let number = Int(line[handle.upperBound...])
            else { return nil }
            return (String(line[comment.upperBound...].prefix { $0 != "\"" }), number)
        }
    }

    /// Twelve digits: of all that decides what the rule does.
    private var digest: String { String(ContentDigest.of(Array(text(with: rule ?? "").utf8)).prefix(12)) }
    private var ruleLine: String { "\(rule ?? "") comment \"apus:\(name):\(digest)\"" }

    private func text(with line: String) -> String {
        var body = ""
        if let hook {
            body = "        type \(type.rawValue) hook \(hook.rawValue) priority \(priority);"
            body += (policy.map { " policy \($0.rawValue);" } ?? "") + "\n"
        }
        if !line.isEmpty { body += "        \(line)\n" }
        return "table \(family.rawValue) \(table) {\n    chain \(chain) {\n\(body)    }\n}\n"
    }

    /// One transaction: a rule that is there already is replaced where it stands.
    private func transaction(_ live: [(digest: String, handle: Int)]) -> String {
        guard let first = live.first else { return text(with: ruleLine) }
        let more = live.dropFirst().map { "delete rule \(place) handle \($0.handle)\n" }.joined()
        return text(with: "") + "replace rule \(place) handle \(first.handle) \(ruleLine)\n" + more
    }

    private func load(_ text: String, _ steps: inout StepScript) {
        steps.text("nft -f \(steps.unpacked(.bytes(Array(text.utf8))))")
    }

    private static func isBalanced(_ text: String) -> Bool {
        var depth = 0
        for character in text {
            switch character {
            case "{": depth += 1
            case "}": depth -= 1
            case "#", ";": return false
            default: continue
            }
            if depth < 0 { return false }
        }
        return depth == 0
    }
}
