import Settings

/// Reads Ansible's YAML inventories: groups by name, each with `hosts`, `children` and `vars`. The JSON that
/// `ansible-inventory --list` and inventory programs print is of the same form, with lists of names and `_meta`.
struct YAMLInventory {
    private static let keys = ["hosts", "children", "vars"]

    private let file: String

    static func read(_ root: YAMLNode, file: String, into builder: inout InventoryBuilder) {
        let reader = YAMLInventory(file: file)
        let place = InventoryPlace(file, root.position)
        if root.isNull { return }
        guard let mapping = root.mapping else {
            return builder.complaints.add(at: place, "found \(root.kindName), wanted a mapping of groups")
        }
        if let plugin = mapping.entry("plugin"), let name = plugin.value.text {
            let shown = InventoryText.quoted(name)
            return builder.complaints.add(
                at: place.below("plugin", at: plugin.keyPosition),
                "the inventory plugin \(shown) is not run: save what `ansible-inventory --list` prints as a .json file")
        }
        for entry in mapping.entries where entry.key != "_meta" { reader.readGroup(entry, under: nil, place, &builder) }
        if let meta = mapping.entry("_meta") { reader.readMeta(meta, place, &builder) }
    }

    /// Whether the document looks like an inventory: a mapping of groups and nothing else.
    static func isInventory(_ root: YAMLNode) -> Bool {
        guard let mapping = root.mapping, !mapping.isEmpty else { return false }
        if mapping["plugin"] != nil { return true }
        return mapping.entries.allSatisfy { entry in
            entry.value.isNull || entry.value.mapping != nil || (entry.value.sequence != nil && entry.key != "all")
        }
    }

    private func readGroup(
        _ entry: YAMLMapping.Entry, under parent: Int?, _ above: InventoryPlace, _ builder: inout InventoryBuilder
    ) {
        let place = above.below(entry.key, at: entry.keyPosition)
        guard let group = builder.group(entry.key, at: place) else { return }
        if let parent { builder.addChild(group, to: parent, at: place) }
        if entry.value.isNull { return }
        // Old inventory programs print a bare list of hosts.
        if entry.value.sequence != nil { return readHosts(entry.value, group, place, &builder) }
        guard let mapping = entry.value.mapping else {
            let message = "found \(entry.value.kindName), wanted a mapping with hosts, children and vars"
            return builder.complaints.add(at: place.moved(to: entry.value.position), message)
        }
        for part in mapping.entries {
            let place = place.below(part.key, at: part.keyPosition)
            switch part.key {
            case "hosts": readHosts(part.value, group, place, &builder)
            case "children": readChildren(part.value, group, place, &builder)
            case "vars": setVariables(part.value, of: [.group(group)], place, &builder)
            default:
                let near = Suggestion.sentence(for: part.key, among: YAMLInventory.keys)
                let hint = near.isEmpty ? ", known are hosts, children and vars" : near
                builder.complaints.add(.warning, at: place, "unknown key, which is passed over\(hint)")
            }
        }
    }

    private func readChildren(
        _ node: YAMLNode, _ group: Int, _ place: InventoryPlace, _ builder: inout InventoryBuilder
    ) {
        if node.isNull { return }
        if let mapping = node.mapping {
            for entry in mapping.entries { readGroup(entry, under: group, place, &builder) }
        } else {
            for (name, place) in names(node, place, &builder) {
                guard let child = builder.group(name, at: place, isDeclared: false) else { continue }
                builder.addChild(child, to: group, at: place)
            }
        }
    }

    private func readHosts(
        _ node: YAMLNode, _ group: Int, _ place: InventoryPlace, _ builder: inout InventoryBuilder
    ) {
        if node.isNull { return }
        guard let mapping = node.mapping else {
            for (name, place) in names(node, place, &builder) { _ = builder.addHosts(name, to: group, at: place) }
            return
        }
        for entry in mapping.entries {
            let place = place.below(entry.key, at: entry.keyPosition)
            let hosts = builder.addHosts(entry.key, to: group, at: place)
            setVariables(entry.value, of: hosts.map { .host($0) }, place, &builder)
        }
    }

    /// A name, or a list of names.
    private func names(
        _ node: YAMLNode, _ place: InventoryPlace, _ builder: inout InventoryBuilder
    ) -> [(name: String, place: InventoryPlace)] {
        if let text = node.text { return [(text, place.moved(to: node.position))] }
        guard let items = node.sequence else {
            let message = "found \(node.kindName), wanted names"
            builder.complaints.add(at: place.moved(to: node.position), message)
            return []
        }
        return items.enumerated().compactMap { index, item in
            let place = place.below(index: index, at: item.position)
            if let text = item.text, !item.isNull { return (text, place) }
            builder.complaints.add(at: place, "found \(item.kindName), wanted a name")
            return nil
        }
    }

    private func setVariables(
        _ node: YAMLNode, of owners: [InventoryBuilder.Owner], _ place: InventoryPlace,
        _ builder: inout InventoryBuilder
    ) {
        if node.isNull { return }
        guard let mapping = node.mapping else {
            let message = "found \(node.kindName), wanted a mapping of variables"
            return builder.complaints.add(at: place.moved(to: node.position), message)
        }
        for entry in mapping.entries {
            let place = place.below(entry.key, at: entry.value.position)
            let value = AnsibleValue.of(entry.value, at: place, &builder.complaints)
            for owner in owners { builder.set(entry.key, value, written: entry.value.text, of: owner, at: place) }
        }
    }

    /// `_meta.hostvars` of inventory programs: variables by host. Hosts that no group names are passed over.
    private func readMeta(_ meta: YAMLMapping.Entry, _ above: InventoryPlace, _ builder: inout InventoryBuilder) {
        guard let hosts = meta.value["hostvars"]?.mapping else { return }
        let place = above.below("_meta", at: meta.keyPosition).below("hostvars")
        for entry in hosts.entries {
            guard let host = builder.hostIndex(of: entry.key) else { continue }
            let place = place.below(entry.key, at: entry.keyPosition)
            setVariables(entry.value, of: [.host(host)], place, &builder)
        }
    }
}
