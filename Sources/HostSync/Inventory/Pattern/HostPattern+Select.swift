package import Base
import Glibc
import Settings

extension HostPattern {
    /// The hosts that are meant, in the order of the inventory.
    ///
    /// Cost: terms times hosts and groups, for globs and expressions; names are looked up.
    ///
    /// - Throws: `ApusError` `no-hosts` where a term that stands for hosts to be added names nothing.
    package func select(from inventory: Inventory) throws(ApusError) -> [InventoryHost] {
        var chosen = Set<Int>()
        for term in terms where term.role == .add { chosen.formUnion(try indices(term, inventory)) }
        for term in terms where term.role == .intersect { chosen.formIntersection(try indices(term, inventory)) }
        for term in terms where term.role == .exclude { chosen.subtract(try indices(term, inventory)) }
        return chosen.sorted().map { inventory.hosts[$0] }
    }

    /// In the order in which `[0]` counts.
    private func indices(_ term: Term, _ inventory: Inventory) throws(ApusError) -> [Int] {
        let found = try matches(term, inventory)
        guard let subset = term.subset else { return found }
        guard let range = HostPattern.range(subset, of: found.count) else {
            let hosts = found.count == 1 ? "1 host" : "\(found.count) hosts"
            throw HostPattern.nothing("no host matches \(InventoryText.quoted(term.text)): there are \(hosts)")
        }
        return Array(found[range])
    }

    private func matches(_ term: Term, _ inventory: Inventory) throws(ApusError) -> [Int] {
        switch term.matcher {
        case .all: return Array(inventory.hosts.indices)
        case .name(let name):
            if let group = inventory.index(ofGroup: name) { return inventory.indices(inGroup: group) }
            if let host = inventory.index(ofHost: name) { return [host] }
            let names = inventory.hosts.map(\.name) + inventory.groupNames
            let near = Suggestion.sentence(for: name, among: names)
            throw HostPattern.nothing("no host matches \(InventoryText.quoted(name))\(near)")
        case .glob(let glob): return try matches(term, inventory) { fnmatch(glob, $0, 0) == 0 }
        case .expression(let expression): return try matches(term, inventory, expression.matches)
        }
    }

    /// The hosts of every group that fits, then the hosts that fit themselves.
    private func matches(
        _ term: Term, _ inventory: Inventory, _ isMeant: (String) -> Bool
    ) throws(ApusError) -> [Int] {
        var found: [Int] = []
        var known = Set<Int>()
        for (index, group) in inventory.groups.enumerated() where isMeant(group.name) {
            for host in inventory.indices(inGroup: index) where known.insert(host).inserted { found.append(host) }
        }
        for (index, host) in inventory.hosts.enumerated() where isMeant(host.name) {
            if known.insert(index).inserted { found.append(index) }
        }
        if found.isEmpty, term.role == .add {
            throw HostPattern.nothing("no host matches \(InventoryText.quoted(term.text))")
        }
        return found
    }

    /// Nil where a single place does not exist; a range is cut to what there is.
    private static func range(_ subset: Subset, of count: Int) -> Range<Int>? {
        let first = subset.first < 0 ? count &+ subset.first : subset.first
        if subset.last == subset.first { return (0..<count).contains(first) ? first..<first + 1 : nil }
        let last = subset.last.map { $0 < 0 ? count &+ $0 : $0 } ?? count - 1
        let (low, high) = (max(0, first), min(count - 1, last))
        return low <= high ? low..<high + 1 : nil
    }

    private static func nothing(_ message: String) -> ApusError {
        ApusError(code: "no-hosts", message, kind: .usage)
    }
}
