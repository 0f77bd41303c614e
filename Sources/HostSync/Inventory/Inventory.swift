package import Settings
import Synchronization

/// The declared hosts with their groups, variables and ways to reach them: what an `InventoryBuilder` makes of one or
/// more sources.
///
/// What always holds: names are unique; hosts stand in the order in which the sources first name them; every host is
/// in `all`, and in `ungrouped` exactly when it is in no other group; groups form no cycle; every connection is
/// complete and valid; no password is among the variables.
package struct Inventory: Sendable {
    package let hosts: [InventoryHost]
    let groups: [InventoryGroup]
    private let hostIndex: [String: Int]
    private let groupIndex: [String: Int]

    init(hosts: [InventoryHost], groups: [InventoryGroup]) {
        self.hosts = hosts
        self.groups = groups
        hostIndex = Dictionary(hosts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        groupIndex = Dictionary(groups.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// `all` and `ungrouped` first, then as declared.
    package var groupNames: [String] { groups.map(\.name) }

    package func host(named name: String) -> InventoryHost? { hostIndex[name].map { hosts[$0] } }
    package func group(named name: String) -> InventoryGroup? { groupIndex[name].map { groups[$0] } }

    /// Every host of the group and of the groups below it, each once: the group's own first, then level by level. This
    /// is the order in which `web[0]` counts. Empty where there is no such group.
    package func hosts(inGroup name: String) -> [InventoryHost] {
        groupIndex[name].map { indices(inGroup: $0).map { hosts[$0] } } ?? []
    }

    func index(ofHost name: String) -> Int? { hostIndex[name] }
    func index(ofGroup name: String) -> Int? { groupIndex[name] }

    func indices(inGroup group: Int) -> [Int] {
        var found: [Int] = []
        var knownHosts = Set<Int>()
        var knownGroups: Set<Int> = [group]
        var level = [group]
        while !level.isEmpty {
            var next: [Int] = []
            for index in level {
                for host in groups[index].hostIndices where knownHosts.insert(host).inserted { found.append(host) }
                for child in groups[index].childIndices where knownGroups.insert(child).inserted { next.append(child) }
            }
            level = next
        }
        return found
    }
}

/// One host.
package struct InventoryHost: Sendable {
    package let name: String
    package let connection: HostConnection
    let chain: GroupChain
    /// The host's own variables, then those of its files in `host_vars`, later ones winning.
    let layers: [VariableLayer]

    /// The groups that it is in, their parents included, sorted and without `all`: Ansible's `group_names`.
    package var groups: [String] { chain.names }

    /// Its variables, merged at each call: those of its groups (parents before children), then its own.
    ///
    /// A variable replaces one of the same name whole; mappings are not merged into each other.
    package var variables: OrderedMap<Value> { chain.variables(followedBy: layers) }
}

/// One group.
package struct InventoryGroup: Sendable {
    package let name: String
    /// The hosts that are declared in the group itself.
    package let hosts: [String]
    /// The groups right below it.
    package let children: [String]
    let hostIndices: [Int]
    let childIndices: [Int]
    /// The group's own variables, then those of its files in `group_vars`, later ones winning.
    let layers: [VariableLayer]

    /// The group's own variables without its parents'.
    package var variables: OrderedMap<Value> {
        var merged = OrderedMap<Value>()
        for layer in layers { merged.merge(layer.variables) }
        return merged
    }
}

/// The groups of a host in the order in which their variables apply. Hosts of the same groups share one, so that a
/// group of 10,000 hosts is merged once.
final class GroupChain: Sendable {
    let names: [String]
    /// What the groups say of the connection, the winner for each key.
    let connection: ConnectionEntries
    private let layers: [VariableLayer]
    private let merged = Mutex<OrderedMap<Value>?>(nil)

    init(names: [String], layers: [VariableLayer]) {
        self.names = names
        self.layers = layers.filter { !$0.variables.isEmpty }
        var connection = ConnectionEntries()
        for layer in layers { connection.merge(layer.connection) { $1 } }
        self.connection = connection
    }

    private var variables: OrderedMap<Value> {
        merged.withLock { merged in
            if let merged { return merged }
            var variables = OrderedMap<Value>()
            for layer in layers { variables.merge(layer.variables) }
            merged = variables
            return variables
        }
    }

    func variables(followedBy layers: [VariableLayer]) -> OrderedMap<Value> {
        var variables = variables
        for layer in layers { variables.merge(layer.variables) }
        return variables
    }
}

extension OrderedMap<Value> {
    mutating func merge(_ other: OrderedMap<Value>) {
        if isEmpty {
            self = other
        } else {
            for pair in other { set(pair.key, pair.value) }
        }
    }
}
