import Settings

extension InventoryBuilder {
    /// Makes the inventory: applies the rules for `all` and `ungrouped`, looks for cycles, reads the files of
    /// `group_vars` and `host_vars`, and works out each host's connection. All that is wrong is said at once.
    ///
    /// Cost: linear in hosts, memberships and variables of connections; sorting for each different set of groups.
    ///
    /// - Parameter render: for connection variables that are templates, such as
    ///   `ansible_host: "{{ inventory_hostname }}.lan"`; nil refuses them.
    package consuming func build(rendering render: ConnectionRenderer? = nil) -> InventoryResult {
        refuseUndeclaredGroups()
        let parents = completedParents()
        let tree = GroupTree(children: groups.map(\.children))
        refuse(tree)
        guard tree.cycles.isEmpty else { return InventoryResult(inventory: nil, complaints: complaints.sorted) }
        settleUngrouped()

        let (groupNames, hostNames) = (groups.map(\.name), hosts.map(\.name))
        let files = VariableFiles.load(
            variableFolders, groups: groupNames, hosts: hostNames, opener: opener, &complaints)
        var chains = ChainMaker(groups: groups, parents: parents, depths: tree.depths, files: files)
        var made: [InventoryHost] = []
        made.reserveCapacity(hosts.count)
        for (index, host) in hosts.enumerated() {
            let layers = [host.layer] + (files.hosts[index] ?? [])
            let chain = chains.chain(of: host.groups)
            let connection = connection(of: host.name, chain, layers, render)
            let kept = layers.filter { !$0.variables.isEmpty }
            made.append(InventoryHost(name: host.name, connection: connection, chain: chain, layers: kept))
        }
        let inventory = Inventory(hosts: made, groups: madeGroups(files))
        return InventoryResult(inventory: complaints.hasErrors ? nil : inventory, complaints: complaints.sorted)
    }

    private mutating func connection(
        of name: String, _ chain: GroupChain, _ layers: [VariableLayer], _ render: ConnectionRenderer?
    ) -> HostConnection {
        var entries = chain.connection
        for layer in layers where !layer.connection.isEmpty { entries.merge(layer.connection) { $1 } }
        guard !entries.isEmpty else { return HostConnection(address: name) }
        let resolver = ConnectionResolver(entries: entries, render: render) {
            InventoryTemplateHost(
                name: name, groups: chain.names, variables: chain.variables(followedBy: layers))
        }
        return resolver.resolve(name: name, &complaints)
    }

    private mutating func refuseUndeclaredGroups() {
        guard groups.contains(where: { !$0.isDeclared }) else { return }
        let declared = groups.filter(\.isDeclared).map(\.name)
        for group in groups where !group.isDeclared {
            guard let place = group.firstUse else { continue }
            let nearest = Suggestion.sentence(for: group.name, among: declared)
            complaints.add(at: place, "no group \(InventoryText.quoted(group.name)) is declared\(nearest)")
        }
    }

    /// Puts groups without a parent under `all`, and answers with everybody's parents.
    private mutating func completedParents() -> [[Int]] {
        var parents = [[Int]](repeating: [], count: groups.count)
        for (parent, group) in groups.enumerated() {
            for child in group.children { parents[child].append(parent) }
        }
        for group in groups.indices where group != InventoryBuilder.all && parents[group].isEmpty {
            groups[InventoryBuilder.all].children.append(group)
            parents[group].append(InventoryBuilder.all)
        }
        return parents
    }

    private mutating func refuse(_ tree: GroupTree) {
        for cycle in tree.cycles {
            guard let parent = cycle.last, let child = cycle.first else { continue }
            let names = (cycle + [child]).map { groups[$0].name }.joined(separator: " → ")
            let place = groups[parent].childPlaces[child] ?? groups[parent].firstUse ?? InventoryPlace("")
            complaints.add(at: place, "groups must not contain themselves: \(names)")
        }
        if let deep = tree.depths.indices.first(where: { tree.depths[$0] > InventoryBuilder.deepest }) {
            let message =
                "nested too deeply: \(groups[deep].name) has more than \(InventoryBuilder.deepest) levels above it"
            complaints.add(at: groups[deep].firstUse ?? InventoryPlace(""), message)
        }
    }

    /// A host is in `ungrouped` exactly when it is in no other group but `all`.
    private mutating func settleUngrouped() {
        let (all, ungrouped) = (InventoryBuilder.all, InventoryBuilder.ungrouped)
        for index in hosts.indices {
            let isGrouped = hosts[index].groups.contains { $0 != all && $0 != ungrouped }
            let stands = groups[ungrouped].knownHosts.contains(index)
            if isGrouped, stands {
                hosts[index].groups.removeAll { $0 == ungrouped }
                groups[ungrouped].knownHosts.remove(index)
            } else if !isGrouped, !stands {
                hosts[index].groups.append(ungrouped)
                groups[ungrouped].knownHosts.insert(index)
                groups[ungrouped].hosts.append(index)
            }
        }
        let remaining = groups[ungrouped].knownHosts
        groups[ungrouped].hosts.removeAll { !remaining.contains($0) }
    }

    private func madeGroups(_ files: VariableFiles) -> [InventoryGroup] {
        groups.enumerated().map { index, group in
            InventoryGroup(
                name: group.name, hosts: group.hosts.map { hosts[$0].name },
                children: group.children.map { groups[$0].name }, hostIndices: group.hosts,
                childIndices: group.children, layers: [group.layer] + files.layers(ofGroup: index))
        }
    }
}

/// Makes the chains of groups, one for each different set.
private struct ChainMaker {
    let groups: [InventoryBuilder.Group]
    let parents: [[Int]]
    let depths: [Int]
    let files: VariableFiles
    private var made: [[Int]: GroupChain] = [:]

    init(groups: [InventoryBuilder.Group], parents: [[Int]], depths: [Int], files: VariableFiles) {
        self.groups = groups
        self.parents = parents
        self.depths = depths
        self.files = files
    }

    mutating func chain(of direct: [Int]) -> GroupChain {
        let key = direct.count < 2 ? direct : direct.sorted()
        if let known = made[key] { return known }
        let ordered = inOrder(key)
        // Ansible's order: what inventories say of groups, then group_vars/all, then the other files of group_vars.
        var layers = [groups[InventoryBuilder.all].layer] + ordered.map { groups[$0].layer }
        layers += files.layers(ofGroup: InventoryBuilder.all)
        for folder in files.groups { layers += ordered.flatMap { folder[$0] ?? [] } }
        let names = ordered.map { groups[$0].name }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let chain = GroupChain(names: names, layers: layers)
        made[key] = chain
        return chain
    }

    /// The groups and all above them but `all`: parents before children, lower priority first, then by name.
    private func inOrder(_ direct: [Int]) -> [Int] {
        var known = Set(direct)
        var rest = direct
        while let group = rest.popLast() {
            for parent in parents[group] where known.insert(parent).inserted { rest.append(parent) }
        }
        known.remove(InventoryBuilder.all)
        return known.sorted { left, right in
            if depths[left] != depths[right] { return depths[left] < depths[right] }
            let (a, b) = (groups[left], groups[right])
            return a.priority != b.priority
                ? a.priority < b.priority : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
    }
}
