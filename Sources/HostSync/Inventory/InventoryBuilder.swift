package import Base
package import Settings

/// Takes in sources, one after the other, and makes an `Inventory` of them all. Later sources win, as with Ansible's
/// repeated `-i`.
///
/// ```swift
/// var builder = InventoryBuilder()
/// InventoryFile.read(path: "inventory", into: &builder)
/// let inventory = try builder.build().get()
/// ```
package struct InventoryBuilder {
    /// Bounds: far above what one controller reaches, and low enough that a wrong range is answered at once.
    static let mostHosts = 100_000
    static let mostGroups = 10_000
    static let mostChildren = 100_000
    /// Memberships by all ranges and lists together, so that a small file cannot ask for hours.
    static let mostMemberships = 1_000_000
    private static let tooManyMemberships = "more than \(mostMemberships) memberships of hosts in groups"
    static let deepest = 64
    static let mostVariableFiles = 100_000

    struct Host {
        let name: String
        var groups: [Int] = []
        var layer = VariableLayer()
    }

    struct Group {
        let name: String
        var hosts: [Int] = []
        var knownHosts = Set<Int>()
        var children: [Int] = []
        var childPlaces: [Int: InventoryPlace] = [:]
        var layer = VariableLayer()
        /// Ansible's `ansible_group_priority`: among groups of the same depth the higher wins.
        var priority = 1
        var isDeclared = false
        /// Where it was used, as long as it is not declared.
        var firstUse: InventoryPlace?
    }

    /// Opens the encrypted values in what a file says.
    package typealias Opener = (_ node: YAMLNode, _ file: String, _ complaints: inout [Complaint]) -> YAMLNode

    enum Owner {
        case host(Int)
        case group(Int)
    }

    static let all = 0
    static let ungrouped = 1

    /// Nil leaves encrypted values as they are. It is asked for Ansible's YAML files too.
    package var opener: Opener?
    var complaints = InventoryComplaints()
    var hosts: [Host] = []
    var groups: [Group] = []
    /// The folders whose `group_vars` and `host_vars` count, in the order of the sources.
    private(set) var variableFolders: [String] = []
    private var hostIndex: [String: Int] = [:]
    private var groupIndex: [String: Int] = [:]
    private var memberships = 0
    private var childCount = 0

    package init() {
        for name in ["all", "ungrouped"] {
            var group = Group(name: name)
            group.isDeclared = true
            groupIndex[name] = groups.count
            groups.append(group)
        }
        groups[InventoryBuilder.all].children = [InventoryBuilder.ungrouped]
        groups[InventoryBuilder.all].childPlaces = [InventoryBuilder.ungrouped: InventoryPlace("")]
    }

    /// Takes a complaint of the sources that the builder does not read itself.
    package mutating func add(_ complaint: Complaint) { complaints.add(complaint) }

    /// Makes `folder/group_vars` and `folder/host_vars` count; both may be missing.
    package mutating func addVariableFolder(_ folder: String) {
        if !variableFolders.contains(folder) { variableFolders.append(folder) }
    }

    // MARK: For readers

    func hostIndex(of name: String) -> Int? { hostIndex[name] }

    /// The group's number; nil after a complaint.
    ///
    /// - Parameter isDeclared: false for a mere mention, which must be followed by a declaration somewhere.
    mutating func group(_ name: String, at place: InventoryPlace, isDeclared: Bool = true) -> Int? {
        if let index = groupIndex[name] {
            if isDeclared { groups[index].isDeclared = true }
            return index
        }
        if let objection = InventoryText.objection(toName: name) {
            complaints.add(at: place, "found \(InventoryText.quoted(name)) as a group: \(objection)")
            return nil
        }
        guard groups.count < InventoryBuilder.mostGroups else {
            complaints.add(at: InventoryPlace(place.file), "more than \(InventoryBuilder.mostGroups) groups")
            return nil
        }
        groupIndex[name] = groups.count
        groups.append(Group(name: name, isDeclared: isDeclared, firstUse: place))
        return groups.count - 1
    }

    /// Adds the hosts that `pattern` names, a name with or without ranges and port, to a group. Complains of what is
    /// wrong and answers with the hosts that are right.
    mutating func addHosts(_ pattern: String, to group: Int, at place: InventoryPlace) -> [Int] {
        let declaration: HostDeclaration
        do {
            declaration = try HostDeclaration(parsing: pattern)
        } catch {
            complaints.add(at: place, error.message)
            return []
        }
        memberships += declaration.count
        guard memberships <= InventoryBuilder.mostMemberships else {
            complaints.add(at: InventoryPlace(place.file), InventoryBuilder.tooManyMemberships)
            return []
        }
        var added: [Int] = []
        added.reserveCapacity(declaration.count)
        for name in declaration.names() {
            guard let host = host(name, at: place) else { break }
            join(host, group)
            added.append(host)
            if let port = declaration.port {
                let below = place.below("ansible_port")
                hosts[host].layer.set("ansible_port", .integer(port), at: below, &complaints)
            }
        }
        return added
    }

    /// Adds a host that there is to a group.
    mutating func addMember(_ host: Int, to group: Int, at place: InventoryPlace) {
        memberships += 1
        guard memberships <= InventoryBuilder.mostMemberships else {
            return complaints.add(at: InventoryPlace(place.file), InventoryBuilder.tooManyMemberships)
        }
        join(host, group)
    }

    private mutating func join(_ host: Int, _ group: Int) {
        guard groups[group].knownHosts.insert(host).inserted else { return }
        groups[group].hosts.append(host)
        hosts[host].groups.append(group)
    }

    private mutating func host(_ name: String, at place: InventoryPlace) -> Int? {
        if let index = hostIndex[name] { return index }
        guard hosts.count < InventoryBuilder.mostHosts else {
            complaints.add(at: InventoryPlace(place.file), "more than \(InventoryBuilder.mostHosts) hosts")
            return nil
        }
        hostIndex[name] = hosts.count
        hosts.append(Host(name: name))
        return hosts.count - 1
    }

    mutating func addChild(_ child: Int, to parent: Int, at place: InventoryPlace) {
        guard groups[parent].childPlaces[child] == nil else { return }
        childCount += 1
        guard childCount <= InventoryBuilder.mostChildren else {
            complaints.add(
                at: InventoryPlace(place.file), "more than \(InventoryBuilder.mostChildren) children of groups")
            return
        }
        groups[parent].childPlaces[child] = place
        groups[parent].children.append(child)
    }

    mutating func set(
        _ name: String, _ value: Value, written: String? = nil, of owner: Owner, at place: InventoryPlace
    ) {
        switch owner {
        case .host(let index):
            hosts[index].layer.set(name, value, written: written, at: place, &complaints)
        case .group(let index) where name == "ansible_group_priority":
            guard let priority = Int(value.text) else {
                return complaints.add(at: place, "found \(value.kindName), wanted a whole number")
            }
            groups[index].priority = priority
        case .group(let index):
            groups[index].layer.set(name, value, written: written, at: place, &complaints)
        }
    }

    mutating func set(
        _ key: ConnectionKey, _ content: ConnectionEntry.Content, of owner: Owner, at place: InventoryPlace
    ) {
        switch owner {
        case .host(let index): hosts[index].layer.set(key, content, at: place)
        case .group(let index): groups[index].layer.set(key, content, at: place)
        }
    }
}

/// An inventory, or why there is none.
package struct InventoryResult: Sendable {
    /// Nil exactly when there is an error among the complaints.
    package let inventory: Inventory?
    /// File by file, warnings too.
    package let complaints: [Complaint]

    /// - Throws: `ApusError` `bad-settings` of kind `declaration` (exit code 65): one line a complaint.
    package func get() throws(ApusError) -> Inventory {
        guard let inventory else {
            throw ApusError(complaints: complaints.filter { $0.severity == .error })
        }
        return inventory
    }
}
