import Glibc
import Settings

/// Reads what `SiteInventory` describes, complaining of all that is wrong.
struct SiteInventoryReader {
    let file: String
    let declaresHosts: Bool
    let declaresGroups: Bool

    private typealias Glob = (group: Int, text: String, place: InventoryPlace)

    // MARK: Hosts

    func readHosts(_ node: YAMLNode, _ builder: inout InventoryBuilder) {
        if node.isNull { return }
        let place = InventoryPlace(file, node.position, SettingsPath([.key("hosts")]))
        if let items = node.sequence {
            for (index, item) in items.enumerated() {
                let place = place.below(index: index, at: item.position)
                guard let name = item.text, !item.isNull else {
                    builder.complaints.add(at: place, "found \(item.kindName), wanted the name of a host")
                    continue
                }
                _ = builder.addHosts(name, to: InventoryBuilder.ungrouped, at: place)
            }
            return
        }
        guard let mapping = node.mapping else {
            return builder.complaints.add(at: place, "found \(node.kindName), wanted hosts by name, or a list of names")
        }
        for entry in mapping.entries {
            let place = place.below(entry.key, at: entry.keyPosition)
            let hosts = builder.addHosts(entry.key, to: InventoryBuilder.ungrouped, at: place)
            if !entry.value.isNull { readHost(entry.value, entry.key, hosts, place, &builder) }
        }
    }

    private func readHost(
        _ raw: YAMLNode, _ name: String, _ hosts: [Int], _ place: InventoryPlace, _ builder: inout InventoryBuilder
    ) {
        let node = opened(raw, &builder)
        guard let settings = decode(SiteHostSettings.self, node, place, &builder) else { return }
        let connection = SiteConnectionReader(file: file, place: place, raw: raw, node: node)
        connection.set(settings.connection, of: hosts.map { .host($0) }, &builder)
        for (group, place) in places(settings.groups, "groups", node, place) {
            guard let group = builder.group(group, at: place, isDeclared: declaresGroups) else { continue }
            for host in hosts { builder.addMember(host, to: group, at: place) }
        }
    }

    // MARK: Groups

    func readGroups(_ node: YAMLNode, _ builder: inout InventoryBuilder) {
        if node.isNull { return }
        let place = InventoryPlace(file, node.position, SettingsPath([.key("groups")]))
        guard let mapping = node.mapping else {
            return builder.complaints.add(at: place, "found \(node.kindName), wanted groups by name")
        }
        var globs: [Glob] = []
        for entry in mapping.entries {
            let place = place.below(entry.key, at: entry.keyPosition)
            guard let group = builder.group(entry.key, at: place), !entry.value.isNull else { continue }
            readGroup(entry.value, group, place, &globs, &builder)
        }
        // Last, so that they find every host.
        for glob in globs { add(glob, &builder) }
    }

    private func readGroup(
        _ raw: YAMLNode, _ group: Int, _ place: InventoryPlace, _ globs: inout [Glob],
        _ builder: inout InventoryBuilder
    ) {
        let node = opened(raw, &builder)
        guard let settings = decode(SiteGroupSettings.self, node, place, &builder) else { return }
        let connection = SiteConnectionReader(file: file, place: place, raw: raw, node: node)
        connection.set(settings.connection, of: [.group(group)], &builder)
        for (name, place) in places(settings.children, "children", node, place) {
            guard let child = builder.group(name, at: place, isDeclared: false) else { continue }
            builder.addChild(child, to: group, at: place)
        }
        for (name, place) in places(settings.hosts, "hosts", node, place) {
            if name.utf8.contains(UInt8(ascii: "*")) || name.utf8.contains(UInt8(ascii: "?")) {
                globs.append((group, name, place))
            } else if isDeclared(name, at: place, &builder) {
                _ = builder.addHosts(name, to: group, at: place)
            }
        }
    }

    private func isDeclared(_ name: String, at place: InventoryPlace, _ builder: inout InventoryBuilder) -> Bool {
        guard !declaresHosts, let declaration = try? HostDeclaration(parsing: name),
            declaration.count <= InventoryBuilder.mostMemberships,
            let missing = declaration.names().first(where: { builder.hostIndex(of: $0) == nil })
        else { return true }
        let near = Suggestion.sentence(for: missing, among: builder.hosts.lazy.map(\.name))
        builder.complaints.add(at: place, "no host \(InventoryText.quoted(missing)) is declared\(near)")
        return false
    }

    private func add(_ glob: Glob, _ builder: inout InventoryBuilder) {
        let hosts = builder.hosts.indices.filter { fnmatch(glob.text, builder.hosts[$0].name, 0) == 0 }
        if hosts.isEmpty {
            builder.complaints.add(at: glob.place, "no host matches \(InventoryText.quoted(glob.text))")
        }
        for host in hosts { builder.addMember(host, to: glob.group, at: glob.place) }
    }

    // MARK: Both

    private func opened(_ node: YAMLNode, _ builder: inout InventoryBuilder) -> YAMLNode {
        guard let opener = builder.opener else { return node }
        var found: [Complaint] = []
        let opened = opener(node, file, &found)
        for complaint in found { builder.complaints.add(complaint) }
        return opened
    }

    /// As `SettingsReader`, but what stands in the file is warned of as a secret only by `SiteConnectionReader`.
    private func decode<Settings: SettingsGroup>(
        _ type: Settings.Type, _ node: YAMLNode, _ place: InventoryPlace, _ builder: inout InventoryBuilder
    ) -> Settings? {
        let result = SettingsReader.decode(type, node, at: place.path, file: file)
        for complaint in result.complaints { builder.complaints.add(complaint) }
        return result.group
    }

    /// Each name of a list, or the one that stands for it, with its place.
    private func places(
        _ names: [String], _ key: String, _ node: YAMLNode, _ place: InventoryPlace
    ) -> [(String, InventoryPlace)] {
        let list = node[key]
        let above = place.below(key, at: list?.position ?? place.position)
        return names.enumerated().map { index, name in
            list?[index].map { (name, above.below(index: index, at: $0.position)) } ?? (name, above)
        }
    }
}

/// A host's keys.
private struct SiteHostSettings: SiteEntry {
    var connection = SiteConnection()
    var groups: [String] = []

    static var fields: [SettingsField<Self>] {
        let address = SettingsField<Self>(
            "address", \.connection.address, .nonEmptyString, "A name or an address; the host's name if left out.")
        let groups = SettingsField<Self>(
            "groups", \.groups, .oneOrMany(of: .nonEmptyString), "The groups that the host is in.")
        return [address] + connectionFields + [groups]
    }
}

/// A group's keys.
private struct SiteGroupSettings: SiteEntry {
    var connection = SiteConnection()
    var hosts: [String] = []
    var children: [String] = []

    static var fields: [SettingsField<Self>] {
        let hosts = SettingsField<Self>(
            "hosts", \.hosts, .oneOrMany(of: .nonEmptyString), "Names of hosts, ranges web[1:9], or globs web*.")
        let children = SettingsField<Self>(
            "children", \.children, .oneOrMany(of: .nonEmptyString), "Groups whose hosts are in this one too.")
        return [hosts, children] + connectionFields
    }
}
